"""What an order of an amount costs where its event is published in the form of others: what is made for that
form is all that it costs more.
"""

from __future__ import annotations

import asyncio
import json

import asyncpg
import msgspec
import pytest

from tests.counts.counting import Counts, Meter, compare, least
from tests.support.databases import Place
from tradewind.apis.contracts.channels import channels
from tradewind.contracts.orders import Item, PlaceOrder
from tradewind.contracts.policies import Policies
from tradewind.contracts.values import Money
from tradewind.core.bus import EventRecord, Settle
from tradewind.core.channel import ChannelBus
from tradewind.core.clock import SystemClock
from tradewind.core.gateway import Reply
from tradewind.core.model import Caller
from tradewind.drivers.local.event_bus import (
    LocalBroker,
    LocalChannelPublisher,
    LocalChannelSubscriber,
    LocalPublisher,
    Stored,
)
from tradewind.drivers.postgres.shared import SharedStore
from tradewind.engine.observers import Hooks
from tradewind.engine.platform import Platform
from tradewind.runtime.schema import schema
from tradewind.services.invoices.service import invoices
from tradewind.services.orders.service import orders

pytestmark = pytest.mark.postgres
ALLOWED = {
    # PlaceOrder at the Gateway port, until its event is published and out of the outbox
    "orders": {"messages": 1, "commits": 2, "rows": 5, "statements": 5, "encodes": 4},
    # a message on the queue, until it is acknowledged and the event of the invoice is out of the outbox
    "invoices": {"messages": 1, "commits": 2, "rows": 6, "statements": 9, "encodes": 4},
}
RUNS = 8
POLICIES = Policies(
    pricing="client", payment="none", invoice="created", invoice_number="{number}", invoice_reset="never",
    customers="made-when-named", products="any", access="open", ids="v4",
)  # fmt: skip
(CHANNEL,) = channels({"orders_queue": "orders", "currency": "EUR"})


@pytest.fixture
def meter(monkeypatch: pytest.MonkeyPatch) -> Meter:
    made = Meter()
    made.patch(monkeypatch)
    made.patch_postgres(monkeypatch, asyncpg.Connection)
    return made


async def until(true: object) -> None:
    async with asyncio.timeout(10):
        while not true():  # type: ignore[operator]
            await asyncio.sleep(0.001)
    await asyncio.sleep(0.02)  # what follows from it


def ended(meter: Meter, which: str) -> bool:
    """A look for what others have left may be a commit too, but writes nothing."""
    return meter.counts.commits >= 2 and meter.counts.rows >= ALLOWED[which]["rows"]


async def test_an_order_that_is_published(postgres: Place, meter: Meter) -> None:
    postgres.fill(schema("orders"))
    broker = LocalBroker()
    bus = ChannelBus(LocalPublisher(broker), {"order.created": LocalChannelPublisher(broker, CHANNEL)})
    platform = Platform(
        SharedStore(postgres.url),
        [orders(60_000, policies=POLICIES)],
        SystemClock(),
        bus=bus,
        hooks=Hooks(observer=meter),
    )
    await platform.start()
    runs: list[Counts] = []
    for run in range(RUNS):
        answers: list[Reply] = []
        meter.restart()
        with meter.profiled():
            platform.submit(
                PlaceOrder((Item(1, price=Money(5_000, "EUR")),)),
                Caller("1651654165", "customer"),
                answers.append,
                claim=f"c-{run}",
                fingerprint="f",
            )
            await until(lambda answers=answers: answers and ended(meter, "orders"))
        assert answers[0].status == 0
        runs.append(meter.counts)
    await platform.stop()
    order = msgspec.json.decode(answers[0].body)["id"]
    sent = json.loads(broker.queues["orders"].ready[-1].body)
    assert sent == {"orderId": order, "amount": 5_000, "customer": {"id": "1651654165"}}
    assert not (wrong := compare(least(runs), ALLOWED["orders"])), wrong


async def test_an_order_of_others_that_gets_its_invoice(postgres: Place, meter: Meter) -> None:
    postgres.fill(schema("invoices"))
    broker = LocalBroker()
    platform = Platform(
        SharedStore(postgres.url),
        [invoices(policies=POLICIES)],
        SystemClock(),
        bus=LocalPublisher(broker),
        hooks=Hooks(observer=meter),
    )

    def handle(event: EventRecord, settle: Settle, again: bool) -> None:
        platform.receive(event, "invoices", settle, again=again)

    subscriber = LocalChannelSubscriber(broker, CHANNEL, handle, now=platform.clock.now)
    await platform.start()
    subscriber.start()
    runs: list[Counts] = []
    for run in range(RUNS):
        body = b'{"orderId":"%d","amount":5000,"customer":{"id":"c"}}' % run
        meter.restart()
        with meter.profiled():
            broker.send("orders", Stored(body, {}))
            await until(lambda: ended(meter, "invoices"))
        runs.append(meter.counts)
    await platform.stop()
    assert broker.queues["orders.dead"].ready == broker.queues["orders"].ready
    assert not (wrong := compare(least(runs), ALLOWED["invoices"])), wrong
