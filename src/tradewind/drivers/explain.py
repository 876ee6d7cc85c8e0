"""Explains a database error to the operator, with the way out: the driver's own text rarely does."""

from __future__ import annotations

import socket

SQLITE = {
    "not a database": "it is not a SQLite database (or is corrupt): restore a backup, or start with "
    "another TRADEWIND_DATA",
    "malformed": "the database is corrupt: restore a backup, or recover it with `sqlite3 FILE .recover`",
    "readonly": "the database or its folder is read-only: give this user write permission",
    "unable to open": "it cannot be opened: check that the folder exists and that this user may write to it",
    "locked": "another program holds a write lock on it: close that program",
    "full": "the disk is full: free some space; nothing that was accepted is lost",
    "disk I/O": "the disk answers with an error: check it; nothing that was accepted is lost",
    "no such table": "a table is missing: run `tradewind migrate up`",
}
# by the start of the SQLSTATE
POSTGRES = {
    "08P01": "what answers there is not PostgreSQL: correct the database's URL",
    "08": "the connection was lost, and is made anew",
    "25006": "this server only reads (it is a standby): name the primary in the database's URL",
    "28": "wrong user or password: correct the database's URL",
    "3D": "there is no such database: create it with createdb, or correct the database's URL",
    "3F": "a schema is missing: run `tradewind migrate up`",
    "42P01": "a table is missing: run `tradewind migrate up`",
    "42501": "this user may not do that: grant it CREATE on the database, or the rights on its schemas",
    "53100": "the disk is full: free some space; nothing that was accepted is lost",
    "53300": "too many connections: end other programs, or raise max_connections",
    "55P03": "another session holds what we need: end it",
    "57014": "it took too long: look for a session that blocks it, or a disk that is slow",
    "57P": "the server starts or stops: try again when it is up",
}


def sqlite(error: Exception) -> str:
    text = str(error)
    return next((f"{way} ({text})" for word, way in SQLITE.items() if word in text), text)


def postgres(error: Exception) -> str:
    text, state = str(error) or type(error).__name__, getattr(error, "sqlstate", None) or ""
    if isinstance(error, socket.gaierror):
        return f"there is no such host: correct the database's URL ({text})"
    if isinstance(error, TimeoutError):
        return "no answer in time: the server is overloaded, or something between drops what we send"
    if isinstance(error, OSError):
        return f"it cannot be reached: start PostgreSQL, or correct the database's URL ({text})"
    return next((f"{way} ({text})" for start, way in POSTGRES.items() if state.startswith(start)), text)
