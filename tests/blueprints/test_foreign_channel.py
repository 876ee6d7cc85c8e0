"""A queue of another team between two services of ours: durable, without arguments, messages without ids. Both
sides of it are also played by a program on amqplib, and the consumer is killed on the way.
"""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.interop.nest import Program, installed
from tests.support.apart import Apart, wait
from tests.support.broker import own_vhost
from tests.support.databases import own_database, rows
from tests.support.program import PROGRAM, environment
from tradewind.apis.services import wire
from tradewind.apis.services.client import ServicesGateway
from tradewind.contracts.orders import Item, PlaceOrder
from tradewind.contracts.values import Money
from tradewind.core.clock import SystemClock
from tradewind.core.gateway import Reply
from tradewind.core.model import Caller
from tradewind.drivers.rabbitmq.rpc.client import RpcClient

pytestmark = [pytest.mark.postgres, pytest.mark.rabbitmq, pytest.mark.slow]
BLUEPRINT = str(Path(__file__).with_name("foreign_channel.toml"))
QUEUE, DEAD = "orders", "orders.dead"
CUSTOMER = "1651654165"
INVOICES = "SELECT order_id, customer_id, total, number FROM invoices.invoices ORDER BY number::int"


@pytest.fixture(scope="module")
def broker() -> Iterator[str]:
    with own_vhost() as url:
        yield url


@pytest.fixture
def variables(broker: str) -> Iterator[dict[str, str]]:
    """A migrated database of this test alone."""
    with own_database("foreign") as database:
        found = {"BROKER_URL": broker, "DATABASE_URL": database}
        migrate(found)
        yield found


