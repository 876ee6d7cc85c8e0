"""The port of a store, so that no service knows which database it runs on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from .model import Ag, Table

if TYPE_CHECKING:  # a process without a store uses these errors too, and need not import it
    import sqlalchemy as sa

Statement: TypeAlias = "sa.Select[*tuple[Any, ...]]"


class StoreUnavailable(Exception):
    """The store cannot take this now (locked, full, gone): nothing was written; the batch is tried again."""


class Raced(StoreUnavailable):
    """Another process wrote first what this transaction would have written: it is undone; read again, and
    decide anew.
    """


class RowRefused(Exception):
    """The store will never take this row (a constraint, a type, a NUL): the message behind it is at fault."""


class StoreUnusable(Exception):
    """The store cannot be opened at all; the text says why and what to do."""


class Reader(Protocol):
    """Committed rows, outside any transaction of ours."""

    async def rows(
        self, statement: Statement, values: Mapping[str, Any] | None = None
    ) -> list[tuple[Any, ...]]:
        """Runs a module-level statement; compiled once per dialect."""
        ...

    async def get(self, table: Table[Ag], key: str) -> Ag | None: ...

    async def find(
        self, table: Table[Ag], statement: Statement, values: Mapping[str, Any] | None = None
    ) -> list[Ag]:
        """The aggregates that `statement`, a select of all columns of the table, finds."""
        ...


class Transaction(Protocol):
    """One unit of work. After `commit` or `rollback` it is finished; after an error of any statement it can
    only be rolled back.

    Where a list is set as `statements`, each statement is recorded there, without its values, with its start
    and end (`perf_counter`).
    """

    statements: list[tuple[str, float, float]] | None

    async def load(self, table: Table[Ag], keys: Sequence[str]) -> list[Ag]:
        """The rows under these keys, locked in key order: two batches can never wait for each other."""
        ...

    async def rows(
        self, statement: Statement, values: Mapping[str, Any] | None = None
    ) -> list[tuple[Any, ...]]: ...

    async def insert(self, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None: ...

    async def update(self, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
        """Whole rows, all columns in table order, found by primary key."""
        ...

    async def upsert(self, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None: ...

    async def delete(self, table: sa.Table, ids: Iterable[str]) -> None:
        """By primary key, which is one column."""
        ...

    async def trim(self, table: sa.Table, column: str, below: int, limit: int) -> int:
        """Deletes up to `limit` rows whose `column` is under `below`; how many went."""
        ...

    async def commit(self) -> None:
        """Errors: StoreUnavailable; then it is unknown whether it was committed, so a second try is safe only
        because of the claims.
        """
        ...

    async def rollback(self) -> None: ...


class Store(Reader, Protocol):
    """A database that belongs to this process alone (`exclusive`) or is shared with others."""

    exclusive: bool
    kind: str

    async def open(self) -> None:
        """Errors: StoreUnusable, also when another process has it to itself. Makes and changes no table."""
        ...

    async def close(self) -> None: ...

    async def erase_traces(self) -> bool:
        """Removes what was overwritten from what the database keeps beside its tables, as far as that is
        ours. False: not now. Not while a transaction is open.
        """
        return True

    async def reserve(self, counters: sa.Table, name: str, count: int) -> int:
        """The first of `count` numbers that nobody else gets. The counter, a row of a table with a name and a
        position, is moved in a commit of its own, outside any transaction: what is not used is a gap. Errors:
        StoreUnavailable.
        """
        ...

    async def begin(self) -> Transaction:
        """One at a time. Errors: StoreUnavailable; then others may have written meanwhile: forget what you
        remember of the store.
        """
        ...
