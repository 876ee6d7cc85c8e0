"""A role per service: it can do its service's work, and touches no other schema."""

import base64
import itertools
import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import sqlalchemy as sa

from tests.support.databases import Place
from tradewind.core.store import StoreUnusable
from tradewind.engine.tables import framework_tables
from tradewind.runtime import migrations, roles
from tradewind.runtime.databases import database
from tradewind.runtime.schema import schema, schemas
from tradewind.runtime.stores import open_store

pytestmark = pytest.mark.postgres
SCHEMAS = {"orders": "order_schema", "inventory": "inventory_schema", "payments": "payment_schema"}
SERVICES = list(SCHEMAS)
PREFIX = f"tw{os.getpid()}"  # roles are one per server


@pytest.fixture
def shop(postgres: Place) -> Iterator[Place]:
    """Migrated, with what NestJS has in one of the schemas."""
    migrations.up(postgres.url, postgres.data, schemas(SERVICES), SCHEMAS)
    postgres.outside('CREATE TABLE order_schema."order" (id uuid PRIMARY KEY)')
    yield postgres
    for (role,) in postgres.outside(f"SELECT rolname FROM pg_roles WHERE rolname LIKE '{PREFIX}%%'"):
        postgres.outside(f"DROP OWNED BY {role}")
        postgres.outside(f"DROP ROLE {role}")


def grant(shop: Place, *services: str, password: str = "") -> list[roles.Role]:
    return roles.grant(shop.url, services or SERVICES, SCHEMAS, prefix=PREFIX, password=password)


def url_of(shop: Place, role: str, password: str = "") -> str:
    parts = urlsplit(shop.url)
    return parts._replace(netloc=f"{role}:{quote(password)}@{parts.hostname}:{parts.port}").geturl()


def allowed(shop: Place, role: str, *texts: str) -> list[str]:
    """Those that are not refused for want of a right."""

    def refused(connection: sa.Connection, text: str) -> bool:
        try:
            with connection.begin():
                connection.exec_driver_sql(text)
        except sa.exc.DBAPIError as error:
            return getattr(error.orig, "sqlstate", "") == "42501"
        return False

    return database(url_of(shop, role), shop.data).work(
        lambda connection: [text for text in texts if not refused(connection, text)]
    )


def attempts(schema: str, table: str) -> list[str]:
    name = f"{schema}.{table}"
    return [
        f"SELECT 1 FROM {name}",
        f"DELETE FROM {name}",
        f"TRUNCATE {name}",
        f"DROP TABLE {name}",
        f"LOCK TABLE {name}",
        f"CREATE TABLE {schema}.mine (id int)",
        f"CREATE VIEW {schema}.mine AS SELECT 1",
    ]


def test_no_role_touches_another_schema(shop: Place) -> None:
    made = grant(shop)
    assert [(one.service, one.role, one.schema) for one in made] == [
        (s, f"{PREFIX}_{s}", SCHEMAS[s]) for s in SERVICES
    ]
    for one, other in itertools.permutations(made, 2):
        tables = [
            *(table.name for table in schema(other.service).md.tables.values()),
            "schema_steps",
            '"order"',
        ]
        texts = [text for table in tables for text in attempts(other.schema, table)]
        texts += [
            f"INSERT INTO {other.schema}.inbox VALUES ('a', '', 0, '', 1)",
            f"UPDATE {other.schema}.inbox SET at = 1",
        ]
        assert allowed(shop, one.role, *texts) == []


def test_a_role_has_its_rows_and_no_more_of_its_schema(shop: Place) -> None:
    for one in grant(shop):
        rows = [
            text.format(one.schema)
            for text in (
                "INSERT INTO {}.inbox VALUES ('a', '', 0, '', 1)",
                "UPDATE {}.inbox SET at = 2",
                "DELETE FROM {}.inbox",
                "TABLE {}.schema_steps",
            )
        ]
        assert allowed(shop, one.role, *rows) == rows
        more = [
            text.format(one.schema)
            for text in (
                "CREATE TABLE {}.mine (id int)",
                "TRUNCATE {}.inbox",
                "DROP TABLE {}.inbox",
                "ALTER TABLE {}.inbox ADD x int",
                "CREATE SCHEMA mine",
                "CREATE TABLE public.mine (id int)",
                "CREATE ROLE somebody",
                "ALTER ROLE postgres NOLOGIN",
                "SELECT * FROM pg_authid",
                "SET ROLE postgres",
            )
        ]
        assert allowed(shop, one.role, *more) == []


