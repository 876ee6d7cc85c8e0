"""What one order costs where each service has a platform and a store of its own, as in the blueprint
`services`: the same figures as for one process, so that what the distance costs is seen.

Requests take our own wire, handed over in this process; events take the form of the broker. What is counted is
what the seven processes do, without what the broker does.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, cast

import asyncpg
import msgspec
import pytest

from tests.counts.counting import Counts, Meter, compare, least
from tests.counts.test_orders import SECRET
from tests.support.databases import Place
from tradewind.apis.services import wire
from tradewind.apis.services.client import ServicesGateway
from tradewind.apis.services.messages import messages_of
from tradewind.apis.services.server import ServicesServer
from tradewind.apis.v1.app import V1Api
from tradewind.apis.v1.settings import V1Settings
from tradewind.apis.v1.tokens import TokenWriter
from tradewind.contracts.inventory import AddProduct
from tradewind.contracts.users import AddUser, OpenSession, SessionView
from tradewind.contracts.values import Price
from tradewind.core import http
from tradewind.core.bus import EventRecord
from tradewind.core.clock import SystemClock
from tradewind.core.gateway import Gateway, Reply
from tradewind.core.model import Caller, Request, wire_name
from tradewind.drivers.local.request_queue import LocalRequestQueue
from tradewind.drivers.postgres.shared import SharedStore
from tradewind.engine import subscriptions
from tradewind.engine.observers import Hooks
from tradewind.engine.outbox import Relay
from tradewind.engine.platform import Platform
from tradewind.engine.retention import Sweep
from tradewind.runtime.config import defaults
from tradewind.runtime.registry import SERVICES, services
from tradewind.runtime.schema import schemas
from tradewind.services.payments.provider.manifest import LEDGER
from tradewind.services.payments.provider.sandbox import Sandbox

# POST /orders of API v1 with one line, until every service has handled what follows from it
ALLOWED = {"messages": 11, "commits": 17, "rows": 45, "statements": 71, "encodes": 20}
ADMIN = Caller("root", "admin")


class Bus:
    """Hands each event to every service that hears it, as a broker does, and one at a time: only when nothing
    else is under way. So no batch has two of them by chance.
    """

    up = True

    def __init__(self) -> None:
        self.hearers: dict[str, Platform] = {}
        self.waiting: deque[tuple[EventRecord, Callable[[str], None]]] = deque()
        self._handled = asyncio.Event()

    def publish(self, event: EventRecord, then: Callable[[str], None]) -> bool:
        self.waiting.append((event, then))
        return True

    async def carry(self) -> None:
        """Until all are handled, and what they led to."""
        await self._idle()
        while self.waiting:
            event, then = self.waiting.popleft()
            then("")
            await self._idle()
            for service, platform in self.hearers.items():
                if event.name in platform.runtimes[service].heard:
                    self._handled.clear()
                    platform.receive(event, service, lambda _: self._handled.set())
                    await self._handled.wait()
                    await self._idle()

    async def _idle(self) -> None:
        while not all(map(_rests, self.hearers.values())):
            await asyncio.sleep(0.001)


def _rests(platform: Platform) -> bool:
    processor, outbox = platform.processor, platform.processor.outbox
    assert outbox is not None
    unsent = outbox._kept or outbox._woken  # confirmed, and still in its table
    return not (processor.busy or processor.in_transaction or processor.runner.running or unsent)


@asynccontextmanager
async def apart(place: Place, data: Path, hooks: Hooks) -> AsyncIterator[tuple[ServicesGateway, Bus]]:
    """The six services, each on its own store, behind a gateway that reaches them over our wire."""
    place.fill(*schemas(SERVICES))
    clock, bus = SystemClock(7), Bus()
    config = defaults(data=data)
    provider = Sandbox(data / LEDGER, clock=clock.now, random=random.Random(7), commit_inline=True)
    platforms: dict[str, Platform] = {}
    async with AsyncExitStack() as stack:
        stack.push_async_callback(provider.close)
        for name in SERVICES:
            store = SharedStore(place.url)
            made = Platform(
                store,
                services([name], config, {"provider": provider}),
                clock,
                bus=cast(Any, bus),
                hooks=hooks,
            )
            await made.start()
            stack.push_async_callback(made.stop)
            platforms[name] = made
            bus.hearers[name] = made
        served = {name: ServicesServer(made, messages_of(name)) for name, made in platforms.items()}
        for one in served.values():
            stack.callback(one.close)
        queues = {name: one.handlers for name, one in served.items()}
        yield ServicesGateway(LocalRequestQueue(wire, queues), {name: name for name in SERVICES}), bus


async def done(gateway: Gateway, message: Request) -> Any:
    came: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
    gateway.submit(message, ADMIN, came.set_result, claim=wire_name(type(message)), fingerprint="f")
    async with asyncio.timeout(60):
        reply = await came
    assert reply.status == 0, reply.body
    return msgspec.json.decode(reply.body)


@pytest.mark.postgres
async def test_with_services_apart(postgres: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    meter = Meter()
    meter.patch(monkeypatch)
    meter.patch_postgres(monkeypatch, asyncpg.Connection)
    # what is done once a second, order or not, is not counted
    monkeypatch.setattr(subscriptions, "LOOK_MS", 3_600_000)
    for background in (Relay, Sweep):
        monkeypatch.setattr(background, "start", lambda self: None)
    async with apart(postgres, tmp_path, Hooks(observer=meter)) as (gateway, bus):
        user = await done(gateway, AddUser("ada@example.com", "Ada", "hash", "customer"))
        session = msgspec.convert(await done(gateway, OpenSession(user["id"])), SessionView)
        await done(gateway, AddProduct("TEA", "Assam", Price(1_999, "EUR"), 1_000))
        await bus.carry()
        settings = V1Settings(jwt_secret=SECRET, rate_limit_per_minute=0)
        tokens = TokenWriter(SECRET, settings.key("refresh"), settings.access_ttl_s)
        api = V1Api(gateway, SystemClock(), settings)
        body = {"items": [{"sku": "TEA", "quantity": 2}], "payment": {"token": "tok_ok"}}
        headers = {
            b"content-type": b"application/json",
            b"authorization": f"Bearer {tokens.write(session).access_token}".encode(),
        }
        runs: list[Counts] = []
        for run in range(3):
            keyed = {**headers, b"idempotency-key": f"order-{run:04}".encode()}
            content = msgspec.json.encode(body)
            request = http.Request("POST", "/api/v1/orders", b"", keyed, content, "192.0.2.1")
            meter.restart()
            with meter.profiled():
                api(request)
                async with asyncio.timeout(60):
                    while request.answer is None:
                        await asyncio.sleep(0.001)
                    await bus.carry()
            assert request.answer.status == 201 and "order.confirmed" in meter.events
            runs.append(meter.counts)
        api.close()

    assert not (wrong := compare(least(runs), ALLOWED)), wrong
