"""Drafts the next schema step of a service from the difference between its tables and its steps."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from alembic.operations import ops

from ..core.columns import in_a_step
from ..drivers.mysql.sql import MysqlSql
from ..drivers.sql import SqliteSql
from ..engine.steps import Steps, read
from ..engine.tables import framework_tables
from .databases import MEMORY, PLAN, STEPS, File
from .migrations import ServiceSchema, listed

_WIDTH = re.compile(r"(?<=INT|GER)\(\d+\)| (CHARACTER SET|COLLATE) .*")
_IN_DDL = {"literal_binds": True, "include_table": False}
SCRIPT = '''"""{why}."""

import sqlalchemy as sa

from tradewind.core import columns
from tradewind.engine.steps import Steps


def up(op: Steps) -> None:
{up}


def down(op: Steps) -> None:
{down}
'''


def new(kept: ServiceSchema, message: str) -> Path | None:
    """Writes the next numbered step, to be read and mended; None where the steps lead to the tables already.
    Needs no database.
    """
    steps, place = listed(kept.folder), File(MEMORY)

    def work(connection: sa.Connection) -> tuple[list[ops.MigrateOperation], str, str]:
        with connection.begin():
            for step in kept.steps:
                read(*kept.script(step)).up(Steps(connection, kept.name, place))
            context, script = _compared(connection, kept)
            assert script.upgrade_ops is not None
            assert script.downgrade_ops is not None
            up, down = list(_flat(kept, script.upgrade_ops.ops)), list(_flat(kept, script.downgrade_ops.ops))
            return up, _rendered(context, up), _rendered(context, _without_idle(down))

    differences, up, down = place.work(work)
    if not differences:
        return None
    name = re.sub(r"[^a-z0-9]+", "_", message.lower()).strip("_")
    path = kept.folder / f"{int(steps[-1][:4]) + 1 if steps else 1:04}_{name}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(SCRIPT.format(why=message[:1].upper() + message[1:].rstrip("."), up=up, down=down))
    if ruff := shutil.which("ruff", path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}"):
        subprocess.run([ruff, "format", "--quiet", path], check=False)
    return path


def difference(
    connection: sa.Connection, kept: ServiceSchema, schema: str = ""
) -> list[ops.MigrateOperation]:
    """What the tables of a database lack of what the code wants; empty where they agree. `schema`: where it
    has another name.
    """
    script = _compared(connection, kept, schema)[1]
    assert script.upgrade_ops is not None
    return list(_flat(kept, script.upgrade_ops.ops))


def laid(kept: ServiceSchema, dialect: str, schema: str = "") -> sa.MetaData:
    """The engine's tables and the service's own, as they are called on a database."""
    there, schema = sa.MetaData(), schema or kept.name
    prefix, lies_in = _prefix(kept, dialect, schema), schema if dialect == "postgresql" else None
    for table in (*framework_tables(kept.name).md.tables.values(), *kept.md.tables.values()):
        table.to_metadata(there, schema=lies_in, name=f"{prefix}{table.name}")  # type: ignore[arg-type]
    return there


def _prefix(kept: ServiceSchema, dialect: str, schema: str) -> str:
    """How the names of a service's tables begin."""
    if dialect == "postgresql":
        return ""
    write = MysqlSql({kept.name: schema}) if dialect == "mysql" else SqliteSql()
    return write.name(sa.Table("", sa.MetaData(schema=kept.name)))


def _compared(
    connection: sa.Connection, kept: ServiceSchema, schema: str = ""
) -> tuple[MigrationContext, ops.MigrationScript]:
    dialect, schema = connection.dialect.name, schema or kept.name
    wanted, prefix = laid(kept, dialect, schema), _prefix(kept, dialect, schema)
    notes = (f"{prefix}{STEPS}", f"{prefix}{PLAN}")

    def ours(name: str | None, kind: str, _: Any) -> bool:
        if kind == "schema":
            return name == (schema if dialect == "postgresql" else None)
        return kind != "table" or ((name or "").startswith(prefix) and name not in notes)

    options = {
        "include_schemas": dialect == "postgresql",
        "include_name": ours,
        "compare_type": _other_type if dialect == "mysql" else True,
        "compare_server_default": True,
    }
    context = MigrationContext.configure(connection, opts=options)
    script = produce_migrations(context, wanted)
    for table in wanted.tables.values():
        _compare_checks(connection, table, script)
    return context, script


