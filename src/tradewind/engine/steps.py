"""Lets a schema step be written once, in Alembic's words, and taken on SQLite, PostgreSQL and MySQL.

A step names its service's own tables: `op.create_table("stock", …)` makes `inventory.stock` on PostgreSQL (or
`stock` in the schema that the blueprint calls inventory's), `tw_inventory_stock` on MySQL and
`inventory_stock` on SQLite. Constraints and indexes keep their names everywhere.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import BatchOperations, Operations, ops

from ..core.columns import Key, Text

NOTES = "schema_steps"
"""The table, in each service's schema, of the steps that were taken."""

Adapt = Callable[[ops.MigrateOperation], ops.MigrateOperation]


class TableNames(Protocol):
    """How a dialect writes the name of a table."""

    def name(self, table: sa.Table) -> str: ...


class Database(Protocol):
    """What a step asks of the database that it changes."""

    @property
    def sql(self) -> TableNames: ...

    def namespace(self, service: str) -> str:
        """The schema of a service on a server."""
        ...


class Steps(Operations):
    """Alembic's operations in the schema of one service.

    `planned`: where a database cannot undo a change of its schema, the statements are not run, but put there.
    """

    def __init__(
        self, connection: sa.Connection, service: str, database: Database, *, planned: list[str] | None = None
    ) -> None:
        how = None if planned is None else {"as_sql": True, "output_buffer": _Plan(planned)}
        super().__init__(MigrationContext.configure(connection, opts=how))
        self.service, self.on_server = service, connection.dialect.name == "postgresql"
        self._database, self._connection = database, connection
        self._adapted: Adapt = _ADAPTED.get(connection.dialect.name, _as_it_is)

    def table(self, name: str) -> str:
        """What one of our tables is called here: for `execute`."""
        return called(self._database, self.service, name)

    def tables(self) -> set[str]:
        """Our tables that are there already, by the names that a step gives them."""
        names = sa.inspect(self._connection).get_table_names(schema=self._schema)
        prefix = self._name("")
        return {name.removeprefix(prefix) for name in names if name.startswith(prefix)}

    def forget(self, step: str) -> None:
        """Removes the note of a step that is no step of this version any more; a draft has no notes."""
        if NOTES in self.tables():
            self.execute(f"DELETE FROM {self.table(NOTES)} WHERE step = '{step}'")

    def fill(self, table: str, column: str, select: str) -> None:
        """Sets a column to what `select` finds: rows of an `id` and of a `value`."""
        name, same = self.table(table), f"found.id = {self.table(table)}.id"
        if self._connection.dialect.name == "mysql":
            self.execute(f"UPDATE {name} JOIN ({select}) AS found ON {same} SET {column} = value")
        else:
            self.execute(f"UPDATE {name} SET {column} = value FROM ({select}) AS found WHERE {same}")

    def invoke(self, operation: ops.MigrateOperation) -> Any:
        for slot in ("table_name", "old_table_name", "new_table_name"):
            if hasattr(operation, slot):
                setattr(operation, slot, self._name(getattr(operation, slot)))
        if hasattr(operation, "schema"):
            operation.schema = self._schema
        return super().invoke(self._adapted(operation))

    @contextmanager
    def batch_alter_table(
        self, table_name: str, *arguments: Any, **options: Any
    ) -> Iterator[BatchOperations]:
        name = self._name(table_name)
        options["schema"] = self._schema
        if self._connection.dialect.name == "sqlite":  # changes a copy, and Alembic would forget its checks
            copied = sa.Table(name, sa.MetaData(), autoload_with=self._connection)
            for check in sa.inspect(self._connection).get_check_constraints(name):
                copied.append_constraint(sa.CheckConstraint(check["sqltext"], name=check["name"]))
            options["copy_from"] = copied
        with super().batch_alter_table(name, *arguments, **options) as batch:
            plain = batch.invoke
            batch.invoke = lambda operation: plain(self._adapted(operation))  # type: ignore[method-assign]
            yield batch

    @property
    def _schema(self) -> str | None:
        return self._database.namespace(self.service) if self.on_server else None

    def _name(self, table: str) -> str:
        return table if self.on_server else self.table(table)


class _Plan:
    """What Alembic writes the statements of a step to."""

    def __init__(self, statements: list[str]) -> None:
        self._statements = statements

    def write(self, text: str) -> None:
        if statement := text.strip().removesuffix(";"):
            self._statements.append(statement)

    def flush(self) -> None:
        """They are kept at once."""


def called(database: Database, service: str, table: str) -> str:
    """What a service's table is called in the SQL of a database."""
    return database.sql.name(sa.Table(table, sa.MetaData(schema=service)))


def _in_byte_order(operation: ops.MigrateOperation) -> ops.MigrateOperation:
    """Texts sort as on SQLite, fast, and the same after an upgrade of the system's locales, which may break
    an index.
    """
    for column in _columns(operation):
        if isinstance(column.type, sa.Text) and column.type.collation is None:
            column.type = sa.Text(collation="C")
    return operation


def _on_mysql(operation: ops.MigrateOperation) -> ops.MigrateOperation:
    """A text is compared byte by byte, and may be long where it is no key."""
    parts = operation.columns if isinstance(operation, ops.CreateTableOp) else ()
    keys = {
        name for part in parts if isinstance(part, sa.PrimaryKeyConstraint) for name in part._pending_colargs
    }
    for column in _columns(operation):
        if isinstance(column.type, sa.Text) and not isinstance(column.type, Key | Text):
            column.type = Key() if column.primary_key or column.name in keys else Text()
    if isinstance(operation, ops.CreateTableOp):
        operation.kw |= {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4"}
    return operation


def _as_it_is(operation: ops.MigrateOperation) -> ops.MigrateOperation:
    return operation


_ADAPTED: dict[str, Adapt] = {"postgresql": _in_byte_order, "mysql": _on_mysql}


def _columns(operation: ops.MigrateOperation) -> list[sa.Column[Any]]:
    found = (
        operation.columns
        if isinstance(operation, ops.CreateTableOp)
        else [getattr(operation, "column", None)]
    )
    return [column for column in found if isinstance(column, sa.Column)]


def read(folder: Path, step: str) -> ModuleType:
    """The script of a step: a module with `up(op)` and `down(op)`."""
    spec = importlib.util.spec_from_file_location(f"tradewind_step_{step}", folder / f"{step}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
