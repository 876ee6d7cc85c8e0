"""The queue of blueprints `contracts` and `invoicing`, each service alone on its side of it: what is written on it,
what is taken from it, and what a process says of itself while it cannot be used.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pamqp import commands

from tests.support.apart import Apart, free, wait
from tests.support.databases import own_database, rows
from tests.support.http import Connection
from tests.support.program import run_in
from tests.support.queues import Outside, broker, do, fresh, outside
from tests.support.queues import until as soon
from tests.support.services_apart import clean_up
from tradewind.drivers.rabbitmq.amqp import Delivery

pytestmark = [pytest.mark.postgres, pytest.mark.rabbitmq, pytest.mark.slow]
CUSTOMER = "7c69ae16-a49a-4c3b-b507-88e40093a637"
SPELLED = {
    "contracts": '{{"orderId":"{0}","amount":5000,"customer":{{"id":"{1}"}}}}',
    "invoicing": '{{"pattern":"orders.created","data":{{"orderId":"{0}","amount":5000,"customer":{{"id":"{1}"}}}}}}',
}
INVOICES = "SELECT order_id, total, number FROM invoices.invoices ORDER BY number::int"


class Shop:
    def __init__(self, name: str, home: Path, databases: dict[str, str]) -> None:
        self.name, self._home, self.databases, self.queue = name, home, databases, fresh("orders")
        self.exchange, self.ports = fresh("exchange"), {word: free() for word in ("orders", "invoices")}
        self.variables = {
            **{f"{name.upper()}_{word.upper()}_PORT": str(port) for word, port in self.ports.items()},
            **{f"{service.upper()}_DATABASE_URL": url for service, url in databases.items()},
            **dict.fromkeys(("ORDERS_OPS_PORT", "INVOICES_OPS_PORT"), "0"),
            "BROKER_URL": broker(),
            "ORDERS_QUEUE": self.queue,
            "TRADEWIND_EVENT_EXCHANGE": self.exchange,
        }

    @asynccontextmanager
    async def serve(self, process: str) -> AsyncIterator[Apart]:
        home = self._home / f"{process}-{fresh('life')}"
        made = await asyncio.to_thread(Apart.serve, home, process, self.variables, blueprint=self.name)
        try:
            yield made
        finally:
            await asyncio.to_thread(made.close)

    async def call(self, at: str, method: str, path: str, body: Any = None) -> Any:
        def ask() -> Any:
            with Connection(self.ports[at]) as connection:
                return connection.call(method, path, body)

        return await asyncio.to_thread(ask)

    def command(self, *words: str) -> Any:
        """Of the operator, about dead letters."""
        return run_in(self.variables, "dead-letters", *words, "--blueprint", self.name)

    async def place(self) -> str:
        answer = await self.call("orders", "POST", "/orders", {"customerId": CUSTOMER, "amount": 5_000})
        assert answer.status == 201, answer
        return str(answer.json.get("orderId") or answer.json.get("id"))

    async def ready(self, at: str, status: int) -> str:
        """What the page says once it has this status."""

        def look() -> str:
            with Connection(self.ports[at]) as connection:
                answer = connection.call("GET", "/health/ready")
            return answer.body.decode() if answer.status == status else ""

        return await asyncio.to_thread(wait, look, f"{at} is {status}")

    async def invoices(self, count: int) -> list[Any]:
        def look() -> list[Any]:
            found = rows(self.databases["invoices"], INVOICES)
            return found if len(found) >= count else []

        return await asyncio.to_thread(wait, look, f"{count} invoices")


@pytest.fixture(params=SPELLED)
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    with ExitStack() as stack:
        databases = {
            service: stack.enter_context(own_database(f"queue_{request.param}_{service}"))
            for service in ("orders", "invoices")
        }
        made = Shop(request.param, tmp_path, databases)
        done = run_in(made.variables, "migrate", "run", "--blueprint", request.param)
        assert done.returncode == 0, done.stderr
        stack.callback(clean_up, made.queue, f"{made.queue}.dead", exchange=made.exchange)
        yield made


async def taken(other: Outside, queue: str, count: int) -> list[Delivery]:
    found: list[Delivery] = []
    tag = await other.link.consume(queue, found.append, no_ack=True)
    await soon(lambda: len(found) >= count, f"{count} messages of {queue}")
    await other.link.cancel(tag)
    return found


async def test_what_is_written_and_what_is_taken(shop: Shop) -> None:
    async with outside(broker()) as other:
        await other.link.declare_queue(shop.queue, durable=True)  # as any other program declares it
        async with shop.serve("orders"):
            order = await shop.place()
            (sent,) = await taken(other, shop.queue, 1)
        assert sent.body.decode() == SPELLED[shop.name].format(order, CUSTOMER)
        assert (sent.properties.type, sent.properties.delivery_mode) == ("orders.created", 2)
        bad = {
            b"x": "not-json",
            b'{"pattern":"orders.deleted","data":{}}': "unknown-pattern",
            json.dumps({"orderId": "first", "amount": 9, "customer": {"id": "c"}}).encode(): "conflict",
        }
        good = [
            SPELLED[name].format(f"{name} {copy}", CUSTOMER) for name in SPELLED for copy in ("a", "b", "a")
        ]
        other.send(
            shop.queue, json.dumps({"orderId": "first", "amount": 1, "customer": {"id": "c"}}).encode()
        )
        for text in (*bad, *(text.encode() for text in good)):
            other.send(shop.queue, text)
        async with shop.serve("invoices"):
            found = await shop.invoices(5)
            letters = await taken(other, f"{shop.queue}.dead", len(bad))
    assert {letter.body: (letter.properties.headers or {})["x-reason"] for letter in letters} == bad
    assert [int(number) for *_, number in found] == [1, 2, 3, 4, 5]
    assert {key: total for key, total, _ in found} == {
        "first": 1, "contracts a": 5_000, "contracts b": 5_000, "invoicing a": 5_000, "invoicing b": 5_000,
    }  # fmt: skip


async def test_an_operator_sees_its_dead_letters_and_sends_one_again(shop: Shop) -> None:
    """A conflict stays one, until the first order's invoice is gone; what is given up is gone."""
    pair = [
        json.dumps({"orderId": "first", "amount": amount, "customer": {"id": "c"}}).encode()
        for amount in (1, 9)
    ]
    async with outside(broker()) as other, shop.serve("invoices"):
        for body in (pair[0], b"x"):
            other.send(shop.queue, body)
        await shop.invoices(1)
        other.send(shop.queue, pair[1])

        def listed(count: int) -> dict[str, Any]:
            done = shop.command("list", "--json")
            found = {row["reason"]: row for row in json.loads(done.stdout)}
            return found if len(found) == count else {}

        found = await asyncio.to_thread(wait, lambda: listed(2), "two dead letters")
        assert set(found) == {"conflict", "not-json"}
        assert {(row["status"], row["name"], row["attempts"]) for row in found.values()} == {
            ("DEAD", "orders.created", 1)
        }
        conflict, broken = found["conflict"]["id"], found["not-json"]["id"]
        assert shop.command("replay", conflict).returncode == 0
        again = await asyncio.to_thread(
            wait, lambda: listed(2).get("conflict", {}).get("attempts") == 2, "again"
        )
        assert again
        rows(shop.databases["invoices"], "DELETE FROM invoices.invoices")
        rows(shop.databases["invoices"], "DELETE FROM invoices.inbox")
        assert shop.command("replay", conflict).returncode == 0
        assert [total for _, total, _ in await shop.invoices(1)] == [9]
        assert shop.command("discard", broken).returncode == 0
        assert await asyncio.to_thread(shop.command, "list") and not listed(1)
        assert shop.command("list").stdout == "none\n"
        for what in ("replay", "discard"):
            done = shop.command(what, broken)
            assert (done.returncode, done.stderr) == (1, f"tradewind: no dead letter {broken}\n")


