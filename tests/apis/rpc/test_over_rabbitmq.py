"""The gateway and a service with RabbitMQ between them, over real sockets: answers, refusals, a queue that
nobody has, a service away.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest

from tests.apis.rpc.fakes import ORDER, UUID
from tests.support.queues import broker, fresh, outside
from tradewind.apis.kernel.resilience.presets import Preset
from tradewind.apis.nest import wire
from tradewind.apis.rpc.downstream import RpcSettings
from tradewind.apis.rpc.envelope import of_problem
from tradewind.apis.rpc.gateway import RpcApi
from tradewind.core.request_queue import Ask
from tradewind.drivers.http.limits import Limits
from tradewind.drivers.http.server import HttpServer
from tradewind.drivers.rabbitmq.rpc.client import RpcClient
from tradewind.drivers.rabbitmq.rpc.server import RpcServer

pytestmark = pytest.mark.rabbitmq
QUICK = Preset(0.5, (0.05, 0.1, 0.2), 2.0)


class Shop:
    def __init__(self, queue: str, http: httpx.AsyncClient, client: RpcClient) -> None:
        self.queue, self.http, self.client = queue, http, client
        self.seen: list[Ask] = []
        self.refusals = 0

    def create(self, ask: Ask) -> None:
        self.seen.append(ask)
        if self.refusals:
            self.refusals -= 1
            ask.refuse(b'{"message":"not now","statusCode":500}')
        else:
            ask.answer(ask.data)

    def find(self, ask: Ask) -> None:
        ask.refuse(b'{"message":"Order not found","statusCode":404}')

    async def serve(self) -> RpcServer:
        server = RpcServer(
            broker(),
            self.queue,
            {"create_order": self.create, "get_order_by_id": self.find},
            wire,
            name="test-orders",
        )
        await server.start()
        return server


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    queue, url = fresh("orders"), broker()
    async with outside(url, mine=(queue,)):
        client = RpcClient(url, wire, name="test-gateway")
        await client.start()
        settings = RpcSettings(order_queue=queue, inventory_queue=fresh("nobody"), read=QUICK, write=QUICK)
        gateway = RpcApi(client, settings, later=asyncio.get_running_loop().call_later)
        server = HttpServer(gateway, Limits(), problem=of_problem)
        await server.start("127.0.0.1", 0)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", timeout=10.0) as http:
            yield Shop(queue, http, client)
        await server.stop(1.0)
        await client.stop()


async def test_an_order_goes_to_the_service_and_its_answer_comes_back(shop: Shop) -> None:
    service = await shop.serve()
    made = await shop.http.post("/api/orders", json=ORDER, headers={"X-Idempotency-Key": "k", "X-Lang": "de"})
    assert (made.status_code, made.json()) == (
        201,
        {"success": True, "data": {"dto": ORDER, "idempotencyKey": "k", "lang": "de"}},
    )
    await service.stop()


async def test_a_refusal_comes_back_with_its_status(shop: Shop) -> None:
    service = await shop.serve()
    found = await shop.http.get(f"/api/orders/{UUID}")
    assert (found.status_code, found.json()) == (
        404,
        {"success": False, "data": {"message": "Order not found", "statusCode": 404}},
    )
    await service.stop()


async def test_a_failure_is_tried_again_under_one_key(shop: Shop) -> None:
    service = await shop.serve()
    shop.refusals = 1
    assert (await shop.http.post("/api/orders", json=ORDER)).status_code == 201
    keys = [msgspec.json.decode(ask.data)["idempotencyKey"] for ask in shop.seen]
    assert len(keys) == 2
    assert len(set(keys)) == 1
    await service.stop()


async def test_a_queue_that_nobody_has_is_503_before_the_deadline(shop: Shop) -> None:
    began = time.monotonic()
    found = await shop.http.get("/api/products")
    assert (found.status_code, found.json()["data"]["statusCode"]) == (503, 503)
    assert "INVENTORY_SERVICE" in found.json()["data"]["message"]
    assert found.headers["retry-after"]
    assert time.monotonic() - began < QUICK.deadline_s


async def test_a_service_that_is_away_is_503_then_circuit_open_and_well_again(shop: Shop) -> None:
    service = await shop.serve()
    await service.stop()
    began = time.monotonic()
    missed = await asyncio.gather(*(shop.http.post("/api/orders", json=ORDER) for _ in range(5)))
    assert {one.status_code for one in missed} == {503}
    assert time.monotonic() - began < QUICK.deadline_s + 1.0
    refused: Any = (await shop.http.post("/api/orders", json=ORDER)).json()
    assert "circuit open" in refused["data"]["message"]
    assert (await shop.http.get("/health/circuits")).json()["ORDER_SERVICE"]["state"] == "OPEN"


async def test_while_the_gateway_has_no_broker_it_is_503_and_not_ready(shop: Shop) -> None:
    assert (await shop.http.get("/health/ready")).status_code == 200
    await shop.client._link.stop()
    found = await shop.http.post("/api/orders", json=ORDER)
    assert (found.status_code, bool(found.headers["retry-after"])) == (503, True)
    ready = await shop.http.get("/health/ready")
    assert (ready.status_code, ready.json()["missing"][0][:7]) == (503, "broker:")
    assert (await shop.http.get("/health")).json() == {"status": "ok"}
