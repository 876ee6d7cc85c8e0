"""Asks of documents what a service asks of rows: a select over one table as a filter, an order and a bound.

A statement is read once. What has no counterpart is refused when it is read, not answered wrongly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import (
    BinaryExpression,
    BindParameter,
    BooleanClauseList,
    ClauseList,
    False_,
    Grouping,
    True_,
    Tuple,
    UnaryExpression,
)
from sqlalchemy.sql.selectable import Exists

from ...core.store import RowRefused

Values = Mapping[str, Any]
Condition = dict[str, Any]
Build = Callable[[Values], Condition]
"""A filter, once the values of a statement's parameters are known."""

COMPARED = {
    operators.eq: "$eq",
    operators.ne: "$ne",
    operators.lt: "$lt",
    operators.le: "$lte",
    operators.gt: "$gt",
    operators.ge: "$gte",
    operators.is_: "$eq",
    operators.is_not: "$ne",
}
TURNED = {"$lt": "$gt", "$lte": "$gte", "$gt": "$lt", "$gte": "$lte"}
NOTHING: Condition = {"$nor": [{}]}


class Names(NamedTuple):
    """How the columns of a table are found in its documents: the field of each, and its value there."""

    field: Callable[[str], str]
    value: Callable[[str, Any], Any]


class Unsupported(TypeError):
    """A statement that has no counterpart."""


class Query(NamedTuple):
    """`columns` are what is asked, `functions` the aggregate of each, empty for a plain one. `absent` are
    filters by which nothing may be found: they get the columns of the document by their names.
    """

    table: sa.Table
    columns: tuple[str, ...]
    functions: tuple[str, ...]
    where: Build
    absent: tuple[Build, ...]
    order: tuple[tuple[str, int], ...]
    limit: Callable[[Values], int]
    skip: Callable[[Values], int]
    distinct: bool


def table_of(statement: Any) -> sa.Table | None:
    """The one table that it reads; None where it reads something else."""
    froms = statement.get_final_froms()
    return froms[0] if len(froms) == 1 and isinstance(froms[0], sa.Table) else None


def empty(statement: Any) -> list[tuple[Any, ...]]:
    """What a statement finds in a table without rows."""
    functions = [_aggregate(column)[0] for column in statement.selected_columns]
    return [tuple(_of_none(function) for function in functions)] if all(functions) else []


def _of_none(function: str) -> int | None:
    return None if function in ("min", "max") else 0


def read(statement: Any, names: Names) -> Query:
    """Errors: Unsupported."""
    table = table_of(statement)
    if table is None:
        raise Unsupported(f"a statement over several tables: {statement}")
    asked = [_aggregate(column) for column in statement.selected_columns]
    conditions = _Reading(table, names)
    where = conditions.all_of(statement)
    return Query(
        table,
        tuple([name for _, name in asked]),
        tuple([function for function, _ in asked]),
        where,
        tuple(conditions.absent),
        tuple([_order(one, names) for one in statement._order_by_clauses]),
        _number(statement._limit_clause),
        _number(statement._offset_clause),
        bool(statement._distinct),
    )


def _aggregate(column: Any) -> tuple[str, str]:
    """The function and the column: ("max", "seq")."""
    if isinstance(column, sa.Column):
        return "", column.name
    element = getattr(column, "element", column)
    if isinstance(element, sa.Column):
        return "", element.name
    name = getattr(element, "name", "")
    inner = list(getattr(element, "clauses", ()))
    if name == "count":
        return "count", ""
    if name in ("min", "max") and len(inner) == 1 and isinstance(inner[0], sa.Column):
        return name, inner[0].name
    if name == "coalesce":
        function, of = _aggregate(inner[0])
        return f"{function} or 0", of
    raise Unsupported(f"{column} has no counterpart")


def _order(clause: Any, names: Names) -> tuple[str, int]:
    down = isinstance(clause, UnaryExpression) and clause.modifier is operators.desc_op
    element = clause.element if isinstance(clause, UnaryExpression) else clause
    if not isinstance(element, sa.Column):
        raise Unsupported(f"an order by {clause} has no counterpart")
    return names.field(element.name), -1 if down else 1


def _number(clause: Any) -> Callable[[Values], int]:
    if clause is None:
        return lambda _: 0
    return lambda values: int(_given(clause, values))


def _given(clause: Any, values: Values) -> Any:
    """The value of a parameter: what is given, else what the statement says itself."""
    clause = clause.element if isinstance(clause, Grouping) else clause
    if isinstance(clause, BindParameter):
        return values.get(clause.key, clause.effective_value)
    if isinstance(clause, True_ | False_):
        return isinstance(clause, True_)
    if isinstance(clause, sa.sql.elements.Null):
        return None
    raise Unsupported(f"{clause} is no value")


