"""A blueprint that nobody publishes, with each way in which published systems differ, by real processes: its API and
its table come from outside the tree, and no service knows of them.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.support.apart import Apart, wait
from tests.support.databases import own_database, rows
from tests.support.http import Connection
from tests.support.program import PROGRAM, environment
from tests.support.queues import broker, outside
from tests.support.services_apart import clean_up, process_name
from tradewind.drivers.rabbitmq.amqp import Delivery

pytestmark = [pytest.mark.postgres, pytest.mark.rabbitmq, pytest.mark.slow]
FILE = Path(__file__).with_name("numbered.toml")
SERVICES = ["orders", "payments", "invoices"]


class Numbered:
    """The shop, from outside."""

    def __init__(self, home: Path, databases: Mapping[str, str], exchange: str) -> None:
        self.home, self.databases, self.paid_queue = home, databases, f"{exchange}.paid"
        self.variables = {
            **{f"{service.upper()}_DATABASE_URL": url for service, url in databases.items()},
            "BROKER_URL": broker(),
            "TRADEWIND_EVENT_EXCHANGE": exchange,
            "TRADEWIND_QUEUE_TYPE": "classic",
        }
        self.running = Apart.up(home, self.variables, "--port", "0", blueprint=str(FILE))

    def call(self, method: str, path: str, body: Any = None, **how: Any) -> tuple[int, Any]:
        with Connection(self.running.ports["gateway-1"]) as connection:
            answer = connection.call(method, path, body, **how)
        return answer.status, answer.json

    def place(self, customer: str, amount: int) -> dict[str, Any]:
        """An order, tried again under the same key while a process is away."""
        key, body = uuid.uuid4().hex, {"customerId": customer, "amount": amount}

        def ask() -> dict[str, Any] | None:
            status, made = self.call("POST", "/orders", body, key=key)
            assert status == 201 or status >= 500, made
            return dict(made) if status == 201 else None

        made = wait(ask, "an order is accepted")
        assert made is not None
        return made

    def paid(self, number: int) -> dict[str, Any]:
        """Once it is."""

        def look() -> dict[str, Any] | None:
            status, found = self.call("GET", f"/orders/{number}")
            assert status == 200 or status >= 500, found
            return found if status == 200 and found["status"] == "CONFIRMED" else None

        found = wait(look, f"order {number} is paid")
        assert found is not None
        return found

    def invoice(self, order: str) -> dict[str, Any]:

        def look() -> list[dict[str, Any]]:
            status, found = self.call("GET", f"/invoices/{order}")
            return list(found) if status == 200 else []

        (found,) = wait(look, f"order {order} has an invoice")
        return found

    def outside(self, text: str, service: str = "orders") -> list[Any]:
        """What a program of another team reads."""
        return rows(self.databases[service], text)

    def audit(self) -> str:
        """By a command that is not told which blueprint it is."""
        words = [*PROGRAM, "audit", "--data", str(self.home / "data")]
        done = subprocess.run(
            words, env={**environment(), **self.variables}, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Numbered]:
    exchange = f"tw-numbered-{uuid.uuid4().hex[:8]}"
    with ExitStack() as stack:
        databases = {name: stack.enter_context(own_database(f"numbered_{name}")) for name in SERVICES}
        made = Numbered(tmp_path_factory.mktemp("numbered"), databases, exchange)
        try:
            yield made
        finally:
            made.running.close()
            clean_up(made.paid_queue, f"{made.paid_queue}.dead", exchange=exchange)


def test_an_order_of_an_amount_is_paid_invoiced_and_read_from_the_published_table(shop: Numbered) -> None:
    made = shop.place("1651654165", 5_000)
    assert (made["amount"], made["customerId"], uuid.UUID(made["uuid"]).version) == (5_000, "1651654165", 4)
    assert isinstance(made["id"], int)
    assert shop.paid(made["id"])["uuid"] == made["uuid"]
    bill = shop.invoice(made["uuid"])
    assert (bill["amount"], bill["customerId"]) == (5_000, "1651654165")
    (row,) = shop.outside(f'SELECT * FROM orders."Order" WHERE id = {made["id"]}')
    assert row[:4] == (made["id"], "1651654165", 5_000, "paid")
    assert row[4].tzinfo is None
    assert shop.outside("SELECT id FROM orders.customers WHERE id = '1651654165'") == [("1651654165",)]


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("id = 7", "orders_number"),
        ('"customerId" = \'c7\' ORDER BY "placedAt" DESC LIMIT 20', "orders_published_customer"),
    ],
)
def test_its_queries_by_id_and_by_customer_use_an_index(shop: Numbered, query: str, index: str) -> None:
    shop.place("c7", 1)
    with_rows = (
        "INSERT INTO orders.orders SELECT gen_random_uuid(), 'CONFIRMED', 'none', 'c' || n % 500, '[]', 1, 'EUR', "
        "NULL, '', 0, 1, n, n, NULL, 1, 1000000 + n FROM generate_series(1, 20000) n"
    )
    if shop.outside("SELECT count(*) FROM orders.orders WHERE adopted_at IS NOT NULL")[0][0] == 0:
        shop.outside(with_rows)
    shop.outside("ANALYZE orders.orders")
    plan = "\n".join(line for (line,) in shop.outside(f'EXPLAIN SELECT * FROM orders."Order" WHERE {query}'))
    assert f"Index Scan using {index}" in plan.replace("Index Scan Backward", "Index Scan"), plan
    assert "Sort" not in plan and "Seq Scan" not in plan and "CAST" not in plan, plan


def test_the_integer_columns_are_integers(shop: Numbered) -> None:
    found = shop.outside(
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'Order' ORDER BY 1"
    )
    assert dict(found) == {
        "id": "bigint",  # our number as it is: not cast, so that its index serves
        "customerId": "text",
        "amount": "integer",
        "status": "text",
        "placedAt": "timestamp without time zone",
    }
    assert shop.outside(
        "SELECT is_insertable_into FROM information_schema.tables WHERE table_name = 'Order'"
    ) == [("NO",)]


def test_a_kill_of_any_process_under_load_leaves_no_order_without_its_invoice_and_no_gap(
    shop: Numbered,
) -> None:
    with ThreadPoolExecutor(4) as clients:
        for process in ("orders", "invoices", "payments"):
            placed = [clients.submit(shop.place, f"k{n}", 100 + n) for n in range(40)]
            victim = next(pid for pid in shop.running.children if process_name(pid) == process)
            os.kill(victim, signal.SIGKILL)
            for one in placed:
                made = one.result()
                shop.paid(made["id"])
                assert shop.invoice(made["uuid"])["amount"] == made["amount"]
    found = shop.outside("SELECT number FROM invoices.invoices", "invoices")
    numbers = [int(number) for (number,) in found]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))


async def test_the_payment_travels_in_the_form_of_others_on_a_queue_without_arguments(shop: Numbered) -> None:
    made = shop.place("c9", 900)
    shop.paid(made["id"])
    async with outside(broker()) as other:
        await other.link.declare_queue(shop.paid_queue, durable=True)  # 406, if it had any
        for body in (
            {"order": made["uuid"], "payment": "theirs", "amount": 900},  # a copy of what was said
            {"order": 7},
        ):
            other.send(shop.paid_queue, json.dumps(body).encode())
        letters: asyncio.Queue[Delivery] = asyncio.Queue()
        await other.link.consume(f"{shop.paid_queue}.dead", letters.put_nowait, no_ack=True)
        async with asyncio.timeout(30):
            letter = await letters.get()
        assert json.loads(letter.body) == {"order": 7}
        assert str((letter.properties.headers or {})["x-reason"]).startswith("invalid")
        assert letters.empty()
    assert shop.paid(made["id"])["amount"] == 900


def test_the_audit_needs_no_blueprint_and_checks_what_is_wired(shop: Numbered) -> None:
    shop.outside("DELETE FROM orders.orders WHERE adopted_at IS NOT NULL")  # those of the query plans
    said = shop.audit()
    assert "all hold" in said
    states = {line[11:].partition("  ")[0].strip(): line.partition(" ")[0] for line in said.splitlines()[:-1]}
    assert states["invoice numbers and hash chain"] == "ok"
    assert states["stock"] == "-", "no service here has stock"
