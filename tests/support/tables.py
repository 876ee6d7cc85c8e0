"""Makes a service's tables in a SQLite store without its migrations, and puts rows there, so that a query's
test is about the query.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from tradewind.core.model import Aggregate, Table
from tradewind.core.schema import codec
from tradewind.drivers.sqlite.store import SqliteStore
from tradewind.engine.tables import framework_tables


def create_all(store: SqliteStore, *metadatas: sa.MetaData) -> None:
    """Every table of these services under its name in the file: `users.log` is `users_log`."""
    dialect = sqlite.dialect()
    for metadata in metadatas:
        for table in (*framework_tables(str(metadata.schema)).md.sorted_tables, *metadata.sorted_tables):
            copy = table.to_metadata(sa.MetaData(), schema=None, name=f"{table.schema}_{table.name}")  # type: ignore[arg-type]
            store.writer.execute(str(CreateTable(copy).compile(dialect=dialect)))
            for index in copy.indexes:
                store.writer.execute(str(CreateIndex(index).compile(dialect=dialect)))


async def keep(store: SqliteStore, table: Table[Any], *aggregates: Aggregate) -> None:
    """Saves these rows as the processor would, in a transaction of their own."""
    transaction = await store.begin()
    await transaction.upsert(table.rows, [codec(table).to_row(aggregate) for aggregate in aggregates])
    await transaction.commit()
