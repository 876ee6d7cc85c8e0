"""Lets a schema step be written once, in Alembic's words, and taken on SQLite and on PostgreSQL.

A step names its service's own tables: `op.create_table("stock", …)` makes `inventory.stock` on PostgreSQL (or
`stock` in the schema that the blueprint calls inventory's) and `inventory_stock` on SQLite. Constraints and
indexes keep their names everywhere.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import BatchOperations, Operations, ops

NOTES = "schema_steps"
"""The table, in each service's schema, of the steps that were taken."""


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
    """Alembic's operations in the schema of one service."""

    def __init__(self, connection: sa.Connection, service: str, database: Database) -> None:
        super().__init__(MigrationContext.configure(connection))
        self.service, self.on_server = service, connection.dialect.name == "postgresql"
        self._database, self._connection = database, connection

    def table(self, name: str) -> str:
        """What one of our tables is called here: for `execute`."""
        return called(self._database, self.service, name)

    def tables(self) -> set[str]:
        """Our tables that are there already, by the names that a step gives them."""
        names = sa.inspect(self._connection).get_table_names(schema=self._schema)
        if self.on_server:
            return set(names)
        prefix = f"{self.service}_"
        return {name.removeprefix(prefix) for name in names if name.startswith(prefix)}

    def forget(self, step: str) -> None:
        """Removes the note of a step that is no step of this version any more; a draft has no notes."""
        if NOTES in self.tables():
            self._connection.exec_driver_sql(f"DELETE FROM {self.table(NOTES)} WHERE step = '{step}'")

    def invoke(self, operation: ops.MigrateOperation) -> Any:
        for slot in ("table_name", "old_table_name", "new_table_name"):
            if hasattr(operation, slot):
                setattr(operation, slot, self._name(getattr(operation, slot)))
        if hasattr(operation, "schema"):
            operation.schema = self._schema
        return super().invoke(_in_byte_order(operation) if self.on_server else operation)

    @contextmanager
    def batch_alter_table(
        self, table_name: str, *arguments: Any, **options: Any
    ) -> Iterator[BatchOperations]:
        name = self._name(table_name)
        options["schema"] = self._schema
        if not self.on_server:  # SQLite changes a copy of the table, and Alembic would forget its checks
            copied = sa.Table(name, sa.MetaData(), autoload_with=self._connection)
            for check in sa.inspect(self._connection).get_check_constraints(name):
                copied.append_constraint(sa.CheckConstraint(check["sqltext"], name=check["name"]))
            options["copy_from"] = copied
        with super().batch_alter_table(name, *arguments, **options) as batch:
            if self.on_server:
                plain = batch.invoke
                batch.invoke = lambda operation: plain(_in_byte_order(operation))  # type: ignore[method-assign]
            yield batch

    @property
    def _schema(self) -> str | None:
        return self._database.namespace(self.service) if self.on_server else None

    def _name(self, table: str) -> str:
        return table if self.on_server else f"{self.service}_{table}"


def called(database: Database, service: str, table: str) -> str:
    """What a service's table is called in the SQL of a database."""
    return database.sql.name(sa.Table(table, sa.MetaData(schema=service)))


def _in_byte_order(operation: ops.MigrateOperation) -> ops.MigrateOperation:
    """Texts sort as on SQLite, fast, and the same after an upgrade of the system's locales, which may break
    an index.
    """
    columns = (
        operation.columns
        if isinstance(operation, ops.CreateTableOp)
        else [getattr(operation, "column", None)]
    )
    for column in columns:
        if (
            isinstance(column, sa.Column)
            and isinstance(column.type, sa.Text)
            and column.type.collation is None
        ):
            column.type = sa.Text(collation="C")
    return operation


def read(folder: Path, step: str) -> ModuleType:
    """The script of a step: a module with `up(op)` and `down(op)`."""
    spec = importlib.util.spec_from_file_location(f"tradewind_step_{step}", folder / f"{step}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
