"""The way in and back for two published systems: their rows become ours, ours are read under their table's name, and
go back into a table of theirs.
"""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from tests.support.databases import Place
from tradewind.cli.app import app
from tradewind.contracts.adopted import Values
from tradewind.core.store import StoreUnusable
from tradewind.operations import adopt as moving
from tradewind.operations import export as handing
from tradewind.runtime import migrations
from tradewind.runtime.migrations import ServiceSchema
from tradewind.runtime.schema import schemas

pytestmark = pytest.mark.postgres
ORDER, OTHER = "7c69ae16-a49a-4c3b-b507-88e40093a637", "7c69ae16-a49a-4c3b-b507-88e40093a638"
AT = "2026-02-25 12:57:27.664"
MS = 1_772_024_247_664
THEIRS = {
    "contracts": [
        "CREATE TYPE public.order_status AS ENUM ('pending', 'paid', 'canceled')",
        "CREATE TABLE public.customers (id text PRIMARY KEY, name text NOT NULL, email text NOT NULL UNIQUE, address "
        "text NOT NULL, state text NOT NULL, zip_code text NOT NULL, country text NOT NULL, date_of_birth date)",
        "CREATE TABLE public.orders (id text PRIMARY KEY, customer_id text NOT NULL REFERENCES public.customers, "
        "amount integer NOT NULL, status public.order_status NOT NULL DEFAULT 'pending', created_at timestamp NOT "
        "NULL DEFAULT now())",
        "INSERT INTO public.customers VALUES ('1651654165', 'Ada', 'ada@example.com', 'A 1', 'X', '1', 'PL', "
        "'1990-02-03')",
        f"INSERT INTO public.orders VALUES ('{ORDER}', '1651654165', 5000, 'paid', '{AT}')",
    ],
    "invoicing": [
        'CREATE TABLE public."Order" (id text PRIMARY KEY, "customerId" text NOT NULL, amount integer NOT NULL)',
        f"INSERT INTO public.\"Order\" VALUES ('{ORDER}', '0192f0c1-0000-4000-8000-000000000001', 5000)",
    ],
}
TABLE = {"contracts": "public.orders", "invoicing": 'public."Order"'}
COLUMNS = {"contracts": "id, customer_id, amount", "invoicing": 'id, "customerId", amount'}


@pytest.fixture
def place(postgres: Place) -> Place:
    """Nothing of an earlier test is in the schema of the published tables."""
    postgres.outside("DROP SCHEMA public CASCADE")
    postgres.outside("CREATE SCHEMA public")
    return postgres


def of(api: str) -> list[ServiceSchema]:
    return schemas(["orders", "invoices"], [api])


def adopt(place: Place, api: str) -> list[tuple[str, int, int]]:
    found = moving.adopt(place.url, ["orders", "invoices"], {}, Values("EUR", 5), apis=[api])
    return [(one.table, one.adopted, len(one.left)) for one in found]


def export(place: Place, api: str, dry_run: bool = False) -> list[tuple[str, int, bool]]:
    found = handing.export(place.url, ["orders", "invoices"], {}, apis=[api], dry_run=dry_run)
    return [(one.table, one.written, one.made) for one in found]


@pytest.mark.parametrize("api", ["contracts", "invoicing"])
def test_their_rows_come_over_beside_their_table_and_then_the_view_takes_its_name(
    place: Place, api: str
) -> None:
    for line in THEIRS[api]:
        place.outside(line)
    migrations.up(place.url, place.data, of(api))
    assert adopt(place, api)[-1][1:] == (1, 0)
    assert adopt(place, api)[-1][1:] == (0, 0), "again is nothing"
    (order,) = place.outside(
        "SELECT id, status, total, currency, expires_at, number, adopted_at, items, created_at FROM orders.orders"
    )
    assert order[:7] == (ORDER, "CONFIRMED" if api == "contracts" else "PENDING", 5000, "EUR", 0, 1, 5)
    assert '"productId":"","sku":"","name":"","quantity":1' in order[7]
    assert order[8] == (MS if api == "contracts" else 5)
    theirs = place.outside(f"SELECT {COLUMNS[api]} FROM {TABLE[api]}")
    place.outside(f"ALTER TABLE {TABLE[api]} RENAME TO before")
    migrations.up(place.url, place.data, of(api))
    assert place.outside(f"SELECT {COLUMNS[api]} FROM {TABLE[api]}") == theirs
    kinds = "SELECT relkind::text FROM pg_class WHERE oid = to_regclass('{}')"
    assert place.outside(kinds.format(TABLE[api])) == [("v",)]


def test_a_customer_comes_over_with_what_is_known(place: Place) -> None:
    for line in THEIRS["contracts"]:
        place.outside(line)
    migrations.up(place.url, place.data, of("contracts"))
    assert adopt(place, "contracts") == [("public.customers", 1, 0), ("public.orders", 1, 0)]
    found = place.outside("SELECT id, name, email, zip_code, date_of_birth, created_at FROM orders.customers")
    assert found == [("1651654165", "Ada", "ada@example.com", "1", "1990-02-03", 5)]


@pytest.mark.parametrize("api", ["contracts", "invoicing"])
@pytest.mark.parametrize("amount", [0, -5])
def test_what_is_no_amount_is_left_with_its_reason(place: Place, api: str, amount: int) -> None:
    for line in THEIRS[api]:
        place.outside(line.replace("5000", str(amount)))
    migrations.up(place.url, place.data, of(api))
    (*_, last) = moving.adopt(place.url, ["orders"], {}, Values("EUR", 5), apis=[api])
    assert (last.adopted, [left.why for left in last.left]) == (
        0,
        [f"{amount} is no amount from 1 to 2147483647"],
    )


