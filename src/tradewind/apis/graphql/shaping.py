"""Writes an object of the answer in one step where a document names plain fields below it, as most do: the
library completes each field of each object by itself, which is most of the time of a nested query.

Whatever is not plain (a directive, a fragment, a field that is named twice), and whatever fails, is left to
the library, which says what it means.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from operator import attrgetter
from typing import Any

from graphql import (
    FieldNode,
    GraphQLList,
    GraphQLObjectType,
    SelectionSetNode,
    get_named_type,
    get_nullable_type,
)
from graphql.execution.executor_throwing_on_incremental import ExecutorThrowingOnIncremental

from .reading import Reading
from .schema import attribute_of, order_notifications, order_user

Shape = Callable[[Any, Reading], Any]
_READ: dict[Any, Shape] = {
    order_user: lambda order, reading: reading.user_of(order),
    order_notifications: lambda order, reading: reading.told_of(order),
}


class ShapingExecutor(ExecutorThrowingOnIncremental):
    def complete_object_value(
        self,
        return_type: GraphQLObjectType,
        field_details_list: Any,
        info: Any,
        path: Any,
        result: Any,
        position_context: Any,
    ) -> Any:
        reading: Reading = info.context
        node = field_details_list[0].node
        shapes = reading.shapes
        if id(node) not in shapes:
            shapes[id(node)] = shape_of(return_type, node.selection_set)
        shape = shapes[id(node)] if len(field_details_list) == 1 else None
        if shape is not None:
            # the library finds the field that fails, and says its error
            with contextlib.suppress(Exception):
                return shape(result, reading)
        return super().complete_object_value(
            return_type, field_details_list, info, path, result, position_context
        )


def shape_of(kind: GraphQLObjectType, selections: SelectionSetNode | None) -> Shape | None:
    """None: it is not plain."""
    found: dict[str, Shape] = {}
    for one in selections.selections if selections is not None else ():
        if not isinstance(one, FieldNode) or one.directives:
            return None
        key = (one.alias or one.name).value
        shape = _field(kind, one)
        if shape is None or key in found:
            return None
        found[key] = shape
    fields = tuple(found.items())
    return lambda source, reading: {key: shape(source, reading) for key, shape in fields}


def _field(kind: GraphQLObjectType, node: FieldNode) -> Shape | None:
    name = node.name.value
    if name == "__typename":
        return lambda source, reading: kind.name
    field = kind.fields.get(name)
    if field is None or field.args:
        return None
    read = _READ.get(field.resolve)
    if read is None:
        get = attrgetter(attribute_of(name))
        read = lambda source, reading: get(source)  # noqa: E731
    inner = get_named_type(field.type)
    if not isinstance(inner, GraphQLObjectType):
        return read
    below = shape_of(inner, node.selection_set)
    if below is None:
        return None
    if isinstance(get_nullable_type(field.type), GraphQLList):
        return lambda source, reading: [below(one, reading) for one in read(source, reading)]
    return lambda source, reading: below(read(source, reading), reading)
