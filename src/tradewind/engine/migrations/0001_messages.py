"""What the engine keeps for a service: its events, what it has decided, and what it waits for.

Each table is made only where it is missing: version 0.1 made them in the first steps of each service.
"""

import sqlalchemy as sa

from tradewind.core import columns
from tradewind.engine.steps import Steps

TABLES = ("log", "outbox", "inbox", "cursors", "timers", "activities", "parked")
# what version 0.1 took as a step of the service
RETIRED = "0002_outbox"


def up(op: Steps) -> None:
    there = op.tables()
    if "log" not in there:
        op.create_table(
            "log",
            sa.Column(
                "seq",
                sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
                autoincrement=False,
                nullable=False,
            ),
            sa.Column("id", columns.Key(), nullable=False),
            sa.Column("name", columns.Key(), nullable=False),
            sa.Column("key", columns.Key(), nullable=False),
            sa.Column("body", sa.Text(), nullable=False),
            sa.Column("cause", columns.Claim(), nullable=False),
            sa.Column("trace", columns.Key(), nullable=False),
            sa.Column("at", sa.BigInteger(), nullable=False),
            sa.PrimaryKeyConstraint("seq"),
        )
        op.create_index(f"{op.service}_log_key", "log", ["key"], unique=False)
    if "inbox" not in there:
        op.create_table(
            "inbox",
            sa.Column("id", columns.Claim(), nullable=False),
            sa.Column("fingerprint", columns.Key(), nullable=False),
            sa.Column("status", sa.Integer(), nullable=False),
            sa.Column("reply", sa.Text(), nullable=False),
            sa.Column("at", sa.BigInteger(), nullable=False),
            sa.PrimaryKeyConstraint("id"),
        )
        op.create_index(f"{op.service}_inbox_at", "inbox", ["at"], unique=False)
    if "cursors" not in there:
        op.create_table(
            "cursors",
            sa.Column("source", columns.Key(), nullable=False),
            sa.Column("position", sa.BigInteger(), nullable=False),
            sa.PrimaryKeyConstraint("source"),
        )
    if "timers" not in there:
        op.create_table(
            "timers",
            sa.Column("id", columns.Claim(), nullable=False),
            sa.Column("name", columns.Key(), nullable=False),
            sa.Column("body", sa.Text(), nullable=False),
            sa.Column("due_at", sa.BigInteger(), nullable=False),
            sa.PrimaryKeyConstraint("id"),
        )
        op.create_index(f"{op.service}_timers_due", "timers", ["due_at"], unique=False)
    if "activities" not in there:
        op.create_table(
            "activities",
            sa.Column("id", columns.Key(), nullable=False),
            sa.Column("name", columns.Key(), nullable=False),
            sa.Column("body", sa.Text(), nullable=False),
            sa.Column("attempts", sa.Integer(), nullable=False),
            sa.Column("due_at", sa.BigInteger(), nullable=False),
            sa.Column("reason", sa.Text(), nullable=False),
            sa.Column("trace", columns.Key(), nullable=False),
            sa.Column("at", sa.BigInteger(), nullable=False),
            sa.PrimaryKeyConstraint("id"),
        )
        op.create_index(f"{op.service}_activities_due", "activities", ["due_at"], unique=False)
    if "parked" not in there:
        op.create_table(
            "parked",
            sa.Column("id", columns.Key(), nullable=False),
            sa.Column("status", columns.Key(), nullable=False),
            sa.Column("origin", columns.Key(), nullable=False),
            sa.Column("name", columns.Key(), nullable=False),
            sa.Column("key", columns.Key(), nullable=False),
            sa.Column("body", sa.Text(), nullable=False),
            sa.Column("attempts", sa.Integer(), nullable=False),
            sa.Column("reason", sa.Text(), nullable=False),
            sa.Column("trace", columns.Key(), nullable=False),
            sa.Column("due_at", sa.BigInteger(), nullable=False),
            sa.Column("first_at", sa.BigInteger(), nullable=False),
            sa.Column("last_at", sa.BigInteger(), nullable=False),
            sa.PrimaryKeyConstraint("id"),
        )
        op.create_index(f"{op.service}_parked_key", "parked", ["key", "id"], unique=False)
    if "outbox" not in there:
        op.create_table(
            "outbox",
            sa.Column("id", columns.Key(), nullable=False),
            sa.Column("seq", sa.BigInteger(), nullable=False),
            sa.Column("key", columns.Key(), nullable=False),
            sa.Column("lease", sa.BigInteger(), nullable=False),
            sa.Column("at", sa.BigInteger(), nullable=False),
            sa.PrimaryKeyConstraint("id"),
        )
        op.create_index(f"{op.service}_outbox_key", "outbox", ["key", "seq"], unique=False)
    op.forget(RETIRED)


def down(op: Steps) -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
