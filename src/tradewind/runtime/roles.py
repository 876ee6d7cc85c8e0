"""Gives each service a role of its own that can touch only its schema, so that a fault in one cannot reach
the rows of another.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import sqlalchemy as sa

from ..core.store import StoreUnusable
from . import mysql_roles
from .database_roles import role_of
from .databases import NONE, Database, database
from .stores import kind_of, on_server

PREFIX = "tradewind"
ROUNDS = 4_096
ROWS = "SELECT, INSERT, UPDATE, DELETE"
OWNED, MADE = (
    "; the user needs CREATEROLE and must own the schemas",
    "; the user needs CREATE USER, and the rights on the tables WITH GRANT OPTION",
)
WAYS = {"ermission denied": OWNED, "must be owner": OWNED, "denied": MADE}
_PLAIN = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_PASSWORD = re.compile(r"[\x21-\x7e]{8,256}")

# what a role may do beside its rows: by its own attributes, as a member of another, as an owner
FACTS = """
SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, rolname = current_user,
       EXISTS (SELECT FROM pg_auth_members WHERE member = r.oid), EXISTS (SELECT FROM pg_class WHERE relowner = r.oid)
FROM pg_roles r WHERE rolname = '{role}'
"""
POWERS = (
    "is a superuser",
    "may make roles",
    "may make databases",
    "may replicate",
    "passes by row security",
    "is the user of this command",
    "is a member of another role",
    "owns tables",
)
# the other schemas that something of it was granted in
ELSEWHERE = """
SELECT DISTINCT nspname FROM pg_namespace n LEFT JOIN pg_class c ON relnamespace = n.oid, pg_roles r
WHERE rolname = '{role}' AND nspname NOT IN ('{schema}', 'pg_catalog', 'information_schema')
AND (EXISTS (SELECT FROM aclexplode(nspacl) WHERE grantee = r.oid) OR EXISTS (SELECT FROM aclexplode(relacl) WHERE grantee = r.oid))
"""
# the role that made its tables will make the next ones
OWNERS = """
SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relnamespace = '{schema}'::regnamespace AND relkind IN ('r', 'p')
AND pg_has_role(relowner, 'USAGE') UNION SELECT current_user
"""


class Role(msgspec.Struct, frozen=True):
    """`password` is empty where the role keeps its present one."""

    service: str
    role: str
    schema: str
    password: str


def grant(
    url: str,
    services: Sequence[str],
    schemas: Mapping[str, str] = NONE,
    *,
    prefix: str = PREFIX,
    password: str = "",
) -> list[Role]:
    """Makes the role `<prefix>_<service>` of each service, or sets it right: LOGIN, USAGE of its schema, its
    rows, nothing else.

    `password`: for all of them; empty: generated for a role that is new, and kept for one that is there. What
    another schema had granted is taken back. Errors: StoreUnusable, and then no role was changed.
    """
    if not on_server(url):
        raise StoreUnusable("roles are for a server: name a database in TRADEWIND_DATABASE_URL or DB_HOST")
    if password and not _PASSWORD.fullmatch(password):
        raise StoreUnusable("a role's password has 8 to 256 visible ASCII characters")
    if not _PLAIN.fullmatch(prefix) or len(prefix) > 30:
        raise StoreUnusable(
            f"prefix {prefix!r}: small letters, digits and _, from a letter on, 30 at the most"
        )
    place = database(url, Path(), schemas)

    one = _of_mysql if kind_of(url) == "mysql" else _of_postgres

    def work(connection: sa.Connection) -> list[Role]:
        with connection.begin():
            place.alone(connection)
            return [
                one(connection, place, service, role_of(url, prefix, service), password)
                for service in services
            ]

    try:
        return place.work(work)
    except sa.exc.SQLAlchemyError as error:
        why = str(getattr(error, "orig", None) or error).splitlines()[0].rpartition("Error'>: ")[2]
        way = next((way for word, way in WAYS.items() if word in why), "")
        raise StoreUnusable(f"{place.where}: no role was changed: {why}{way}") from error


def _of_mysql(connection: sa.Connection, place: Database, service: str, role: str, password: str) -> Role:
    given = mysql_roles.grant(connection, place, service, role, ROWS, password)
    return Role(service, role, place.namespace(service), given)


def _of_postgres(connection: sa.Connection, place: Database, service: str, role: str, password: str) -> Role:
    schema = place.namespace(service)

    def rows(text: str) -> list[tuple[object, ...]]:
        return [tuple(row) for row in connection.exec_driver_sql(text.format(role=role, schema=schema))]

    def run(*texts: str) -> None:
        for text in texts:
            connection.exec_driver_sql(text)

    if not rows("SELECT 1 FROM pg_namespace WHERE nspname = '{schema}'"):
        raise StoreUnusable(
            f"there is no schema {schema} yet: run `tradewind migrate run --service {service}` first"
        )
    facts = rows(FACTS)
    if facts and any(facts[0]):
        powers = ", ".join(says for says, has in zip(POWERS, facts[0], strict=True) if has)
        raise StoreUnusable(
            f"role {role} {powers}: it would reach more than {schema}; take that from it, or choose "
            f"another --prefix"
        )
    given = password or ("" if facts else secrets.token_urlsafe(24))
    run(
        f"{'ALTER' if facts else 'CREATE'} ROLE {role} LOGIN"
        + (f" PASSWORD '{verifier(given)}'" if given else "")
    )
    for (other,) in rows(ELSEWHERE):
        run(
            f'REVOKE ALL ON ALL TABLES IN SCHEMA "{other}" FROM {role}',
            f'REVOKE ALL ON SCHEMA "{other}" FROM {role}',
        )
    run(
        f"REVOKE ALL ON SCHEMA {schema} FROM PUBLIC, {role}",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM PUBLIC, {role}",
        f"GRANT USAGE ON SCHEMA {schema} TO {role}",
        f"GRANT {ROWS} ON ALL TABLES IN SCHEMA {schema} TO {role}",
    )
    for (owner,) in rows(OWNERS):
        run(
            f'ALTER DEFAULT PRIVILEGES FOR ROLE "{owner}" IN SCHEMA {schema} GRANT {ROWS} ON TABLES TO {role}'
        )
    # before version 15 every role may make tables there
    if rows(
        "SELECT 1 FROM pg_namespace WHERE nspname = 'public' AND has_schema_privilege('{role}', oid, "
        "'CREATE')"
    ):
        run("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    return Role(service, role, schema, given)


def verifier(password: str, salt: bytes = b"") -> str:
    """What the server keeps of a password (SCRAM-SHA-256, RFC 5803), so that it neither crosses the wire nor
    stands in a log.
    """
    salt = salt or secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), salt, ROUNDS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    parts = (
        base64.b64encode(part).decode()
        for part in (salt, stored, hmac.digest(salted, b"Server Key", "sha256"))
    )
    return f"SCRAM-SHA-256${ROUNDS}:{next(parts)}${next(parts)}:{next(parts)}"
