"""A queue of another team between two services of ours: durable, without arguments, messages without ids. Both
sides of it are also played by a program on amqplib, and the consumer is killed on the way.
"""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
import urllib.error
import urllib.request
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pamqp import commands

from tests.interop.nest import Program, installed
from tests.support.apart import Apart, wait
from tests.support.broker import own_vhost
from tests.support.databases import own_database, rows
from tests.support.program import PROGRAM, environment
from tests.support.queues import do, outside
from tests.support.spans import Spans
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
        done = command(found, "migrate", "run", "--blueprint", BLUEPRINT)
        assert done.returncode == 0, done.stderr
        yield found


def command(variables: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *words], env={**environment(), **variables}, capture_output=True, text=True, timeout=60
    )


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


async def place(broker: str, amount: int, trace: str = "") -> str:
    client = RpcClient(broker, wire, name="test", clock=SystemClock().now)
    await client.start(10)
    came: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
    gateway = ServicesGateway(client, {"orders": "tradewind.events.orders.requests"})
    order = PlaceOrder((Item(1, price=Money(amount, "EUR")),))
    gateway.submit(order, Caller(CUSTOMER, "customer"), came.set_result, trace=trace)
    reply = await asyncio.wait_for(came, 20)
    await client.stop()
    assert reply.status == 0, reply.body
    return str(msgspec.json.decode(reply.body)["id"])


class Page:
    """A page of a process that people look at."""

    def __init__(self, port: int, path: str = "/health/ready") -> None:
        self._url = f"http://127.0.0.1:{port}{path}"

    def text(self) -> str:
        return self._ask()[1]

    def _ask(self) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(self._url, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def not_ready(self) -> str:
        return wait(lambda: (answer := self._ask())[0] == 503 and answer[1], "503") or ""

    def ready(self) -> None:
        wait(lambda: self._ask()[0] == 200, "200")


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
    async with served(tmp_path / "invoices", "invoices", variables) as process:
        await other.say(queue=QUEUE, send=[*bodies, *sent])
        found = await invoiced(variables, len(orders))
        reasons = await letters(other, bad)
        figures = await asyncio.to_thread(Page(process.ports["invoices"], "/metrics").text)
        assert re.search(r'tradewind_events_dead_total\{queue="orders"\} [1-9]', figures)
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
async def test_a_nestjs_program_writes_to_us_and_listens_to_us(
    variables: dict[str, str], broker: str, other: Program, tmp_path: Path
) -> None:
    """Ours write the envelope here."""
    nested = {**variables, "SPELLING": "invoicing"}
    async with served(tmp_path / "orders", "orders", nested):
        async with Program.run(installed(), "listens.js", broker, QUEUE) as nest:
            assert await nest.hear() == {"ready": True}
            order = await place(broker, 100)
            assert await nest.hear() == {"orderId": order, "amount": 100, "customer": {"id": CUSTOMER}}
            assert await nest.say(end=True) == {"closed": True}
        async with (
            served(tmp_path / "invoices", "invoices", variables),
            Program.run(installed(), "asks.js", broker) as nest,
        ):
            ours = [await place(broker, amount) for amount in (200, 300)]
            theirs = {"orderId": "theirs", "amount": 400, "customer": {"id": CUSTOMER}}
            emitted = await nest.say(queue=QUEUE, pattern="orders.created", data=theirs, emit=True)
            assert emitted == {"emitted": True}
            wanted = {ours[0]: 200, ours[1]: 300, "theirs": 400}
            await asyncio.to_thread(
                wait, lambda: wanted.items() <= {row[0]: row[2] for row in invoices(variables)}.items(), "all"
            )


@pytest.mark.node
async def test_a_queue_with_other_arguments_stops_nobody(
    variables: dict[str, str], broker: str, other: Program, tmp_path: Path
) -> None:
    """Whoever made it first has it so: our processes say which argument differs, and wait."""
    taken = {**variables, "ORDERS_QUEUE": "orders.other"}
    strange = {"durable": True, "arguments": {"x-max-priority": 3}}
    await other.say(queue="orders.other", declare=strange)
    async with (
        served(tmp_path / "orders", "orders", taken),
        served(tmp_path / "invoices", "invoices", taken) as process,
    ):
        pages = Page(process.ports["invoices"])
        assert "x-max-priority" in await asyncio.to_thread(pages.not_ready)
        order = await place(broker, 700)  # it is kept, and waits for the queue
        async with outside(broker) as operator:
            await do(operator.link, commands.Queue.Delete(queue="orders.other"), "Queue.DeleteOk")
        assert [(row[0], row[2]) for row in await invoiced(variables, 1)] == [(order, 700)]
        await asyncio.to_thread(pages.ready)
        assert process.process.poll() is None


async def test_the_audit_knows_an_event_by_its_name_and_key(
    variables: dict[str, str], broker: str, tmp_path: Path
) -> None:
    async with served(tmp_path / "orders", "orders", variables):
        placed = [await place(broker, amount) for amount in (1, 2, 3)]
        async with served(tmp_path / "invoices", "invoices", variables):
            async with outside(broker) as foreign:
                foreign.send(QUEUE, message("theirs", 4).encode())
            await invoiced(variables, len(placed) + 1)
    done = await asyncio.to_thread(command, variables, "audit", "--blueprint", BLUEPRINT)
    assert done.returncode == 0, done.stdout + done.stderr
    inbox = rows(variables["DATABASE_URL"], "SELECT id FROM invoices.inbox")
    assert sorted(inbox) == sorted([(f"order.created:{order}",) for order in (*placed, "theirs")])


async def test_an_order_is_one_trace_across_the_queue(
    variables: dict[str, str], broker: str, tmp_path: Path
) -> None:
    trace = uuid.uuid4().hex
    with Spans() as spans:
        traced = {**variables, "OTEL_EXPORTER_OTLP_ENDPOINT": spans.url}
        async with (
            served(tmp_path / "orders", "orders", traced),
            served(tmp_path / "invoices", "invoices", traced),
        ):
            await place(broker, 5, f"00-{trace}-b7ad6b7169203331-01")
            await asyncio.to_thread(
                spans.trace,
                trace,
                lambda found: {"send orders", "process orders"} <= {s["name"] for s in found},
            )
            found = spans.trace(trace, len)
    (sent,) = [span for span in found if span["name"] == "send orders"]
    (taken,) = [span for span in found if span["name"] == "process orders"]
    assert taken["parentSpanId"] == sent["spanId"]
    assert [span["resource"]["service.name"] for span in (sent, taken)] == ["orders", "invoices"]
