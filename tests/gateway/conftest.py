"""The same shop behind each implementation of the Gateway port: in this process, over our own wire, and over
our own wire on RabbitMQ.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import pytest

from tests.support.queues import broker, fresh, outside
from tests.support.tables import create_all
from tradewind.apis.services import wire
from tradewind.apis.services.client import ServicesGateway
from tradewind.apis.services.messages import CONTRACTS, messages_of
from tradewind.apis.services.server import ServicesServer
from tradewind.core.clock import SystemClock
from tradewind.core.gateway import Gateway
from tradewind.core.request_queue import Ask, Handler, Kind, Outcome
from tradewind.drivers.rabbitmq.rpc.client import RpcClient
from tradewind.drivers.rabbitmq.rpc.server import RpcServer
from tradewind.drivers.sqlite.store import SqliteStore
from tradewind.engine.observers import Hooks
from tradewind.engine.platform import Platform
from tradewind.runtime.assembly import with_timeline
from tradewind.services.inventory import service as inventory
from tradewind.services.inventory import storage as inventory_rows
from tradewind.services.orders import service as orders
from tradewind.services.orders import storage as order_rows

SERVICES = tuple(module.__name__.rpartition(".")[2] for module in CONTRACTS)
KINDS = ["local", "wire", pytest.param("rabbitmq", marks=pytest.mark.rabbitmq)]


class MemoryQueue:
    """A `RequestQueueClient` whose handlers are in this process. The next calls end as `ends` says, the last
    first: after the handler has taken the request where `taken`, else before.
    """

    def __init__(self, handlers: dict[str, Handler]) -> None:
        self._find = wire.routes(handlers)
        self.up, self.missing = True, ""
        self.ends: list[tuple[Outcome, bool]] = []
        self.calls = 0
        self.redelivered = False

    def call(
        self,
        queue: str,
        pattern: bytes,
        data: bytes,
        timeout_s: float,
        then: Callable[[Outcome], None],
        /,
        *,
        traceparent: str = "",
    ) -> None:
        probe = pattern == wire.encode(wire.MISSING)  # which goes on beside the test
        self.calls += not probe
        end = self.ends.pop() if self.ends and not probe else None
        asyncio.get_running_loop().call_soon(self._take, wire.pack_request(pattern, data, b"1"), then, end)

    def _take(self, body: bytes, then: Callable[[Outcome], None], end: tuple[Outcome, bool] | None) -> None:
        packet = wire.unpack_request(body)
        found = self._find(bytes(packet.pattern))
        if end is not None and (not end[1] or found is None):
            then(end[0])
        elif found is None:
            then(Outcome(Kind.ANSWER, wire.pack_unknown(bytes(packet.id))))
        else:
            name, handler = found
            reply = partial(self._reply, then, end)
            handler(Ask(name, bytes(packet.data), bytes(packet.id), reply, redelivered=self.redelivered))

    @staticmethod
    def _reply(
        then: Callable[[Outcome], None],
        end: tuple[Outcome, bool] | None,
        ask: Ask,
        body: bytes,
        refused: bool,
    ) -> None:
        then(end[0] if end is not None else wire.unpack_reply(body))


class Rig:
    """A gateway under test, and the platform behind it."""

    def __init__(self, platform: Platform, gateway: Gateway, queue: MemoryQueue | None) -> None:
        self.platform, self.gateway, self._queue = platform, gateway, queue

    @property
    def queue(self) -> MemoryQueue:
        assert self._queue is not None
        return self._queue


async def _open() -> None:
    """It is open, with its tables."""


@pytest.fixture
def watching() -> list[Callable[[str], None]]:
    """Whoever is told the key of each event, as by a subscription to the bus."""
    return []


@pytest.fixture
async def platform(
    monkeypatch: pytest.MonkeyPatch, watching: list[Callable[[str], None]]
) -> AsyncIterator[Platform]:
    store = SqliteStore(":memory:", commit_inline=True)
    await store.open()
    create_all(store, inventory_rows.MD, order_rows.MD)
    monkeypatch.setattr(store, "open", _open)

    def committed(keys: set[str]) -> None:
        for heard in watching:
            for key in keys:
                heard(key)

    made = with_timeline(
        Platform(
            store,
            [inventory.SERVICE, orders.orders(900_000)],
            SystemClock(),
            hooks=Hooks(committed=committed),
        )
    )
    await made.start()
    yield made
    await made.stop()


@pytest.fixture(params=KINDS)
async def rig(
    request: pytest.FixtureRequest, platform: Platform, watching: list[Callable[[str], None]]
) -> AsyncIterator[Rig]:
    async with AsyncExitStack() as stack:
        if request.param == "local":
            yield Rig(platform, platform, None)
            return
        server = ServicesServer(platform, [kind for name in SERVICES for kind in messages_of(name)])
        stack.callback(server.close)
        client: Any = MemoryQueue(server.handlers)
        queue = client
        address = "requests"
        if request.param == "rabbitmq":
            url, address = broker(), fresh("services")
            await stack.enter_async_context(outside(url, mine=(address,)))
            served = RpcServer(url, address, server.handlers, wire, name="test-services")
            await served.start()
            stack.push_async_callback(served.stop)
            client, queue = RpcClient(url, wire, name="test-gateway"), None
            await client.start()
            stack.push_async_callback(client.stop)
        gateway = ServicesGateway(client, dict.fromkeys(SERVICES, address), needs=("orders",))
        watching.append(gateway.heard)
        gateway.start()
        stack.callback(gateway.stop)
        yield Rig(platform, gateway, queue)


@pytest.fixture
async def gateway(rig: Rig) -> Gateway:
    return rig.gateway
