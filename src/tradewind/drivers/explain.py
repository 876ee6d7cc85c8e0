"""Explains a database error to the operator, with the way out: the driver's own text rarely does."""

from __future__ import annotations

import socket
import ssl

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

# by the number of the error; MariaDB's own are those above 1900 and below 2000
MYSQL = {
    1040: "too many connections: end other programs, or raise max_connections",
    1044: "this user may not use that database: grant it the rights that the guide names",
    1045: "wrong user or password: correct the database's URL",
    1698: "wrong user or password: correct the database's URL",
    1049: "there is no such database: create it, or correct the database's URL",
    1142: "this user may not do that: grant it the rights that the guide names",
    1143: "this user may not do that: grant it the rights that the guide names",
    1227: "this user may not do that: grant it the rights that the guide names",
    1370: "this user may not do that: grant it the rights that the guide names",
    1146: "a table is missing: run `tradewind migrate up`",
    1021: "the disk is full: free some space; nothing that was accepted is lost",
    1114: "the disk is full: free some space; nothing that was accepted is lost",
    1205: "another session holds what we need: end it",
    1290: "this server only reads (it is a replica): name the primary in the database's URL",
    1792: "this server only reads (it is a replica): name the primary in the database's URL",
    1836: "this server only reads (it is a replica): name the primary in the database's URL",
    1317: "it took too long: look for a session that blocks it, or a disk that is slow",
    1969: "it took too long: look for a session that blocks it, or a disk that is slow",
    3024: "it took too long: look for a session that blocks it, or a disk that is slow",
    1053: "the server starts or stops: try again when it is up",
    1043: "what answers there is not MySQL, or wants no encryption: correct the database's URL",
    2003: "it cannot be reached: start MySQL, or correct the database's URL",
    2006: "the connection was lost, and is made anew",
    2013: "the connection was lost, and is made anew",
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
    if "rejected SSL upgrade" in text:
        return (
            "the server has no TLS, and the database's URL asks for it: switch `ssl` on at the server, or "
            "write sslmode=disable where the network between is trusted"
        )
    if isinstance(error, OSError):
        return f"it cannot be reached: start PostgreSQL, or correct the database's URL ({text})"
    return next((f"{way} ({text})" for start, way in POSTGRES.items() if state.startswith(start)), text)


def mysql(error: Exception) -> str:
    text = str(error) or type(error).__name__
    cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
    if isinstance(cause, socket.gaierror):
        return f"there is no such host: correct the database's URL ({text})"
    if isinstance(cause, TimeoutError):
        return "no answer in time: the server is overloaded, or something between drops what we send"
    if isinstance(cause, ssl.SSLError):
        return f"no encrypted connection: correct ssl-mode or ssl-ca in the database's URL ({text})"
    way = MYSQL.get(error.args[0]) if error.args and isinstance(error.args[0], int) else None
    if way is None and isinstance(error, OSError):
        way = MYSQL[2003]
    return f"{way} ({text})" if way else text