def migrate(variables: dict[str, str]) -> None:
    done = subprocess.run(
        [*PROGRAM, "migrate", "run", "--blueprint", BLUEPRINT],
        env={**environment(), **variables},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


@asynccontextmanager
async def served(home: Path, process: str, variables: dict[str, str], **more: str) -> AsyncIterator[Apart]:
    made = await asyncio.to_thread(Apart.serve, home, process, {**variables, **more}, blueprint=BLUEPRINT)
    try:
        yield made
    finally:
        await asyncio.to_thread(made.close)


@pytest.fixture
async def other(broker: str) -> AsyncIterator[Program]:
    """The program of another team, on an empty queue."""
    async with Program.run(installed(), "amqp.js", broker) as program:
        for queue in (QUEUE, DEAD):
            found = await program.say(queue=queue)
            await program.say(queue=queue, take=found["depth"])
        yield program


async def place(broker: str, amount: int) -> str:
    client = RpcClient(broker, wire, name="test", clock=SystemClock().now)
    await client.start(10)
    came: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
    gateway = ServicesGateway(client, {"orders": "tradewind.events.orders.requests"})
    order = PlaceOrder((Item(1, price=Money(amount, "EUR")),))
    gateway.submit(order, Caller(CUSTOMER, "customer"), came.set_result)
    reply = await asyncio.wait_for(came, 20)
    await client.stop()
    assert reply.status == 0, reply.body
    return str(msgspec.json.decode(reply.body)["id"])


def message(order: str, amount: int) -> str:
    return json.dumps({"orderId": order, "amount": amount, "customer": {"id": CUSTOMER}})


def invoices(variables: dict[str, str]) -> list[Any]:
    return rows(variables["DATABASE_URL"], INVOICES)


async def invoiced(variables: dict[str, str], count: int) -> list[Any]:
    def look() -> list[Any]:
        found = invoices(variables)
        return found if len(found) >= count else []

    return await asyncio.to_thread(wait, look, f"{count} invoices")


@pytest.mark.node
async def test_an_order_of_an_amount_is_published_bare(
    variables: dict[str, str], broker: str, other: Program, tmp_path: Path
) -> None:
    async with served(tmp_path / "orders", "orders", variables):
        order = await place(broker, 5_000)
        (taken,) = (await other.say(queue=QUEUE, take=1))["taken"]
    assert taken["body"] == (f'{{"orderId":"{order}","amount":5000,"customer":{{"id":"{CUSTOMER}"}}}}')
    assert uuid.UUID(order).version == 4
    assert taken["headers"] == {"key": order}


@pytest.mark.node
async def test_whoever_writes_and_however_often_an_order_has_one_invoice(
    variables: dict[str, str], broker: str, other: Program, tmp_path: Path
) -> None:
    """The consumer dies before a commit, and after one whose messages are not acknowledged."""
    orders = {str(uuid.uuid4()): amount for amount in range(1, 301)}
    sent = [message(order, amount) for order, amount in orders.items()]
    enveloped = [f'{{"pattern":"orders.created","data":{text}}}' for text in sent]
    bad = [
        "not json",
        '{"pattern":"orders.deleted","data":{}}',
        message(next(iter(orders)), 9_999_999),
        message("zero", 0),
        "\xff",
    ]
    bodies = [text for pair in zip(sent, enveloped, strict=True) for text in pair]
    for place_of, text in enumerate(bad):
        bodies.insert(60 * (place_of + 1), text)
    for fail in ("batch.before-commit:2:kill", "batch.after-commit:2:kill"):
        made = await asyncio.to_thread(
            Apart.serve,
            tmp_path / fail,
            "invoices",
            {**variables, "TRADEWIND_FAIL": fail},
            blueprint=BLUEPRINT,
        )
        half, bodies = bodies[: len(bodies) // 2], bodies[len(bodies) // 2 :]
        await other.say(queue=QUEUE, send=half)
        assert await asyncio.to_thread(made.process.wait, 60) == -signal.SIGKILL
    async with served(tmp_path / "invoices", "invoices", variables):
        await other.say(queue=QUEUE, send=[*bodies, *sent])
        found = await invoiced(variables, len(orders))
        reasons = await letters(other, bad)
        await empty(other)
    assert [int(number) for *_, number in found] == list(range(1, len(orders) + 1))
    assert {order: total for order, _, total, _ in found} == orders
    assert {customer for _, customer, _, _ in found} == {CUSTOMER}
    assert reasons["not json"] == reasons["\xff"] == "not-json"
    assert reasons[bad[1]] == "unknown-pattern" and reasons[bad[2]] == "conflict"
    assert reasons[bad[3]].startswith("invalid: ")
    assert len(invoices(variables)) == len(orders)


async def letters(other: Program, bad: list[str]) -> dict[str, str]:
    """The reason of each dead letter, by its body; one may be there twice, since the consumer was killed."""
    found: dict[str, str] = {}
    async with asyncio.timeout(60):
        while len(found) < len(bad):
            depth = (await other.say(queue=DEAD))["depth"]
            for letter in (await other.say(queue=DEAD, take=depth))["taken"]:
                headers = letter["headers"]
                assert headers["x-attempts"] >= 1 and headers["x-first-seen"].endswith("Z")
                found[letter["body"]] = headers["x-reason"]
            await asyncio.sleep(0.05)
    assert sorted(found) == sorted(bad)
    return found


async def empty(other: Program) -> None:
    async with asyncio.timeout(60):
        while (await other.say(queue=QUEUE))["depth"]:
            await asyncio.sleep(0.05)


@pytest.mark.node
async def test_services_of_ours_meet_on_it_and_a_nestjs_program_writes_too(
    variables: dict[str, str], broker: str, other: Program, tmp_path: Path
) -> None:
    async with (
        served(tmp_path / "orders", "orders", variables, SPELLING="invoicing"),
        served(tmp_path / "invoices", "invoices", variables),
        Program.run(installed(), "asks.js", broker) as nest,
    ):
        ours = [await place(broker, amount) for amount in (100, 200)]
        theirs = {"orderId": "theirs", "amount": 300, "customer": {"id": CUSTOMER}}
        emitted = await nest.say(queue=QUEUE, pattern="orders.created", data=theirs, emit=True)
        assert emitted == {"emitted": True}
        found = await invoiced(variables, 3)
    assert {order: total for order, _, total, _ in found} == {ours[0]: 100, ours[1]: 200, "theirs": 300}
