"""The rows of the published system `events` come over: users with the hashes that bcrypt made, which the next log-in
replaces, and orders with their items.
"""

from __future__ import annotations

import bcrypt
import pytest

from tests.support.databases import Place
from tradewind.apis.kernel.passwords import Passwords
from tradewind.contracts.adopted import Values
from tradewind.core.clock import SystemClock
from tradewind.core.store import StoreUnusable
from tradewind.operations import adopt as moving
from tradewind.operations import export as handing
from tradewind.runtime import migrations
from tradewind.runtime.schema import schemas

SERVICES = ["users", "orders"]
API = "events-users"
ADA, ROOT, ORDER = (f"7c69ae16-a49a-4c3b-b507-88e40093a63{n}" for n in (1, 2, 3))
HASHED = bcrypt.hashpw(b"SecurePass123!", bcrypt.gensalt(4)).decode()
THEIRS = (
    "CREATE TABLE public.users (id uuid PRIMARY KEY, email varchar NOT NULL UNIQUE, name varchar NOT NULL, password "
    "varchar, role varchar NOT NULL DEFAULT 'user', \"createdAt\" timestamp NOT NULL)",
    'CREATE TABLE public.orders (id uuid PRIMARY KEY, "userId" varchar NOT NULL, items jsonb NOT NULL, "totalAmount" '
    'numeric NOT NULL, "createdAt" timestamp NOT NULL)',
    f"INSERT INTO public.users VALUES ('{ADA}', 'Ada@example.com', 'Ada', '{HASHED}', 'user', '2026-02-25 12:57:27.664')",
    f"INSERT INTO public.users VALUES ('{ROOT}', 'root@example.com', 'Root', '{HASHED}', 'admin', '2026-02-25 12:57:27')",
    f"INSERT INTO public.orders VALUES ('{ORDER}', '{ADA}', "
    '\'[{"price": 0.1, "quantity": 3, "productId": "product-1"}]\', 0.30000000000000004, \'2026-02-25 12:57:27.664\')',
)


@pytest.fixture
def place(postgres: Place) -> Place:
    """The original's rows, and none of ours."""
    postgres.outside("DROP SCHEMA public CASCADE")
    postgres.outside("CREATE SCHEMA public")
    for line in THEIRS:
        postgres.outside(line)
    migrations.up(postgres.url, postgres.data, schemas(SERVICES, [API]))
    return postgres


@pytest.mark.postgres
def test_users_and_orders_come_over_once(place: Place) -> None:
    postgres = place

    def taken() -> list[tuple[str, int, int]]:
        found = moving.adopt(postgres.url, SERVICES, {}, Values("EUR", 5), apis=[API])
        return [(one.service, one.adopted, len(one.left)) for one in found]

    assert taken() == [("users", 2, 0), ("users", 2, 0), ("orders", 1, 0)]
    assert taken()[0] == ("users", 0, 0), "again is nothing"
    assert postgres.outside("SELECT id, email, role, created_at FROM users.users ORDER BY id") == [
        (ADA, "ada@example.com", "customer", 1_772_024_247_664),
        (ROOT, "root@example.com", "admin", 1_772_024_247_000),
    ]
    assert postgres.outside("SELECT ids FROM users.admins") == [(f'["{ROOT}"]',)]
    (order,) = postgres.outside("SELECT id, customer_id, total, number, items FROM orders.orders")
    assert order[:4] == (ORDER, ADA, 30, 1)
    assert '"productId":"product-1"' in order[4] and '"quantity":3' in order[4]


def adopt(place: Place, zone: str = "") -> None:
    moving.adopt(place.url, SERVICES, {}, Values("EUR", 5), apis=[API], zone=zone)


def export(place: Place, zone: str = "", *, dry_run: bool = False) -> list[tuple[str, int, bool]]:
    found = handing.export(place.url, SERVICES, {}, apis=[API], zone=zone, dry_run=dry_run)
    return [(one.table, one.written, one.made) for one in found]


@pytest.mark.postgres
def test_times_without_a_zone_are_of_the_zone_that_is_named(place: Place) -> None:
    adopt(place, "Europe/Berlin")
    an_hour_before = 1_772_024_247_664 - 3_600_000
    assert place.outside(f"SELECT created_at FROM users.users WHERE id = '{ADA}'") == [(an_hour_before,)]
    assert place.outside("SELECT created_at FROM orders.orders") == [(an_hour_before,)]
    export(place, "Europe/Berlin")
    written = 'SELECT "createdAt"::text FROM public.orders'
    assert place.outside(written) == [("2026-02-25 12:57:27.664",)], "as it was"
    export(place)
    assert place.outside(written) == [("2026-02-25 11:57:27.664",)]


@pytest.mark.postgres
def test_rows_go_back_as_the_original_wrote_them(place: Place) -> None:
    theirs = [place.outside(f"SELECT * FROM public.{name} ORDER BY id") for name in ("users", "orders")]
    adopt(place)
    place.outside("DROP TABLE public.users, public.orders")
    assert export(place, dry_run=True) == [("public.users", 2, True), ("public.orders", 1, True)]
    assert export(place) == [("public.users", 2, True), ("public.orders", 1, True)]
    assert export(place) == [("public.users", 0, False), ("public.orders", 0, False)], "again is nothing"
    users, orders = (
        place.outside(f"SELECT * FROM public.{name} ORDER BY id") for name in ("users", "orders")
    )
    assert [row[1] for row in users] == ["ada@example.com", "root@example.com"], "folded, as ours are"
    assert [(row[0], *row[2:]) for row in users] == [(row[0], *row[2:]) for row in theirs[0]]
    (order,), (before,) = orders, theirs[1]
    assert (order[:2], float(order[3]), order[4:]) == (before[:2], 0.3, before[4:]), "without float noise"
    same = 'SELECT items = \'[{"price": 0.1, "quantity": 3, "productId": "product-1"}]\' FROM public.orders'
    assert place.outside(same) == [(True,)]


@pytest.mark.postgres
def test_what_is_new_here_and_what_changed_is_written_beside_what_they_have(place: Place) -> None:
    adopt(place)
    assert export(place) == [("public.users", 1, False), ("public.orders", 1, False)], "an e-mail, a total"
    place.outside(f"UPDATE users.users SET name = 'Ada L', role = 'admin' WHERE id = '{ADA}'")
    place.outside(f"UPDATE users.users SET status = 'DELETED', name = '' WHERE id = '{ROOT}'")
    assert export(place) == [("public.users", 1, False), ("public.orders", 0, False)]
    assert place.outside("SELECT name, role FROM public.users ORDER BY id") == [
        ("Ada L", "admin"),
        ("Root", "admin"),
    ]


@pytest.mark.postgres
def test_a_zone_is_refused_where_no_table_needs_it(place: Place) -> None:
    migrations.up(place.url, place.data, schemas(["payments"], ["events-payments"]))
    with pytest.raises(StoreUnusable, match="leave --zone out"):
        handing.export(place.url, ["payments"], {}, apis=["events-payments"], zone="Europe/Berlin")


async def test_a_hash_of_bcrypt_is_verified_and_is_one_to_replace() -> None:
    passwords = Passwords(SystemClock())
    assert await passwords.verify(HASHED, "SecurePass123!")
    assert not await passwords.verify(HASHED, "SecurePass123?")
    assert not await passwords.verify("$2b$nonsense", "SecurePass123!")
    assert passwords.outdated(HASHED) and not passwords.outdated(await passwords.hash("SecurePass123!"))
    passwords.close()
