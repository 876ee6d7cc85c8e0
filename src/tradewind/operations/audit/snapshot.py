"""Reads a whole store in one snapshot, whether or not a platform works on it, and without a lock that would
block it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import visitors

from ...core.readers import documents
from ...core.store import StoreUnusable
from ...drivers import explain
from ...drivers.sql import PostgresSql, SqliteSql
from ...drivers.sqlite import store as sqlite
from ...runtime.databases import NONE
from ...runtime.stores import FILE, kind_of

PATIENCE_S = 600  # an audit reads everything
LOCKED = """SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1
AND (classid::bigint << 32 | objid::bigint) = $1 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
FIRST = "SELECT count(*) FROM sqlite_master"


class Snapshot:
    """A snapshot of a store. `worked_on`: its database says that a platform has it open."""

    worked_on = False

    async def rows(
        self, statement: sa.Select[Any], values: Mapping[str, Any] | None = None
    ) -> list[tuple[Any, ...]]:
        raise NotImplementedError


@asynccontextmanager
async def snapshots(
    places: Mapping[str, Sequence[str]],
    data: Path,
    schemas: Mapping[str, str] = NONE,
    apis: Iterable[str] = (),
) -> AsyncIterator[Snapshot]:
    """Of the services at each URL, as these APIs have their documents. The orders' is the last: what the
    others hold of an order was caused by rows that are older than it.
    """
    if len(places) == 1:
        ((url, services),) = places.items()
        async with _at(url, services, data, schemas, apis) as found:
            yield found
        return
    async with AsyncExitStack() as kept:
        made: dict[str, Snapshot] = {}
        for url, services in sorted(places.items(), key=lambda place: "orders" in place[1]):
            one = await kept.enter_async_context(_at(url, services, data, schemas, apis))
            made |= dict.fromkeys(services, one)
        yield Snapshots(made)


def _at(
    url: str, services: Sequence[str], data: Path, schemas: Mapping[str, str], apis: Iterable[str]
) -> AbstractAsyncContextManager[Any]:
    if documents(url):
        from .documents import looked

        return looked(url, services, apis)
    return snapshot(url, data, schemas)


@asynccontextmanager
async def snapshot(url: str, data: Path, schemas: Mapping[str, str] = NONE) -> AsyncIterator[Snapshot]:
    """`schemas`: of the services whose schema has another name. Errors: StoreUnusable, here and in `rows`."""
    kind = kind_of(url)
    if kind == "sqlite":
        kept = _file(data / FILE)
    else:
        kept = (_postgres if kind == "postgres" else _mysql)(url, schemas)
    async with kept as found:
        yield found


class Snapshots(Snapshot):
    """Of several databases; a statement is about the services of one."""

    def __init__(self, of: Mapping[str, Snapshot]) -> None:
        """`of`: by service."""
        self._of, self.worked_on = of, any([one.worked_on for one in of.values()])

    async def rows(
        self, statement: sa.Select[Any], values: Mapping[str, Any] | None = None
    ) -> list[tuple[Any, ...]]:
        found = {self._of.get(str(table.schema)) for table in tables(statement)}
        (one,) = found - {None} or {None}
        return [] if one is None else await one.rows(statement, values)


def tables(statement: sa.Select[Any]) -> Iterator[sa.Table]:
    """That a statement reads."""
    return (one for one in visitors.iterate(statement) if isinstance(one, sa.Table))


class _File(Snapshot):
    def __init__(self, path: Path) -> None:
        self._path, self._sql = path, SqliteSql()
        self.connection = sqlite.connect(str(path), reader=True)

    async def rows(
        self, statement: sa.Select[Any], values: Mapping[str, Any] | None = None
    ) -> list[tuple[Any, ...]]:
        text, arguments = self._sql.compiled(statement, values)
        return self.ask(text, arguments)

    def ask(self, text: str, arguments: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        try:
            return self.connection.execute(text, arguments).fetchall()
        except sqlite.TROUBLE as error:
            raise StoreUnusable(f"{self._path}: {explain.sqlite(error)}") from error


@asynccontextmanager
async def _file(path: Path) -> AsyncIterator[Snapshot]:
    made = _File(path)
    try:
        made.ask("BEGIN")
        made.ask(FIRST)  # the first read, and not BEGIN, makes the snapshot
        yield made
    finally:
        made.connection.close()


@asynccontextmanager
async def _postgres(url: str, schemas: Mapping[str, str]) -> AsyncIterator[Snapshot]:
    from ...drivers.postgres import sessions  # its driver is an extra

    class _Server(Snapshot):
        async def rows(
            self, statement: sa.Select[Any], values: Mapping[str, Any] | None = None
        ) -> list[tuple[Any, ...]]:
            text, arguments = sql.compiled(statement, values)
            return await self.ask(text, *arguments)

        async def ask(self, text: str, *arguments: Any) -> list[tuple[Any, ...]]:
            try:
                return [tuple(row) for row in await connection.fetch(text, *arguments)]
            except sessions.TROUBLE as error:
                raise StoreUnusable(f"{sessions.where(url)}: {explain.postgres(error)}") from error

    sql, connection = PostgresSql(schemas), await sessions.connect(url, patience=PATIENCE_S, reader=True)
    try:
        made = _Server()
        await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        made.worked_on = bool(await made.ask(LOCKED, sessions.OURS))
        yield made
    finally:
        connection.terminate()


@asynccontextmanager
async def _mysql(url: str, schemas: Mapping[str, str]) -> AsyncIterator[Snapshot]:
    from ...drivers.mysql import sessions  # its driver is an extra
    from ...drivers.mysql.sql import MysqlSql, filled

    class _Server(Snapshot):
        async def rows(
            self, statement: sa.Select[Any], values: Mapping[str, Any] | None = None
        ) -> list[tuple[Any, ...]]:
            text, arguments = sql.compiled(statement, values)
            return await self.ask(filled(text, arguments))

        async def ask(self, text: str) -> list[tuple[Any, ...]]:
            try:
                return list((await sessions.ask(connection, text, PATIENCE_S))[0])
            except sessions.TROUBLE as error:
                raise StoreUnusable(f"{sessions.where(url)}: {explain.mysql(error)}") from error

    sql, connection = MysqlSql(schemas), await sessions.connect(url, patience=PATIENCE_S, reader=True)
    try:
        made = _Server()
        own, slots = sessions.locks_of(url)
        ((held,),) = await made.ask(f"SELECT {sessions.in_use([own, *slots])}")
        made.worked_on = bool(held)
        await made.ask("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        await made.ask("START TRANSACTION WITH CONSISTENT SNAPSHOT")
        yield made
    finally:
        connection.close()
