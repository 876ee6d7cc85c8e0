"""What one order costs, as counts: they are the same on every machine, so a change that makes orders dearer is
seen at once, and not in a benchmark weeks later.

A figure that grows fails the test; one that shrinks fails it too, until the table says so.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

import asyncpg
import msgspec
import pytest

from tests.counts.counting import Counts, Meter, compare, least
from tests.operations.audit.shop import ADMIN, Shop, config
from tests.support.databases import Place
from tradewind.apis.rpc.queues import Values, order_handlers
from tradewind.apis.v1.app import V1Api
from tradewind.apis.v1.settings import V1Settings
from tradewind.apis.v1.tokens import TokenWriter
from tradewind.contracts.policies import Policies
from tradewind.contracts.users import AddUser, OpenSession, SessionView
from tradewind.core import http
from tradewind.core.bus import EventRecord
from tradewind.core.clock import SystemClock
from tradewind.core.request_queue import Ask
from tradewind.drivers.postgres.shared import SharedStore
from tradewind.drivers.sqlite.store import SqliteStore
from tradewind.engine.observers import Hooks
from tradewind.engine.platform import Platform
from tradewind.runtime.schema import schema
from tradewind.services.orders.service import orders

ALLOWED = {
    # POST /orders of API v1 with one line, until the order is CONFIRMED: the default blueprint, SQLite
    "one process": {"messages": 11, "commits": 2, "rows": 33, "statements": 41, "encodes": 19},
    # create_order at the queue of orders, until its event is out of the outbox: a shared PostgreSQL store
    "rpc": {"messages": 1, "commits": 2, "rows": 5, "statements": 2, "encodes": 5},
}
RUNS = 8
SECRET = b"the secret of the tests, 32 bytes and more"


@pytest.fixture
def meter(monkeypatch: pytest.MonkeyPatch) -> Meter:
    made = Meter()
    made.patch(monkeypatch)
    return made


async def until(true: Any) -> None:
    async with asyncio.timeout(60):
        while not true():
            await asyncio.sleep(0.001)
    await asyncio.sleep(0.02)  # what follows from it


def rests(platform: Platform) -> bool:
    """Every subscription has heard all, and no activity runs."""
    lags = [one.lag for runtime in platform.runtimes.values() for one in runtime.subscriptions.values()]
    return not any(lags) and not platform.processor.runner.running


async def test_in_one_process(tmp_path: Path, meter: Meter) -> None:
    async with Shop(config(tmp_path), Hooks(observer=meter)) as shop:
        user = await shop.ask(AddUser("ada@example.com", "Ada", "hash", "customer"), ADMIN)
        session = msgspec.convert(await shop.ask(OpenSession(user["id"])), SessionView)
        settings = V1Settings(jwt_secret=SECRET, rate_limit_per_minute=0)
        tokens = TokenWriter(SECRET, settings.key("refresh"), settings.access_ttl_s)
        token = tokens.write(session).access_token
        api = V1Api(shop.platform, shop.platform.clock, settings)
        store = shop.platform.store
        assert isinstance(store, SqliteStore) and store._reader is not None
        body = {"items": [{"sku": "TEA", "quantity": 2}], "payment": {"token": "tok_ok"}}
        runs: list[Counts] = []
        for run in range(RUNS):
            headers = {
                b"content-type": b"application/json",
                b"authorization": f"Bearer {token}".encode(),
                b"idempotency-key": f"order-{run:04}".encode(),
            }
            request = http.Request(
                "POST", "/api/v1/orders", b"", headers, msgspec.json.encode(body), "192.0.2.1"
            )
            meter.restart()
            with meter.profiled((store.writer, store._reader)):
                api(request)
                await until(lambda: "order.confirmed" in meter.events and rests(shop.platform))
            assert request.answer is not None and request.answer.status == 201
            runs.append(meter.counts)
        api.close()
    assert not (wrong := compare(least(runs), ALLOWED["one process"])), wrong


class Bus:
    """Confirms every event at once."""

    up = True

    def __init__(self) -> None:
        self.confirmed = 0

    def publish(self, event: EventRecord, then: Any) -> bool:
        def confirm() -> None:
            self.confirmed += 1
            then("")

        asyncio.get_running_loop().call_soon(confirm)
        return True


PUBLISHED = Policies(
    pricing="client", payment="none", invoice="none", customers="any", products="any", access="open"
)


@pytest.mark.postgres
async def test_create_order_of_rpc(postgres: Place, meter: Meter, monkeypatch: pytest.MonkeyPatch) -> None:
    postgres.fill(schema("orders"))
    bus = Bus()
    store = SharedStore(postgres.url)
    service = orders(60_000, policies=PUBLISHED)
    platform = Platform(store, [service], SystemClock(), bus=cast(Any, bus), hooks=Hooks(observer=meter))
    await platform.start()
    handlers = order_handlers(platform, Values("EUR"))
    line = {"productId": "7c69ae16-a49a-4c3b-b507-88e40093a637", "quantity": 2, "price": 29.99}
    meter.patch_postgres(monkeypatch, asyncpg.Connection)
    runs: list[Counts] = []
    for run in range(RUNS):
        data = msgspec.json.encode({"dto": {"items": [line], "total": 59.98}, "idempotencyKey": f"k-{run}"})
        answers: list[bytes] = []

        def reply(ask: Ask, body: bytes, refused: bool, answers: list[bytes] = answers) -> None:
            assert not refused, body
            answers.append(body)

        ask = Ask("create_order", data, f'"{run}"'.encode(), reply)
        meter.restart()
        with meter.profiled():
            handlers["create_order"](ask)
            # the second transaction deletes the event from the outbox, after the bus has confirmed it
            await until(lambda answers=answers: answers and meter.counts.commits == 2)
        runs.append(meter.counts)
    await platform.stop()
    assert not (wrong := compare(least(runs), ALLOWED["rpc"])), wrong


@pytest.mark.parametrize(("found", "says"), [(6, "undo"), (4, "lower the number"), (5, "")])
def test_a_figure_that_grows_or_shrinks_is_named(found: int, says: str) -> None:
    wrong = compare({"rows": found}, {"rows": 5})
    assert says in wrong and bool(says) == bool(wrong)
