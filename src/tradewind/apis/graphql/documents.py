"""Parses and validates each GraphQL document once: what came of it is kept under its text, in a bounded
number, also where it is refused.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    parse,
    specified_rules,
    validate,
    visit,
)
from graphql.validation import ASTValidationRule, NoFragmentCyclesRule, OverlappingFieldsCanBeMergedRule
from graphql.validation.rules.custom.no_schema_introspection import NoSchemaIntrospectionCustomRule

from ...core.model import Refused
from .limits import Cyclic, Limits, MergeableFields, exceeded

MOST, MOST_TEXT, LONGEST = 1_000, 128 * 1024, 8 * 1024
"""Documents that are kept, their texts together, and the longest that is kept: a tree takes a hundred times
its text.
"""
SHORT, MOST_WAITING = 1_024, 256
"""Characters of a document that is read at once, and how many long ones may wait for their turn."""
MOST_ERRORS = 20
PARSE_FAILED, VALIDATION_FAILED = "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"
TOO_DEEP = "The document is nested too deeply."
_OTHERS = [rule for rule in specified_rules if rule is not OverlappingFieldsCanBeMergedRule]
_LIMITED = (" tokens. Parsing aborted", "nested too deeply")  # what the parser says of a limit


class Wrong(NamedTuple):
    """Why a document is refused: errors as they are sent."""

    errors: tuple[dict[str, Any], ...]


class Document(NamedTuple):
    """`asks` are the fields that it names anywhere, as `Order.user`. `shapes`: see `shaping`."""

    node: DocumentNode
    operations: dict[str, OperationType]
    asks: frozenset[str]
    shapes: dict[int, Any]

    def operation(self, name: str | None) -> OperationType | None:
        """None: there is none of that name, or none was named where there are several."""
        if name is None:
            return next(iter(self.operations.values())) if len(self.operations) == 1 else None
        return self.operations.get(name)


class Documents:
    """`introspection` off: the schema is not shown, nor what may have been meant."""

    def __init__(self, schema: GraphQLSchema, limits: Limits, *, introspection: bool = True) -> None:
        self._schema, self._limits, self._shows = schema, limits, introspection
        self._rules: list[type[ASTValidationRule]] = [*_OTHERS, MergeableFields]
        if not introspection:
            self._rules.append(NoSchemaIntrospectionCustomRule)
        self._kept: OrderedDict[str, Document | Wrong] = OrderedDict()
        self._text = self._waiting = 0
        self._aside = ThreadPoolExecutor(1, "documents")

    def __len__(self) -> int:
        return len(self._kept)

    def read(self, text: str) -> Document | Wrong:
        found = self.known(text)
        if found is None:
            found = self._read(text)
            self._keep(text, found)
        return found

    def known(self, text: str) -> Document | Wrong | None:
        """What was read before, or is read at once, as it is short."""
        found = self._kept.get(text)
        if found is not None:
            self._kept.move_to_end(text)
        elif len(text) <= SHORT:
            found = self._read(text)
            self._keep(text, found)
        return found

    async def read_aside(self, text: str) -> Document | Wrong:
        """In a thread, one at a time, so that whoever sends a long document holds up only those who send long
        ones. Errors: Refused, where too many wait.
        """
        if self._waiting >= MOST_WAITING:
            raise Refused("overloaded", 503, retry_after=1)
        self._waiting += 1
        try:
            found = await asyncio.get_running_loop().run_in_executor(self._aside, self._read, text)
        finally:
            self._waiting -= 1
        self._keep(text, found)
        return found

    def close(self) -> None:
        self._aside.shutdown(wait=False, cancel_futures=True)

    def _keep(self, text: str, found: Document | Wrong) -> None:
        if len(text) <= LONGEST and text not in self._kept:
            self._kept[text] = found
            self._text += len(text)
            while len(self._kept) > MOST or self._text > MOST_TEXT:
                self._text -= len(self._kept.popitem(last=False)[0])

    def _read(self, text: str) -> Document | Wrong:
        try:
            node = parse(text, max_tokens=self._limits.tokens)
            over = exceeded(node, self._limits)
            if over:
                return _wrong([GraphQLError(over)], VALIDATION_FAILED)
            errors = validate(
                self._schema, node, self._rules, max_errors=MOST_ERRORS, hide_suggestions=not self._shows
            )
        except GraphQLSyntaxError as error:
            limited = any([words in error.message for words in _LIMITED])
            return _wrong([error], VALIDATION_FAILED if limited else PARSE_FAILED)
        except Cyclic:
            errors = validate(self._schema, node, [NoFragmentCyclesRule], max_errors=MOST_ERRORS)
        except RecursionError:
            errors = [GraphQLError(TOO_DEEP)]
        if errors:
            return _wrong(errors, VALIDATION_FAILED)
        operations = {
            one.name.value if one.name is not None else "": one.operation
            for one in node.definitions
            if isinstance(one, OperationDefinitionNode)
        }
        return Document(node, operations, _asked(self._schema, node), {})


def _wrong(errors: Iterable[GraphQLError], code: str) -> Wrong:
    return Wrong(tuple([shown(error, code) for error in errors]))


def shown(error: GraphQLError, code: str, message: str = "") -> dict[str, Any]:
    """As it is sent."""
    found: dict[str, Any] = {"message": message or error.message}
    if error.locations:
        found["locations"] = [{"line": at.line, "column": at.column} for at in error.locations]
    if error.path is not None:
        found["path"] = error.path
    found["extensions"] = {"code": code}
    return found


class _Asked(Visitor):
    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self._types, self.found = types, set[str]()

    def enter_field(self, node: Any, *_: object) -> None:
        parent = self._types.get_parent_type()
        if isinstance(parent, GraphQLObjectType):
            self.found.add(f"{parent.name}.{node.name.value}")


def _asked(schema: GraphQLSchema, node: DocumentNode) -> frozenset[str]:
    types = TypeInfo(schema)
    visitor = _Asked(types)
    visit(node, TypeInfoVisitor(types, visitor))
    return frozenset(visitor.found)
