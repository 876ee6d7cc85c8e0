"""Gives each service a user of its own at a MySQL server that reaches the rows of its tables alone.

MySQL grants on a table, not on all whose names begin alike: the rights are given anew after each schema step.
"""

from __future__ import annotations

import secrets
from typing import Any

import sqlalchemy as sa

from ..core.store import StoreUnusable
from .databases import Database, note_of

HOSTS = ("%", "localhost")
"""Some installations have users without a name at `localhost`, who come before one of any host."""
WIDER = """
SELECT privilege_type FROM information_schema.user_privileges
WHERE grantee = "{who}" AND privilege_type <> 'USAGE'
UNION SELECT privilege_type FROM information_schema.schema_privileges WHERE grantee = "{who}"
"""


def grant(
    connection: sa.Connection, place: Database, service: str, role: str, rows: str, password: str
) -> str:
    """Makes the user, or sets it right; its password, where that is new. Without one, a user that is there
    keeps its own. Errors: StoreUnusable, for one that reaches more.
    """
    given, is_new = password or secrets.token_urlsafe(24), bool(password)

    def run(text: str) -> sa.CursorResult[Any]:
        return connection.exec_driver_sql(text.replace("%", "%%"))

    def found(text: str) -> list[Any]:
        return [row[0] for row in run(text)]

    prefix = note_of(place, service).removesuffix("schema_steps")
    tables = found(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() "
        f"AND table_type = 'BASE TABLE' AND LEFT(table_name, {len(prefix)}) = '{prefix}'"
    )
    if not tables:
        raise StoreUnusable(
            f"there are no tables {prefix}… yet: run `tradewind migrate run --service {service}` first"
        )
    for host in HOSTS:
        who = f"'{role}'@'{host}'"
        if more := found(WIDER.format(who=who)):
            raise StoreUnusable(
                f"user {who} has {', '.join(more)} on more than its tables: take that from it, or choose "
                f"another --prefix"
            )
        run(f"CREATE USER IF NOT EXISTS {who} IDENTIFIED BY '{given}'")
        was_there = run("SHOW WARNINGS").first() is not None
        if password and was_there:
            run(f"ALTER USER {who} IDENTIFIED BY '{given}'")
        is_new |= not was_there
        for table in tables:
            run(f"GRANT {rows} ON `{table}` TO {who}")
    return given if is_new else ""
