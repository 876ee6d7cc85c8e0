"""Makes the table of routes from the declarations: what serves an operation, and how its response is
finished.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from ...contracts.operation import Operation
from ...contracts.users import Nothing
from ...core.gateway import Reply
from ...core.http import Request, Response
from .access import RULES
from .binding import binder
from .call import Call, Route, finish_nothing, finish_view
from .serving import Serving

Serve = Callable[[Call], None]
Finish = Callable[[Call, Reply], None]
Special = tuple[Serve | None, Finish | None]


def route(
    operation: Operation, operations: Sequence[Operation], serving: Serving, special: Mapping[str, Special]
) -> Route:
    """The usual way, except where `special` names another. Errors: KeyError for an operation without an
    access rule.
    """
    serve, finish = special.get(operation.name, (None, None))
    return Route(
        operation.name,
        operation.path,
        RULES[operation.who],
        serve or (serving.query if operation.reads else serving.request),
        bind=binder(operation),
        finish=finish or (finish_nothing if operation.gives is Nothing else finish_view),
        status=operation.status,
        location=_location(operation, operations),
    )


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


def plain(name: str, path: str, serve: Serve, status: int = 200) -> Route:
    """A public route, without a rate limit."""
    return Route(
        name, path, None, serve, finish=finish_nothing if status == 204 else finish_view, status=status
    )


def pages_routes(pages: Mapping[str, Callable[[Request], Response]]) -> Iterator[tuple[str, str, Route]]:
    for path, page in pages.items():
        yield "GET", path, plain(f"page {path}", path, _page(page))


def _page(page: Callable[[Request], Response]) -> Serve:
    return lambda call: call.send(page(call.request), headers=())
