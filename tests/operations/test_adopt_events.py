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
from tradewind.operations import adopt as moving
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


@pytest.mark.postgres
def test_users_and_orders_come_over_once(postgres: Place) -> None:
    postgres.outside("DROP SCHEMA public CASCADE")
    postgres.outside("CREATE SCHEMA public")
    for line in THEIRS:
        postgres.outside(line)
    migrations.up(postgres.url, postgres.data, schemas(SERVICES, [API]))

    def adopt() -> list[tuple[str, int, int]]:
        found = moving.adopt(postgres.url, SERVICES, {}, Values("EUR", 5), apis=[API])
        return [(one.service, one.adopted, len(one.left)) for one in found]

    assert adopt() == [("users", 2, 0), ("users", 2, 0), ("orders", 1, 0)]
    assert adopt()[0] == ("users", 0, 0), "again is nothing"
    assert postgres.outside("SELECT id, email, role, created_at FROM users.users ORDER BY id") == [
        (ADA, "ada@example.com", "customer", 1_772_024_247_664),
        (ROOT, "root@example.com", "admin", 1_772_024_247_000),
    ]
    assert postgres.outside("SELECT ids FROM users.admins") == [(f'["{ROOT}"]',)]
    (order,) = postgres.outside("SELECT id, customer_id, total, number, items FROM orders.orders")
    assert order[:4] == (ORDER, ADA, 30, 1)
    assert '"productId":"product-1"' in order[4] and '"quantity":3' in order[4]


async def test_a_hash_of_bcrypt_is_verified_and_is_one_to_replace() -> None:
    passwords = Passwords(SystemClock())
    assert await passwords.verify(HASHED, "SecurePass123!")
    assert not await passwords.verify(HASHED, "SecurePass123?")
    assert not await passwords.verify("$2b$nonsense", "SecurePass123!")
    assert passwords.outdated(HASHED) and not passwords.outdated(await passwords.hash("SecurePass123!"))
    passwords.close()