class _Reading:
    """The condition of one statement. `outer` is the table around it, where it is a condition itself."""

    def __init__(self, table: Any, names: Names, outer: Any = None) -> None:
        self._table, self._names, self._outer = table, names, outer
        self.absent: list[Build] = []

    def all_of(self, statement: Any) -> Build:
        return self._every([self.build(one) for one in statement._where_criteria])

    @staticmethod
    def _every(parts: list[Build], word: str = "$and") -> Build:
        if not parts:
            return lambda _: {}
        return parts[0] if len(parts) == 1 else lambda values: {word: [part(values) for part in parts]}

    def build(self, clause: Any) -> Build:
        if isinstance(clause, Grouping):
            return self.build(clause.element)
        if isinstance(clause, True_):
            return lambda _: {}
        if isinstance(clause, False_):
            return lambda _: NOTHING
        if isinstance(clause, BooleanClauseList):
            word = "$or" if clause.operator is operators.or_ else "$and"
            return self._every([self._part(one, word) for one in clause.clauses], word)
        if isinstance(clause, UnaryExpression) and clause.operator is operators.inv:
            inner = clause.element.element if isinstance(clause.element, Grouping) else clause.element
            if isinstance(inner, Exists):
                self._none_of(inner)
                return lambda _: {}
        if isinstance(clause, BinaryExpression):
            return self._comparison(clause)
        raise Unsupported(f"{clause} has no counterpart")

    def _part(self, clause: Any, word: str) -> Build:
        before = len(self.absent)
        found = self.build(clause)
        if word == "$or" and len(self.absent) > before:
            raise Unsupported(f"{clause} as one of several has no counterpart")
        return found

    def _none_of(self, exists: Exists) -> None:
        """Nothing of a second look at the same table: it is asked for each document that is found."""
        inner: Any = exists.element
        inner = inner.element if isinstance(inner, Grouping) else inner
        self.absent.append(_Reading(_alias(inner, self._table), self._names, self._table).all_of(inner))

    def _comparison(self, clause: Any) -> Build:
        left: Any = _bare(clause.left)
        right: Any = _bare(clause.right)
        operator = clause.operator
        if isinstance(left, Tuple) and isinstance(right, Tuple):
            return self._below(list(left.clauses), list(right.clauses), operator)
        if operator is operators.in_op and self._own(left):
            return self._among(left.name, right)
        word = COMPARED.get(operator)
        if word is None:
            raise Unsupported(f"{clause} has no counterpart")
        if not self._own(left):
            left, right, word = right, left, TURNED.get(word, word)
        if not self._own(left):
            raise Unsupported(f"{clause} has no counterpart")
        return self._compared(left.name, word, right)

    def _own(self, clause: Any) -> bool:
        return isinstance(clause, sa.Column) and clause.table is self._table

    def _compared(self, column: str, word: str, other: Any) -> Build:
        field, value = self._names.field(column), self._value(other)
        convert = self._names.value

        def build(values: Values) -> Condition:
            try:
                return {field: {word: convert(column, value(values))}}
            except RowRefused:  # no document can have that
                return NOTHING

        return build

    def _value(self, clause: Any) -> Callable[[Values], Any]:
        if isinstance(clause, sa.Column) and self._outer is not None and clause.table is self._outer:
            return lambda values: values[clause.name]
        return lambda values: _given(clause, values)

    def _among(self, column: str, right: Any) -> Build:
        field, convert = self._names.field(column), self._names.value

        def build(values: Values) -> Condition:
            listed = isinstance(right, ClauseList)
            given = [_given(one, values) for one in right.clauses] if listed else _given(right, values)
            found = []
            for one in dict.fromkeys(given):
                with suppress(RowRefused):  # no document can have that
                    found.append(convert(column, one))
            return {field: {"$in": found}}

        return build

    def _below(self, columns: list[Any], others: list[Any], operator: Any) -> Build:
        """(a, b) < (x, y): a < x, or a = x and b < y."""
        word = COMPARED.get(operator)
        if word not in ("$lt", "$gt") or not all(map(self._own, columns)):
            raise Unsupported(f"a comparison of {len(columns)} columns by {operator} has no counterpart")
        ways = [
            self._every(
                [
                    *[self._compared(columns[before].name, "$eq", others[before]) for before in range(at)],
                    self._compared(columns[at].name, word, others[at]),
                ]
            )
            for at in range(len(columns))
        ]
        return self._every(ways, "$or")


def _bare(clause: Any) -> Any:
    return clause.element if isinstance(clause, Grouping) else clause


def _alias(inner: Any, outer: Any) -> Any:
    """What an inner select reads: not the table around it."""
    found: set[Any] = set()
    for clause in inner._where_criteria:
        found |= {column.table for column in _columns(clause)}
    found.discard(outer)
    if len(found) != 1:
        raise Unsupported(f"a condition over {len(found)} tables has no counterpart")
    return found.pop()


def _columns(clause: Any) -> Iterable[Any]:
    if isinstance(clause, sa.Column):
        yield clause
        return
    for child in clause.get_children():
        yield from _columns(child)
