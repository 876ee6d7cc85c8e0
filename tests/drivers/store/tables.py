"""A service that exists for the suites of the store: one table of aggregates with every kind of column, and a
rule it must keep.
"""

from pathlib import Path

import msgspec
import sqlalchemy as sa

from tradewind.core.columns import Document, Key, Text
from tradewind.core.model import Aggregate, Table
from tradewind.core.schema import metadata
from tradewind.runtime.migrations import ServiceSchema

MD = metadata("probe")


class Mark(msgspec.Struct, frozen=True):
    name: str
    weight: int


class Thing(Aggregate, frozen=True):
    title: str
    amount: int
    held: int = 0
    marks: tuple[Mark, ...] = ()
    note: str | None = None


THINGS = Table(
    Thing,
    sa.Table(
        "things",
        MD,
        sa.Column("id", Key, primary_key=True),
        sa.Column("title", Key, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("held", sa.Integer, nullable=False),
        sa.Column("marks", Document, nullable=False),
        sa.Column("note", Text),
        sa.CheckConstraint("held >= 0 AND amount >= held", name="probe_things_whole"),
        sa.Index("probe_things_amount", "amount"),
    ),
)
ROWS = THINGS.rows
PROBE = ServiceSchema(MD, Path(__file__).parent / "probe_steps")


def row(
    key: str, amount: int = 1, *, title: str = "title", held: int = 0, note: str | None = None
) -> tuple[object, ...]:
    return key, title, amount, held, "[]", note
