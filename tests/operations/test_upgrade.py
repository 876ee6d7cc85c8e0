"""An installation of version 0.1 upgrades in place, on both databases and in both of its blueprints: no row is
lost, the audit holds, and orders go on.

The files in `tests/fixtures/v0_1` are what that version wrote: three orders (one paid and partly refunded, one
declined, one out of stock), and for `rpc` two orders, a product and a payment.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.support.databases import own_database, rows
from tests.support.keeping import Keeping
from tests.support.people import People
from tests.support.program import run
from tests.support.shop import Shop, basket

KEPT = Path(__file__).parents[1] / "fixtures" / "v0_1"
ADMIN = {"email": "root@example.com", "password": "correct-horse-battery"}
ADA = {"email": "ada@example.com", "password": "correct-horse-battery"}
TABLES = (
    "orders.orders",
    "payments.payments",
    "payments.refunds",
    "invoices.invoices",
    "invoices.credit_notes",
    "notifications.notifications",
    "inventory.products",
    "users.users",
    "orders.log",
    "orders.inbox",
)
PLACED = {"CONFIRMED": 1, "FAILED": 2}


def load_postgres(url: str, script: str) -> None:
    async def load() -> None:
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(script)
        finally:
            await connection.close()

    asyncio.run(load())


def load_sqlite(path: Path, script: str) -> None:
    connection = sqlite3.connect(path)
    try:
        connection.executescript(script)
    finally:
        connection.close()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def installed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Keeping]:
    """The default blueprint of version 0.1, stopped."""
    data = tmp_path / "data"
    data.mkdir()
    # the names of idempotency keys are made with the key of the folder
    (data / "jwt.secret").write_text((KEPT / f"key_{request.param}").read_text())
    load_sqlite(data / "provider.db", (KEPT / f"provider_{request.param}.sql").read_text())
    script = (KEPT / f"default_{request.param}.sql").read_text()
    if request.param == "sqlite":
        load_sqlite(data / "tradewind.db", script)
        yield Keeping(data)
        return
    with own_database("upgrade") as url:
        load_postgres(url, script)
        yield Keeping(data, url)


def count(kept: Keeping, table: str) -> int:
    return int(kept.sql(f"SELECT count(*) FROM {{{table}}}")[0][0])


def test_the_default_blueprint(installed: Keeping) -> None:
    before = {table: count(installed, table) for table in TABLES}
    migrate = run("migrate", "up", "--data", str(installed.data), database_url=installed.url)
    assert (migrate.returncode, "orders engine_0001_messages" in migrate.stdout) == (0, True), migrate.stderr
    assert {table: count(installed, table) for table in TABLES} == before
    numbers = "SELECT number FROM {orders.orders} ORDER BY created_at, id"
    assert [number for (number,) in installed.sql(numbers)] == [1, 2, 3]
    again = run("migrate", "up", "--data", str(installed.data), database_url=installed.url)
    assert again.stdout == "nothing to do: the schema is up to date\n"

    shop = Shop(installed, People())
    shop.assert_clean()
    try:
        shop.start()
        connection = shop.connect()

        def call(method: str, path: str, body: Any, who: dict[str, str], **how: Any) -> Any:
            login = connection.call("POST", "/api/v1/auth/login", who).json
            return connection.call(method, f"/api/v1{path}", body, token=login["accessToken"], **how)

        old = call("GET", "/orders", None, ADMIN).json["data"]
        assert {status: sum(o["status"] == status for o in old) for status in PLACED} == PLACED
        replayed = call(
            "POST", "/orders", basket("tok_ok", ("TEA", 2)), ADA, headers={"Idempotency-Key": "k-tok_ok2"}
        )
        assert replayed.json["id"] in {order["id"] for order in old}
        placed = call("POST", "/orders", basket("tok_ok", ("TEA", 3)), ADA).json
        ended = call("GET", f"/orders/{placed['id']}", None, ADA, headers={"Prefer": "wait=30"}).json
        assert (ended["status"], ended["number"]) == ("CONFIRMED", 4)
        assert call("GET", "/orders?number=4", None, ADA).json["data"] == [ended]
        connection.close()
        assert shop.sigterm() == 0
        shop.assert_clean()
    finally:
        shop.close()


@pytest.mark.postgres
def test_the_blueprint_rpc(tmp_path: Path) -> None:
    with own_database("upgrade_rpc") as url:
        load_postgres(url, (KEPT / "rpc_postgres.sql").read_text())
        settings = {"database_url": url, "broker_url": "amqp://guest:guest@127.0.0.1:1"}
        words = ("--blueprint", "rpc", "--data", str(tmp_path))
        tables = (
            "order_schema.orders",
            "order_schema.log",
            "inventory_schema.products",
            "payment_schema.payments",
        )

        def counted() -> dict[str, int]:
            return {table: int(rows(url, f"SELECT count(*) FROM {table}")[0][0]) for table in tables}

        before = counted()
        assert before["order_schema.orders"] == 2
        migrate = run("migrate", "run", *words, **settings)
        assert (migrate.returncode, "payments engine_0001_messages" in migrate.stdout) == (0, True), (
            migrate.stderr
        )
        assert counted() == before
        numbers = rows(url, "SELECT number FROM order_schema.orders ORDER BY created_at, id")
        assert [number for (number,) in numbers] == [1, 2]
        audit = run("audit", *words, "--json", **settings)
        assert audit.returncode == 0, json.dumps(json.loads(audit.stdout), indent=1)
