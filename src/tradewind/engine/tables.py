"""The tables that the engine keeps in the schema of each service: for messages, timers and activities.

A service declares only its own tables. The steps that make these are in `engine/migrations`; each service's
schema gets them before its own.
"""

from __future__ import annotations

from functools import cache

import sqlalchemy as sa

from ..core.columns import Claim, Document, Key, Text
from ..core.schema import metadata

# on SQLite only the type INTEGER makes the key the row's own place in the file
SEQ = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


class FrameworkTables:
    """The tables of every service for its messages: events, inbox, what waits, dead letters."""

    def __init__(self, service: str) -> None:
        self.md = md = metadata(service)
        self.log = sa.Table(
            "log",
            md,
            sa.Column("seq", SEQ, primary_key=True, autoincrement=False),
            sa.Column("id", Key, nullable=False),
            sa.Column("name", Key, nullable=False),
            sa.Column("key", Key, nullable=False),
            sa.Column("body", Document, nullable=False),
            sa.Column("cause", Claim, nullable=False),
            sa.Column("trace", Key, nullable=False),
            sa.Column("at", sa.BigInteger, nullable=False),
            sa.Index(f"{md.schema}_log_key", "key"),
        )
        self.outbox = sa.Table(
            "outbox",
            md,
            sa.Column("id", Key, primary_key=True),
            sa.Column("seq", sa.BigInteger, nullable=False),
            sa.Column("key", Key, nullable=False),
            sa.Column("lease", sa.BigInteger, nullable=False),
            sa.Column("at", sa.BigInteger, nullable=False),
            sa.Index(f"{md.schema}_outbox_key", "key", "seq"),
        )
        self.inbox = sa.Table(
            "inbox",
            md,
            sa.Column("id", Claim, primary_key=True),
            sa.Column("fingerprint", Key, nullable=False),
            sa.Column("status", sa.Integer, nullable=False),
            sa.Column("reply", Text, nullable=False),
            sa.Column("at", sa.BigInteger, nullable=False),
            sa.Index(f"{md.schema}_inbox_at", "at"),
        )
        self.cursors = sa.Table(
            "cursors",
            md,
            sa.Column("source", Key, primary_key=True),
            sa.Column("position", sa.BigInteger, nullable=False),
        )
        self.counters = sa.Table(
            "counters",
            md,
            sa.Column("name", Key, primary_key=True),
            sa.Column("position", sa.BigInteger, nullable=False),
        )
        self.timers = sa.Table(
            "timers",
            md,
            sa.Column("id", Claim, primary_key=True),
            sa.Column("name", Key, nullable=False),
            sa.Column("body", Document, nullable=False),
            sa.Column("due_at", sa.BigInteger, nullable=False),
            sa.Index(f"{md.schema}_timers_due", "due_at"),
        )
        self.activities = sa.Table(
            "activities",
            md,
            sa.Column("id", Key, primary_key=True),
            sa.Column("name", Key, nullable=False),
            sa.Column("body", Document, nullable=False),
            sa.Column("attempts", sa.Integer, nullable=False),
            sa.Column("due_at", sa.BigInteger, nullable=False),
            sa.Column("reason", Text, nullable=False),
            sa.Column("trace", Key, nullable=False),
            sa.Column("at", sa.BigInteger, nullable=False),
            sa.Index(f"{md.schema}_activities_due", "due_at"),
        )
        self.parked = sa.Table(
            "parked",
            md,
            sa.Column("id", Key, primary_key=True),
            sa.Column("status", Key, nullable=False),
            sa.Column("origin", Key, nullable=False),
            sa.Column("name", Key, nullable=False),
            sa.Column("key", Key, nullable=False),
            sa.Column("body", Text, nullable=False),
            sa.Column("attempts", sa.Integer, nullable=False),
            sa.Column("reason", Text, nullable=False),
            sa.Column("trace", Key, nullable=False),
            sa.Column("due_at", sa.BigInteger, nullable=False),
            sa.Column("first_at", sa.BigInteger, nullable=False),
            sa.Column("last_at", sa.BigInteger, nullable=False),
            sa.Index(f"{md.schema}_parked_key", "key", "id"),
        )


@cache
def framework_tables(service: str) -> FrameworkTables:
    """Those of one service; the same object at every call, so that a statement over them is compiled once."""
    return FrameworkTables(service)
