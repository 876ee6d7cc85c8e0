"""Makes the table of routes from the declarations: what handles an operation, and how its response is
finished.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...contracts.operation import Operation
from ...contracts.users import Nothing
from ..kernel.preconditions import IF_MATCH, IF_NONE_MATCH
from ..kernel.principals import RULES
from .binding import binder
from .call import Finishes, Handles, OperationRoute, finish_nothing, finish_view
from .serving import V1Serving

Entry = tuple[str, str, OperationRoute]


def operation_routes(
    operations: Sequence[Operation], serving: V1Serving, handles: Handles, finishes: Finishes
) -> Iterator[Entry]:
    """Errors: KeyError for an operation without an access rule."""
    for operation in operations:
        handle = serving.query if operation.reads else serving.request
        if operation.versioned and operation.reads:
            handle = serving.versioned_query
        finish = finish_nothing if operation.gives is Nothing else finish_view
        yield (
            operation.method,
            operation.path,
            OperationRoute(
                operation.name,
                operation.path,
                handles.get(operation.asks, handle),
                RULES[operation.who],
                bind=binder(operation),
                finish=finishes.get(operation.asks, finish),
                status=operation.status,
                location=_location(operation, operations),
                versioned=operation.versioned,
                conditions=_conditions(operation),
            ),
        )


def _conditions(operation: Operation) -> frozenset[bytes]:
    """A read is conditional both ways; a change by `If-Match`, which becomes a field of its message."""
    if operation.versioned and operation.reads:
        return frozenset((IF_MATCH, IF_NONE_MATCH))
    return frozenset((IF_MATCH,)) if "seen" in operation.hides else frozenset()


def _location(operation: Operation, operations: Sequence[Operation]) -> bytes:
    """Where a thing that was made can be read: the path that gives the same view for an id."""
    if operation.status != 201:
        return b""
    for other in operations:
        before, brace, after = other.path.partition("{")
        if (
            other.method == "GET"
            and other.gives is operation.gives
            and brace
            and after.endswith("}")
            and "/" not in after
        ):
            return before.encode()
    return b""
