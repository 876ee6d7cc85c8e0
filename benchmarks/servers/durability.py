"""Reads back which durability a server's store has, so that a result shows what its rates were paid with."""

from __future__ import annotations

import sqlite3

SYNCHRONOUS = ("OFF", "NORMAL", "FULL", "EXTRA")


def of_sqlite(connection: sqlite3.Connection) -> str:
    """Of a connection that the server's own code has opened: `synchronous` belongs to the connection, not
    to the file.
    """
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    (level,) = connection.execute("PRAGMA synchronous").fetchone()
    return f"SQLite {sqlite3.sqlite_version}, journal_mode={mode}, synchronous={SYNCHRONOUS[level]}"