def order(place: Place, key: str, amount: int, status: str = "PENDING", customer: str = "c") -> None:
    place.outside(
        f"INSERT INTO orders.orders SELECT '{key}', '{status}', 'none', '{customer}', '[]', {amount}, 'EUR', NULL, '', "
        f"0, 1, {MS}, {MS}, NULL, NULL, count(*) + 1 FROM orders.orders"
    )


@pytest.mark.parametrize("api", ["contracts", "invoicing"])
def test_our_rows_go_back_into_a_table_that_takes_the_name_of_our_view(place: Place, api: str) -> None:
    migrations.up(place.url, place.data, of(api))
    order(place, ORDER, 5000)
    seen = place.outside(f"SELECT * FROM {TABLE[api]}")
    assert export(place, api, dry_run=True)[-1 if api == "invoicing" else 1] == (
        TABLE[api].replace("public.orders", "public.orders"),
        1,
        True,
    )
    assert place.outside(f"SELECT relkind::text FROM pg_class WHERE oid = to_regclass('{TABLE[api]}')") == [
        ("v",)
    ]
    export(place, api)
    assert place.outside(f"SELECT relkind::text FROM pg_class WHERE oid = to_regclass('{TABLE[api]}')") == [
        ("r",)
    ]
    assert place.outside(f"SELECT * FROM {TABLE[api]}") == seen
    assert [written for _, written, _ in export(place, api)] == [0] * (3 if api == "contracts" else 1)
    order(place, OTHER, 7)
    place.outside(f"UPDATE orders.orders SET total = 6 WHERE id = '{ORDER}'")
    assert sum(written for _, written, _ in export(place, api)) == 2
    assert sorted(place.outside(f"SELECT id, amount FROM {TABLE[api]}")) == [(ORDER, 6), (OTHER, 7)]
    assert migrations.up(place.url, place.data, of(api)) == [], "the table keeps the name"


def test_rows_go_back_into_the_table_that_the_original_made(place: Place) -> None:
    for line in THEIRS["contracts"]:
        place.outside(line)
    migrations.up(place.url, place.data, of("contracts"))
    adopt(place, "contracts")
    order(place, OTHER, 7, "CANCELLED", customer="bare")
    order(place, "third", 8, customer="bare2")
    for customer in ("bare", "bare2"):
        place.outside(f"INSERT INTO orders.customers VALUES ('{customer}', {MS}, '', '', '', '', '', '', '')")
    assert export(place, "contracts")[:2] == [("public.customers", 2, False), ("public.orders", 2, False)]
    assert place.outside("SELECT id, status::text FROM public.orders ORDER BY amount") == [
        (OTHER, "canceled"),
        ("third", "pending"),
        (ORDER, "paid"),
    ]
    emails = place.outside("SELECT email FROM public.customers WHERE id LIKE 'bare%' ORDER BY 1")
    assert emails == [("bare2@customer.invalid",), ("bare@customer.invalid",)]


def test_what_is_not_the_published_table_is_refused_and_nothing_written(place: Place) -> None:
    migrations.up(place.url, place.data, schemas(["orders"], ["rpc"]))
    place.outside('CREATE TABLE public."Order" (id text PRIMARY KEY)')
    with pytest.raises(
        StoreUnusable, match=r'public\."Order" is not the published table: it has no column customerId'
    ):
        handing.export(place.url, ["orders"], {}, apis=["invoicing"])
    place.outside('DROP TABLE public."Order"')
    place.outside('CREATE VIEW public."Order" AS SELECT 1 AS id')
    with pytest.raises(StoreUnusable, match="Order is a view of somebody else: rename it first"):
        handing.export(place.url, ["orders"], {}, apis=["invoicing"])
    with pytest.raises(StoreUnusable, match="lie in PostgreSQL"):
        handing.export("", ["orders"], {}, apis=["invoicing"])


def test_the_way_in_and_back_by_the_commands_of_the_page(place: Place) -> None:
    env = {f"{service}_DATABASE_URL": place.url for service in ("ORDERS", "INVOICES")}

    def migrate(*words: str) -> str:
        done = CliRunner().invoke(app, ["migrate", *words, "--blueprint", "contracts"], env=env)
        assert done.exit_code == 0, done.output
        return done.stdout

    for line in THEIRS["contracts"]:
        place.outside(line)
    said = migrate("run")
    assert "orders +index orders_published_customer" in said
    assert "view public.orders" not in said, "their table has the name"
    assert "public.orders                          1 of 1 new rows would be adopted" in migrate(
        "adopt", "--dry-run"
    )
    assert "public.orders                          1 of 1 new rows adopted" in migrate("adopt")
    place.outside("ALTER TABLE public.orders RENAME TO orders_before")
    place.outside("ALTER TABLE public.customers RENAME TO customers_before")
    assert "pending: view public.customers, view public.orders" in migrate("status")
    assert migrate("run").splitlines() == ["orders +view public.customers", "orders +view public.orders"]
    assert place.outside("SELECT amount, status FROM public.orders") == [(5000, "paid")]
    assert "public.orders                          1 rows written, a table that was not there" in migrate(
        "export"
    )
    assert place.outside("SELECT amount, status FROM public.orders") == [(5000, "paid")]