def _other_type(
    context: MigrationContext, _there: Any, _wanted: Any, there: sa.types.TypeEngine[Any], wanted: Any
) -> bool:
    """MySQL shows a number with a width that means nothing, and a text with how it is compared."""
    found, meant = (kind.compile(dialect=context.dialect) for kind in (there, wanted))
    return _WIDTH.sub("", found) != _WIDTH.sub("", meant)


def _compare_checks(connection: sa.Connection, table: sa.Table, script: ops.MigrationScript) -> None:
    """Alembic compares no CHECK constraints. By name, and on SQLite by text too: servers write the texts
    their own way.
    """
    inspector = sa.inspect(connection)
    assert script.upgrade_ops is not None
    assert script.downgrade_ops is not None
    if not inspector.has_table(table.name, table.schema):
        return
    dialect = connection.dialect
    there = {
        str(check["name"]): check["sqltext"]
        for check in inspector.get_check_constraints(table.name, table.schema)
    }
    wanted = {str(check.name): check for check in table.constraints if isinstance(check, sa.CheckConstraint)}
    agreed = {
        name
        for name in there.keys() & wanted.keys()
        if dialect.name != "sqlite"
        or there[name] == str(wanted[name].sqltext.compile(dialect=dialect, compile_kwargs=_IN_DDL))
    }
    gone = [
        sa.CheckConstraint(there[name], name=name, table=_bare(table))
        for name in sorted(there.keys() - agreed)
    ]
    changes: list[ops.MigrateOperation] = [ops.DropConstraintOp.from_constraint(check) for check in gone]
    changes += [ops.AddConstraintOp.from_constraint(wanted[name]) for name in sorted(wanted.keys() - agreed)]
    if changes:
        change = ops.ModifyTableOps(table.name, changes, schema=table.schema)
        script.upgrade_ops.ops.append(change)
        script.downgrade_ops.ops.insert(0, change.reverse())


def _bare(table: sa.Table) -> sa.Table:
    return sa.Table(table.name, sa.MetaData(), schema=table.schema)


def _flat(kept: ServiceSchema, operations: Sequence[ops.MigrateOperation]) -> Iterator[ops.MigrateOperation]:
    """In the service's own words: the names as in its MD, no schema; an index needs no copy of its table, so
    no batch either.
    """
    for operation in operations:
        for slot in ("table_name", "schema"):
            if hasattr(operation, slot):
                name = getattr(operation, slot)
                setattr(operation, slot, name.removeprefix(f"{kept.name}_") if slot == "table_name" else None)
        if isinstance(operation, ops.ModifyTableOps):
            inner = list(_flat(kept, operation.ops))
            if all(isinstance(one, (ops.CreateIndexOp, ops.DropIndexOp)) for one in inner):
                yield from inner
                continue
            operation.ops = inner
        yield operation


def _without_idle(operations: list[ops.MigrateOperation]) -> list[ops.MigrateOperation]:
    """An index goes with its table."""
    gone = {one.table_name for one in operations if isinstance(one, ops.DropTableOp)}
    return [one for one in operations if not (isinstance(one, ops.DropIndexOp) and one.table_name in gone)]


def _rendered(context: MigrationContext, operations: list[ops.MigrateOperation]) -> str:
    def as_text(kind: str, item: Any, _: Any) -> str | Literal[False]:
        return (in_a_step(item) if kind == "type" else None) or False

    text = render_python_code(
        ops.UpgradeOps(operations), render_as_batch=True, render_item=as_text, migration_context=context
    )
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("# ###")]
    return "\n".join(lines).replace(", schema=None)", ")").rstrip()
