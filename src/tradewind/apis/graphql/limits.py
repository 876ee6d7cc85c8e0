"""Bounds a GraphQL document before anything of it is executed or compared: its depth, its aliases and the
fields at its root, fragments written out.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    print_ast,
)
from graphql.validation import ASTValidationRule

MOST_COMPARED = 20_000
"""Fields that are compared for one document."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Of one document. Introspection has a depth of its own."""

    depth: int = 8
    aliases: int = 30
    tokens: int = 2_000
    root_fields: int = 20
    introspection_depth: int = 20


class Size(msgspec.Struct, frozen=True):
    """Of a selection. `root` are the fields of its first level."""

    depth: int = 0
    aliases: int = 0
    root: int = 0
    introspection: int = 0


class Cyclic(Exception):
    """A fragment spreads itself, so the document has no size."""


def exceeded(document: DocumentNode, limits: Limits) -> str:
    """Which limit an operation is over; empty where none. Errors: Cyclic; RecursionError."""
    measure = _Measure(document)
    for definition in document.definitions:
        if not isinstance(definition, OperationDefinitionNode):
            continue
        size = measure.of(definition.selection_set)
        for what, found, most in (
            ("levels deep", size.depth, limits.depth),
            ("aliases", size.aliases, limits.aliases),
            ("fields at its root", size.root, limits.root_fields),
            ("levels of introspection", size.introspection, limits.introspection_depth),
        ):
            if found > most:
                return f"The operation has {found} {what}, and {most} are allowed."
    return ""


class _Measure:
    def __init__(self, document: DocumentNode) -> None:
        self._fragments = _fragments(document)
        self._known: dict[str, Size | None] = {}

    def of(self, selections: SelectionSetNode | None) -> Size:
        depth = aliases = root = introspection = 0
        for one in selections.selections if selections is not None else ():
            if isinstance(one, FieldNode):
                below = self.of(one.selection_set)
                meta = one.name.value.startswith("__")
                root += 1
                aliases += below.aliases + (one.alias is not None and one.alias.value != one.name.value)
                depth = max(depth, 0 if meta else below.depth + 1)
                introspection = max(
                    introspection, 1 + max(below.depth, below.introspection) if meta else below.introspection
                )
                continue
            size = self._spread(one.name.value) if isinstance(one, FragmentSpreadNode) else None
            if isinstance(one, InlineFragmentNode):
                size = self.of(one.selection_set)
            if size is not None:
                depth, introspection = max(depth, size.depth), max(introspection, size.introspection)
                aliases, root = aliases + size.aliases, root + size.root
        return Size(depth, aliases, root, introspection)

    def _spread(self, name: str) -> Size:
        if name in self._known:
            size = self._known[name]
            if size is None:
                raise Cyclic(name)
            return size
        fragment = self._fragments.get(name)
        if fragment is None:
            return Size()
        self._known[name] = None
        size = self._known[name] = self.of(fragment.selection_set)
        return size


class MergeableFields(ASTValidationRule):
    """Fields of one response name ask for the same. In place of the library's rule, which compares each
    pair of them and so takes seconds for a document of 2,000 tokens; it is enough where all types are
    objects.
    """

    def enter_document(self, node: DocumentNode, *_: object) -> None:
        self._fragments = _fragments(node)
        self._seen: set[tuple[int, ...]] = set()
        self._compared = 0
        for definition in node.definitions:
            if isinstance(definition, (OperationDefinitionNode, FragmentDefinitionNode)):
                self._merge((definition.selection_set,))

    def _merge(self, sets: tuple[SelectionSetNode, ...]) -> None:
        key = tuple([id(one) for one in sets])
        if key in self._seen:
            return
        self._seen.add(key)
        groups: dict[str, list[FieldNode]] = {}
        for field in self._fields(sets, set()):
            self._compared += 1
            groups.setdefault((field.alias or field.name).value, []).append(field)
        if self._compared > MOST_COMPARED:
            self.report_error(GraphQLError("The document has too many fields to compare."))
            return
        for name, fields in groups.items():
            if len(fields) > 1 and len({_asks(field) for field in fields}) > 1:
                says = f"Fields '{name}' conflict: they ask for different things. Use different aliases."
                self.report_error(GraphQLError(says, fields[:2]))
                continue
            below = tuple([one.selection_set for one in fields if one.selection_set is not None])
            if below:
                self._merge(below)

    def _fields(self, sets: tuple[SelectionSetNode, ...], spread: set[str]) -> Iterator[FieldNode]:
        for selections in sets:
            for one in selections.selections:
                if isinstance(one, FieldNode):
                    yield one
                elif isinstance(one, InlineFragmentNode):
                    yield from self._fields((one.selection_set,), spread)
                elif isinstance(one, FragmentSpreadNode) and one.name.value not in spread:
                    spread.add(one.name.value)
                    fragment = self._fragments.get(one.name.value)
                    if fragment is not None:
                        yield from self._fields((fragment.selection_set,), spread)


def _asks(field: FieldNode) -> tuple[str, ...]:
    return (field.name.value, *sorted([print_ast(argument) for argument in field.arguments or ()]))


def _fragments(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    return {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
