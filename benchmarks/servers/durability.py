"""Reads back which durability a server's store has, so that a result shows what its rates were paid with."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from benchmarks.processes import Failed

SYNCHRONOUS = ("OFF", "NORMAL", "FULL", "EXTRA")
POSTGRES = ("fsync", "synchronous_commit", "full_page_writes")
QUEUE = ("name", "type", "durable")


def of_sqlite(connection: sqlite3.Connection) -> str:
    """Of a connection that the server's own code has opened: `synchronous` belongs to the connection, not
    to the file.
    """
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    (level,) = connection.execute("PRAGMA synchronous").fetchone()
    return f"SQLite {sqlite3.sqlite_version}, journal_mode={mode}, synchronous={SYNCHRONOUS[level]}"


def of_postgres(ask: Callable[[str], str]) -> str:
    """As a session of the application's role in its database has it; `ask` runs one statement there. Errors:
    Failed where a crash may lose what is committed.
    """
    found = {name: ask(f"SHOW {name}") for name in POSTGRES}
    told = ", ".join(f"{name}={value}" for name, value in found.items())
    if "off" in found.values():
        raise Failed(f"PostgreSQL is not durable: {told}")
    return f"PostgreSQL {ask('SHOW server_version').split()[0]}, {told}"


def of_rabbitmq(ask: Callable[..., str], host: str) -> str:
    """Of the queues of a virtual host, and of the channels that publish there with confirms; `ask` is
    rabbitmqctl.
    """
    queues = _table(ask("list_queues", "-p", host, *QUEUE))
    kinds = sorted({f"{kind} {'durable' if kept == 'true' else 'transient'}" for _, kind, kept in queues})
    channels = _table(ask("list_channels", "-p", host, "confirm"))
    confirming = sum(row == ["true"] for row in channels)
    return (
        f"RabbitMQ, {len(queues)} queues ({', '.join(kinds) or 'none'}), "
        f"{confirming} of {len(channels)} channels with confirms"
    )


def _table(text: str) -> list[list[str]]:
    """What rabbitmqctl lists, without its head."""
    return [line.split("\t") for line in text.strip().splitlines()[1:]]