async def test_a_service_runs_as_its_role_also_on_tables_of_later_steps(shop: Place) -> None:
    (made,) = grant(shop, "orders")
    postgres, last = (shop.url, shop.data), [schema("orders")]
    while migrations.revert(*postgres, last, SCHEMAS):
        pass
    migrations.up(*postgres, last, SCHEMAS)
    assert migrations.schema_state(url_of(shop, made.role), last, SCHEMAS) == ""
    store = open_store(url_of(shop, made.role, made.password), shop.data, exclusive=False, schemas=SCHEMAS)
    await store.open()
    transaction = await store.begin()
    row: tuple[Any, ...] = (1, "id", "said", "key", "{}", "", "", 1)
    await transaction.insert(framework_tables("orders").log, [row])
    await transaction.commit()
    await store.close()
    assert shop.outside("SELECT seq, name FROM order_schema.log") == [(1, "said")]


def test_again_sets_it_right_and_keeps_the_password(shop: Place) -> None:
    first = grant(shop)
    assert all(len(one.password) == 32 for one in first) and len({one.password for one in first}) == 3
    kept = "SELECT rolname, rolpassword FROM pg_authid WHERE rolname LIKE 'tw%%' ORDER BY 1"
    before, role = shop.outside(kept), first[0].role
    for given in (
        f"GRANT USAGE, CREATE ON SCHEMA payment_schema TO {role}",
        f"GRANT SELECT ON payment_schema.payments TO {role}",
        f"GRANT CREATE ON SCHEMA order_schema TO {role}",
        f"GRANT TRUNCATE ON order_schema.inbox TO {role}",
    ):
        shop.outside(given)
    reached = [
        "SELECT * FROM payment_schema.payments",
        "CREATE TABLE order_schema.mine (id int)",
        "TRUNCATE order_schema.inbox",
    ]
    assert allowed(shop, role, *reached) == reached
    shop.outside("DROP TABLE order_schema.mine")
    assert [one.password for one in grant(shop)] == ["", "", ""]
    assert allowed(shop, role, *reached) == []
    assert shop.outside(kept) == before
    assert grant(shop, "orders", password="a-good-password")[0].password == "a-good-password"
    assert shop.outside(kept) != before


def test_the_server_gets_what_it_would_have_made_of_the_password_itself(shop: Place) -> None:
    (made,) = grant(shop, "orders", password="pencil-and-paper")
    shop.outside(f"ALTER ROLE {made.role} PASSWORD 'pencil-and-paper'")
    ((its_own,),) = shop.outside(f"SELECT rolpassword FROM pg_authid WHERE rolname = '{made.role}'")
    salt = base64.b64decode(its_own.split(":")[1].split("$")[0])
    assert roles.verifier("pencil-and-paper", salt) == its_own


@pytest.mark.parametrize(
    ("power", "says"),
    [
        ("SUPERUSER", "is a superuser"),
        ("CREATEROLE", "may make roles"),
        ("IN ROLE pg_read_all_data", "is a member of"),
    ],
)
def test_a_role_that_would_reach_further_is_refused_and_nothing_changed(
    shop: Place, power: str, says: str
) -> None:
    shop.outside(f"CREATE ROLE {PREFIX}_payments {power}")
    with pytest.raises(
        StoreUnusable, match=f"role {PREFIX}_payments {says}.*take that from it, or choose another --prefix"
    ):
        grant(shop)
    assert shop.outside(f"SELECT rolname FROM pg_roles WHERE rolname LIKE '{PREFIX}%%'") == [
        (f"{PREFIX}_payments",)
    ]


def test_what_cannot_be_is_said_in_one_line(shop: Place) -> None:
    (made,) = grant(shop, "orders")
    for url, services, words, says in (
        ("", SERVICES, {}, "roles are for a server"),
        (
            shop.url,
            ["users"],
            {},
            "there is no schema users yet: run `tradewind migrate run --service users` first",
        ),
        (shop.url, SERVICES, {"password": "short"}, "8 to 256"),
        (shop.url, SERVICES, {"prefix": 'x"; DROP'}, "small letters"),
        (
            url_of(shop, made.role),
            ["payments"],
            {"prefix": f"{PREFIX}b"},
            "no role was changed: permission denied.*needs CREATEROLE",
        ),
    ):
        with pytest.raises(StoreUnusable, match=says) as told:
            roles.grant(url, services, SCHEMAS, **{"prefix": PREFIX, **words})
        assert "\n" not in str(told.value)