async def test_a_queue_that_cannot_be_used_is_said_and_waited_for(shop: Shop) -> None:
    """Orders are accepted meanwhile, and published later; invoices has no new work without it."""
    async with outside(broker()) as other:
        await other.link.declare_queue(shop.queue, durable=True, arguments={"x-max-priority": 3})
        async with shop.serve("orders"), shop.serve("invoices"):
            assert "x-max-priority" in await shop.ready("orders", 200)
            assert "x-max-priority" in await shop.ready("invoices", 503)
            order = await shop.place()
            await do(other.link, commands.Queue.Delete(queue=shop.queue), "Queue.DeleteOk")
            assert [(key, total) for key, total, _ in await shop.invoices(1)] == [(order, 5_000)]
            assert "x-max-priority" not in await shop.ready("invoices", 200)


STUCK, CLIENTS = 5_200, 8


@pytest.mark.parametrize("shop", ["contracts"], indirect=True)
async def test_orders_stops_and_starts_while_thousands_cannot_be_published(shop: Shop) -> None:
    def place(count: int) -> None:
        with Connection(shop.ports["orders"]) as connection:
            for _ in range(count):
                assert connection.call("POST", "/orders", {"amount": 5}).status == 201

    def unpublished() -> int:
        return int(rows(shop.databases["orders"], "SELECT count(*) FROM orders.outbox")[0][0])

    async with outside(broker()) as other:
        await other.link.declare_queue(shop.queue, durable=True, arguments={"x-max-priority": 3})
        async with shop.serve("orders") as first:
            await asyncio.gather(*[asyncio.to_thread(place, STUCK // CLIENTS) for _ in range(CLIENTS)])
            assert await asyncio.to_thread(unpublished) == STUCK
            assert await asyncio.to_thread(first.stop) == 0
        await do(other.link, commands.Queue.Delete(queue=shop.queue), "Queue.DeleteOk")
        async with shop.serve("orders"):
            await asyncio.to_thread(wait, lambda: not unpublished(), "all are published")
            sent = await taken(other, shop.queue, STUCK)
        assert len({json.loads(one.body)["orderId"] for one in sent}) == len(sent) == STUCK
