"""Checks the replies: what a reply has promised is still there. A service says which tables its replies
name.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

from ...core.checks import Broken, Checks, Rows
from ...core.model import Table
from ...engine.tables import framework_tables


class Answered(msgspec.Struct, rename="camel"):
    """The part of a reply that names what it created. `origin`: of a dead letter, which may be gone."""

    id: str
    origin: str = ""


class first_text(sa.sql.functions.GenericFunction[str]):
    """The first value of a JSON object that is written without spaces, where that is a text: a reply begins
    with its id. Any other text is no error. No database has to read the JSON.
    """

    type = sa.Text()
    inherit_cache = True


@compiles(first_text, "sqlite")
def _on_sqlite(element: first_text, compiler: Any, **how: Any) -> str:
    text = compiler.process(element.clauses, **how)
    rest = f"substr({text}, instr({text}, ':\"') + 2)"
    return f"substr({rest}, 1, instr({rest}, '\"') - 1)"


@compiles(first_text, "postgresql")
def _on_postgres(element: first_text, compiler: Any, **how: Any) -> str:
    return f"split_part({compiler.process(element.clauses, **how)}, '\"', 4)"


@compiles(first_text, "mysql")
def _on_mysql(element: first_text, compiler: Any, **how: Any) -> str:
    return f"SUBSTRING_INDEX(SUBSTRING_INDEX({compiler.process(element.clauses, **how)}, '\"', 4), '\"', -1)"


class ReplyRecords:
    """The inbox of one service, and the tables of what its replies created."""

    def __init__(self, name: str, made: Iterable[Table[Any]]) -> None:
        self.name, inbox = name, framework_tables(name).inbox
        tables = [table.rows for table in made]
        answered = (inbox.c.status == 0, inbox.c.reply != "")  # an event has no reply
        # what this finds is read properly
        told = first_text(inbox.c.reply)
        self.lost = sa.select(inbox.c.id, inbox.c.reply).where(
            *answered, *(~sa.exists().where(table.c.id == told) for table in tables)
        )
        self.count = sa.select(sa.func.count()).select_from(inbox).where(*answered)
        self.one = [sa.select(table.c.id).where(table.c.id == sa.bindparam("id")) for table in tables]


_records: dict[str, ReplyRecords] = {}


def _records_of(name: str, checks: Checks) -> ReplyRecords:
    """Made once: a statement is compiled once."""
    found = _records.get(name)
    if found is None:
        found = _records[name] = ReplyRecords(name, checks.replies)
    return found


async def forgotten(source: Rows, checks: dict[str, Checks]) -> tuple[list[Broken], int]:
    """Requests whose reply names what does not exist; of how many. A request has one reply: its claim is the
    key of its row.
    """
    missing, count = [], 0
    for records in [_records_of(name, one) for name, one in checks.items() if one.replies]:
        count += (await source.rows(records.count))[0][0]
        for claim, reply in await source.rows(records.lost):
            try:
                answer = msgspec.json.decode(reply, type=Answered)
            except msgspec.ValidationError:
                continue
            except msgspec.DecodeError:
                missing.append(Broken(claim, "an answer that cannot be read"))
                continue
            if not answer.origin and not [
                row for one in records.one for row in await source.rows(one, {"id": answer.id})
            ]:
                missing.append(
                    Broken(answer.id, f"answered to request {claim} of {records.name}, and it is not there")
                )
    return missing, count
