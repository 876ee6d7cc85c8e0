"""A store without transactions: what a service writes is rows whose ids follow from the message, so a batch
that was written in part, or twice, is the same batch.

A transaction keeps its changes until `commit`, which is one unordered write a collection. What only guards
against a second time (claims, places in a log) is not written. Processes share it, and no replica set is
needed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from ...core.documents import Documents, as_they_are
from ...core.extras import MissingExtra
from ...core.model import Ag, Table
from ...core.readers import without_password
from ...core.schema import codec
from ...core.store import RowRefused, Statement, StoreUnavailable, StoreUnusable
from . import queries
from .queries import Names, Query

try:
    import pymongo
    from bson.codec_options import CodecOptions, DatetimeConversion
    from bson.errors import BSONError
    from pymongo.asynchronous.mongo_client import AsyncMongoClient
    from pymongo.errors import BulkWriteError, ConfigurationError, InvalidURI, OperationFailure, PyMongoError
except ModuleNotFoundError as missing:
    raise MissingExtra("a store on MongoDB needs PyMongo", "mongodb") from missing
from .mapped import Mapped

SELECT_MS, ANSWER_MS, CONNECT_MS = 2_000, 8_000, 2_000
"""Until a server is found, until one has answered, until one takes a connection."""
DATABASE = "tradewind"
TWICE = 11_000
NEVER = {121, 10_334, 17_280, 17_419}
"""The codes of what a server will never take: a rule of the collection, too large a document or key."""
NOT_LET_IN = {13, 18}
CODEC: CodecOptions[dict[str, Any]] = CodecOptions(
    tz_aware=True, datetime_conversion=DatetimeConversion.DATETIME_MS
)


class MongoStore:
    """`tables` are kept, in the documents that `documents` say for some of them. `dropped` only guard a
    transaction: they are not kept, and all others take nothing.
    """

    exclusive = False
    kind = "mongodb"

    def __init__(
        self,
        url: str,
        tables: Iterable[sa.Table],
        dropped: Iterable[sa.Table] = (),
        documents: Iterable[Documents] = (),
    ) -> None:
        """Errors: StoreUnusable, for a URL that is none."""
        said = {(one.service, one.table): one for one in documents}
        self._mapped = {
            table: Mapped(table, said.get((table.schema or "", table.name)) or as_they_are(table))
            for table in tables
        }
        self._dropped = frozenset(dropped)
        self._queries: dict[Any, Query | None] = {}
        self._ready = False
        self.where = without_password(url)
        try:
            self._client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
                url,
                appname="tradewind",
                connect=False,
                connectTimeoutMS=CONNECT_MS,
                serverSelectionTimeoutMS=SELECT_MS,
                socketTimeoutMS=ANSWER_MS,
                waitQueueTimeoutMS=ANSWER_MS,
                journal=True,
                retryReads=False,  # the processor tries again, and says so meanwhile
                retryWrites=False,
            )
            self._database = self._client.get_default_database(DATABASE).with_options(codec_options=CODEC)
        except (ConfigurationError, InvalidURI, ValueError) as error:
            raise StoreUnusable(f"{self.where}: {error}") from error

    async def open(self) -> None:
        """Errors: StoreUnusable, where no wait can mend it. A server that is away is waited for."""
        try:
            await self.prepare()
        except StoreUnavailable as error:
            if isinstance(error.__cause__, OperationFailure) and error.__cause__.code in NOT_LET_IN:
                raise StoreUnusable(str(error)) from error

    async def close(self) -> None:
        await self._client.close()

    async def prepare(self) -> None:
        """Makes the indexes that are missing, once. Errors: StoreUnavailable."""
        if self._ready:
            return
        for mapped in self._mapped.values():
            collection = self._database[mapped.documents.collection]
            for name, keys in mapped.documents.indexes.items():
                await self._answered(collection.create_index(list(keys), name=name))
        self._ready = True

    async def erase_traces(self) -> bool:
        return True

    async def reserve(self, counters: sa.Table, name: str, count: int) -> int:
        raise TypeError(f"{name}: a store without transactions has no numbers")

    async def begin(self) -> MongoTransaction:
        await self.prepare()
        return MongoTransaction(self)

    async def rows(
        self, statement: Statement, values: Mapping[str, Any] | None = None
    ) -> list[tuple[Any, ...]]:
        query = self._query(statement)
        if query is None:
            return queries.empty(statement)
        # in a task: the caller may have none of its own
        return await asyncio.get_running_loop().create_task(self._rows(query, values or {}))

    async def get(self, table: Table[Ag], key: str) -> Ag | None:
        found = await asyncio.get_running_loop().create_task(self.load(table, [key]))
        return found[0] if found else None

    async def find(
        self, table: Table[Ag], statement: Statement, values: Mapping[str, Any] | None = None
    ) -> list[Ag]:
        return [codec(table).from_row(row) for row in await self.rows(statement, values)]

    async def load(self, table: Table[Ag], keys: Sequence[str]) -> list[Ag]:
        """Under the keys that were asked for: a document has only the identifier that was made of one."""
        mapped = self._mapped.get(table.rows)
        if mapped is None:
            return []
        wanted = {mapped.value(mapped.key, key): key for key in keys}
        cursor = self._database[mapped.documents.collection].find({"_id": {"$in": list(wanted)}})
        found = await self._answered(cursor.to_list())
        return [
            codec(table).from_row(tuple((mapped.row(one) | {mapped.key: wanted[one["_id"]]}).values()))
            for one in found
        ]

    async def write(self, table: sa.Table, changes: Sequence[Any]) -> None:
        """In any order. What is there already stays. Errors: StoreUnavailable; RowRefused."""
        collection = self._database[self._mapped[table].documents.collection]
        try:
            await self._answered(collection.bulk_write(changes, ordered=False))
        except (StoreUnavailable, RowRefused) as error:
            if not isinstance(error.__cause__, BulkWriteError):
                raise
            trouble = [
                one for one in error.__cause__.details.get("writeErrors", ()) if one.get("code") != TWICE
            ]
            if trouble and all(one.get("code") in NEVER for one in trouble):
                raise RowRefused(str(trouble[0].get("errmsg"))) from error
            if trouble or error.__cause__.details.get("writeConcernErrors"):
                raise

    def changes(self, how: str, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Those of a bulk write. Errors: RowRefused."""
        mapped = self._mapped.get(table)
        if mapped is None:
            if table in self._dropped:
                return []
            raise RowRefused(f"a store without transactions keeps no {table.name}")
        if how == "delete":
            return [pymongo.DeleteOne({"_id": mapped.value(mapped.key, key)}) for (key,) in rows]
        made = [mapped.document(row) for row in rows]
        if how == "insert":
            return [pymongo.InsertOne(one) for one in made]
        return [pymongo.ReplaceOne({"_id": one["_id"]}, one, upsert=True) for one in made]

    async def count(self, documents: Documents) -> int:
        """How many there are, whoever wrote them. Errors: StoreUnavailable."""
        return int(await self._answered(self._database[documents.collection].count_documents({})))

    async def misfits(self, documents: Documents, most: int) -> list[tuple[str, str]]:
        """Up to so many documents that have no number where we have one: the key and the field. Errors:
        StoreUnavailable.
        """
        numbers = [field.name for field in documents.fields if field.kind == "int32"]
        if not numbers:
            return []
        wrong = [{name: {"$not": {"$type": "number"}}} for name in numbers]
        found = self._database[documents.collection].find({"$or": wrong}).limit(most)
        return [
            (str(one["_id"]), next(name for name in numbers if not isinstance(one.get(name), int | float)))
            for one in await self._answered(found.to_list())
        ]

    def _query(self, statement: Any) -> Query | None:
        """None for a table that is not kept."""
        if statement not in self._queries:
            table = queries.table_of(statement)
            mapped = self._mapped.get(table) if table is not None else None
            found = None if mapped is None else queries.read(statement, Names(mapped.field, mapped.value))
            self._queries[statement] = found
        return self._queries[statement]

    async def _rows(self, query: Query, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        if any(query.functions):
            return [tuple([await self._aggregate(query, at, values) for at in range(len(query.columns))])]
        found = await self._found(query, values, query.order, query.limit(values))
        rows = [tuple([row[column] for column in query.columns]) for row in found]
        return list(dict.fromkeys(rows)) if query.distinct else rows

    async def _aggregate(self, query: Query, at: int, values: Mapping[str, Any]) -> Any:
        function, _, other = query.functions[at].partition(" or ")
        mapped = self._mapped[query.table]
        if function == "count":
            collection = self._database[mapped.documents.collection]
            return await self._answered(collection.count_documents(query.where(values)))
        column = query.columns[at]
        order = ((mapped.field(column), -1 if function == "max" else 1),)
        found = await self._found(query, values, order, 1)
        return found[0][column] if found else (int(other) if other else None)

    async def _found(
        self, query: Query, values: Mapping[str, Any], order: Sequence[tuple[str, int]], most: int
    ) -> list[dict[str, Any]]:
        """Rows by column, at most so many; 0: all."""
        mapped = self._mapped[query.table]
        collection = self._database[mapped.documents.collection]
        cursor = collection.find(query.where(values))
        if order:
            cursor = cursor.sort(list(order))
        if skip := query.skip(values):
            cursor = cursor.skip(skip)
        if not query.absent:
            cursor = cursor.limit(most) if most else cursor
            return [mapped.row(one) for one in await self._answered(cursor.to_list())]
        found: list[dict[str, Any]] = []
        for document in await self._answered(cursor.to_list()):
            row = mapped.row(document)
            others = [
                await self._answered(collection.find_one(one({**values, **row}))) for one in query.absent
            ]
            if not any(others):
                found.append(row)
            if most and len(found) == most:
                break
        return found

    async def _answered(self, asked: Any) -> Any:
        """Errors: StoreUnavailable; RowRefused."""
        try:
            return await asked
        except BSONError as error:
            raise RowRefused(str(error)) from error
        except PyMongoError as error:
            raise StoreUnavailable(f"{self.where}: {_why(error)}") from error


def _why(error: PyMongoError) -> str:
    if isinstance(error, OperationFailure) and error.code in NOT_LET_IN:
        return "wrong user or password, or one without the rights: correct the URL"
    if error.timeout:
        return "it cannot be reached, or gives no answer in time: start it, or correct the URL"
    return " ".join(str(error).split())[:300]


class MongoTransaction:
    """Changes are kept until `commit`. Reads see what is committed alone."""

    def __init__(self, store: MongoStore) -> None:
        self._store = store
        self._changes: dict[sa.Table, list[Any]] = {}
        self.statements: list[tuple[str, float, float]] | None = None

    async def load(self, table: Table[Ag], keys: Sequence[str]) -> list[Ag]:
        return await self._store.load(table, keys)

    async def rows(
        self, statement: Statement, values: Mapping[str, Any] | None = None
    ) -> list[tuple[Any, ...]]:
        return await self._store.rows(statement, values)

    async def insert(self, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
        self._keep("insert", table, rows)

    async def update(self, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
        self._keep("update", table, rows)

    async def upsert(self, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
        self._keep("update", table, rows)

    async def delete(self, table: sa.Table, ids: Iterable[str]) -> None:
        self._keep("delete", table, [(key,) for key in ids])

    async def trim(self, table: sa.Table, column: str, below: int, limit: int) -> int:
        return 0

    async def commit(self) -> None:
        changes, self._changes = self._changes, {}
        for table, found in changes.items():
            await self._store.write(table, found)

    async def rollback(self) -> None:
        self._changes = {}

    def _keep(self, how: str, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
        if made := self._store.changes(how, table, rows):
            self._changes.setdefault(table, []).extend(made)
