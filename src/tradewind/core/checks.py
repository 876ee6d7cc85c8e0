"""What a service checks of its own rows, so that an audit can ask it without knowing its tables.

A check reads one snapshot of the store. It holds at every moment, whatever is on its way.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import msgspec

if TYPE_CHECKING:
    import sqlalchemy as sa

    from .model import Table

PAGE = 2_000
"""Rows that are read at once."""
LAST_KEY = "\U0010ffff"
"""After every key: they are compared byte by byte."""
KEPT_MS = 30 * 86_400_000
"""An idempotency key may be used again after that time."""


class Rows(Protocol):
    """A source of rows: a snapshot, a transaction, or a store that does not change meanwhile."""

    async def rows(
        self, statement: sa.Select[Any], values: Mapping[str, Any] | None = None
    ) -> list[tuple[Any, ...]]: ...


class Broken(msgspec.Struct, frozen=True):
    """What is not as it must be: the id of what it is about, and why."""

    id: str
    why: str


class Checked(msgspec.Struct):
    """What came of an invariant. `promise` is its line in the report, which several may share; `count`: of
    how many; `of` is what is counted there; `note`: what else a reader may want to know.
    """

    promise: str
    broken: list[Broken]
    count: int = 0
    of: str = ""
    note: str = ""


Invariant: TypeAlias = Callable[["Rows", Any], Awaitable[Sequence[Checked]]]
"""Gets the policies of the blueprint too."""


class Checks(msgspec.Struct, frozen=True, kw_only=True):
    """All that a service has checked. `replies` are the tables of what the replies of its requests name."""

    invariants: tuple[Invariant, ...] = ()
    replies: tuple[Table[Any], ...] = ()


async def paged(source: Rows, statement: sa.Select[Any]) -> AsyncIterator[tuple[Any, ...]]:
    """All rows of a statement with the parameters `after` and `n` that reads in the order of its first
    column.
    """
    after = ""
    while True:
        rows = await source.rows(statement, {"after": after, "n": PAGE})
        for row in rows:
            yield row
        if len(rows) < PAGE:
            return
        after = rows[-1][0]


async def made_twice(source: Rows, what: str, shared: sa.Select[Any], under: sa.Select[Any]) -> list[Broken]:
    """What was made a second time under a key that still stood for the first. The statements are those of
    `schema.shared_keys`.
    """
    found = []
    for (key,) in await source.rows(shared):
        rows = await source.rows(under, {"key": key})
        found += [
            Broken(second, f"a second {what} under the key {key!r}, after {first}")
            for (first, before), (second, at) in pairwise(rows)
            if at - before < KEPT_MS
        ]
    return found
