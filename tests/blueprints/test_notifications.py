"""Notifications as a process of its own: from the published queue into documents, over gRPC, while its process and
its server are killed.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import grpc
import pymongo
import pytest
from grpc_health.v1 import health_pb2

from tests.support.apart import Apart
from tests.support.broker import own_vhost
from tests.support.mongodb import OwnServer, own_server
from tests.support.proxy import proxy
from tests.support.queues import Outside, outside
from tools.servers import machine
from tradewind.apis.grpc.client import NotificationsGateway
from tradewind.contracts.notifications import NotificationsOfOrders
from tradewind.core.rpc_methods import RpcFailed
from tradewind.core.store import StoreUnavailable
from tradewind.drivers.grpc.client import GrpcClient

pytestmark = [pytest.mark.mongodb, pytest.mark.rabbitmq, pytest.mark.slow]
BLUEPRINT = str(Path(__file__).with_name("notifications.toml"))
QUEUE, DEAD, DATABASE = "order.created", "order.created.dlq", "notifications"
POISON = (b"{nonsense", b'{"orderId":"x"}', b"\xff", b"[1]", b'{"orderId":0,"userId":1}')
AGAIN_S = 15.0  # a new order is told of so long after the last return
PATIENCE_S = 120.0


@pytest.fixture(scope="module")
def server() -> Iterator[OwnServer]:
    with own_server() as made:
        yield made


@pytest.fixture
def variables(server: OwnServer) -> Iterator[dict[str, str]]:
    with own_vhost() as broker:
        yield {
            "RABBITMQ_URL": broker,
            "MONGO_URL": server.url(DATABASE),
            "GRPC_PORT": str(machine.first_free(18_600 + os.getpid() % 100 * 4)),
        }
    with told_by(server) as told:
        told.database.client.drop_database(DATABASE)


class Told:
    """What programs of others see in the database."""

    def __init__(self, client: pymongo.MongoClient[dict[str, Any]]) -> None:
        self.database = client.get_default_database()
        self.orders = self.database.notifications

    def __enter__(self) -> Told:
        return self

    def __exit__(self, *_: object) -> None:
        self.database.client.close()


def told_by(server: OwnServer) -> Told:
    return Told(pymongo.MongoClient(server.url(DATABASE)))


async def serve(home: Path, variables: dict[str, str]) -> Apart:
    return await asyncio.to_thread(Apart.serve, home, "notifications", variables, blueprint=BLUEPRINT)


@asynccontextmanager
async def asking(variables: dict[str, str]) -> AsyncIterator[NotificationsGateway]:
    client = GrpcClient(f"127.0.0.1:{variables['GRPC_PORT']}")
    try:
        yield NotificationsGateway(client)
    finally:
        await client.close()


def order(number: int) -> bytes:
    said = {"orderId": number, "userId": number % 7 + 1, "productId": 101, "quantity": 3}
    return json.dumps({**said, "timestamp": "2026-11-29T10:00:00.000Z"}).encode()


async def until(condition: Any, what: str, seconds: float = PATIENCE_S) -> None:
    end = time.monotonic() + seconds
    while not await condition():
        assert time.monotonic() < end, f"not within {seconds:g} s: {what}"
        await asyncio.sleep(0.05)


async def is_told(gateway: NotificationsGateway, number: int) -> bool:
    try:
        deadline = int((time.time() + 2) * 1_000)
        return len(await gateway.ask(NotificationsOfOrders((str(number),)), deadline=deadline)) == 1
    except (StoreUnavailable, TimeoutError):
        return False


async def health(variables: dict[str, str]) -> int:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{variables['GRPC_PORT']}") as channel:
        check = channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )
        return int((await check(health_pb2.HealthCheckRequest(), timeout=10)).status)


async def test_each_order_is_told_of_once_while_the_process_and_its_server_are_killed(
    tmp_path: Path, server: OwnServer, variables: dict[str, str]
) -> None:
    count, kills = 1_500, {400: "process", 800: "server", 1_200: "both"}
    running = await serve(tmp_path / "0", variables)
    try:
        async with outside(variables["RABBITMQ_URL"]) as broker:
            for number in range(1, count + 1):
                broker.send(QUEUE, order(number))
                if number % 300 == 0:
                    broker.send(QUEUE, POISON[number // 300 % len(POISON)])
                if number % 50 == 0:
                    await asyncio.sleep(0.02)
                what = kills.get(number)
                if what in ("process", "both"):
                    os.kill(running.process.pid, signal.SIGKILL)
                    running.process.wait(30)
                if what in ("server", "both"):
                    await asyncio.to_thread(server.kill)
                    await asyncio.sleep(0.5)
                    await asyncio.to_thread(server.start)
                if what in ("process", "both"):
                    running.close()
                    running = await serve(tmp_path / str(number), variables)
            returned = time.monotonic()
            async with asking(variables) as gateway:
                broker.send(QUEUE, order(count + 1))
                await until(lambda: is_told(gateway, count + 1), "a new order is told of")
                backlog = time.monotonic() - returned
                await until(lambda: empty(broker), "the queue is empty")
                with told_by(server) as told:
                    await until(lambda: count_of(told, count + 1), "each is told of")
                    numbers = [one["orderId"] for one in told.orders.find({}, {"orderId": 1})]
                    assert sorted(numbers) == list(range(1, count + 2))
                    assert told.database.notifications_parked.count_documents({}) == 0
                poison = count // 300
                dead = await broker.depth(DEAD)
                assert poison <= dead <= 2 * poison
                assert backlog < AGAIN_S
        assert running.stop() == 0
    finally:
        running.close()


async def empty(broker: Outside) -> bool:
    return await broker.depth(QUEUE) == 0


async def count_of(told: Told, count: int) -> bool:
    return told.orders.count_documents({}) == count


async def test_while_the_server_is_away_calls_are_unavailable_and_nothing_is_lost(
    tmp_path: Path, server: OwnServer, variables: dict[str, str]
) -> None:
    running = await serve(tmp_path, variables)
    try:
        async with outside(variables["RABBITMQ_URL"]) as broker, asking(variables) as gateway:
            await asyncio.to_thread(server.kill)
            broker.send(QUEUE, order(1))
            serving, not_serving = (
                health_pb2.HealthCheckResponse.SERVING,
                health_pb2.HealthCheckResponse.NOT_SERVING,
            )

            async def says(status: int) -> bool:
                return await health(variables) == status

            await until(lambda: says(not_serving), "NOT_SERVING")
            for _ in range(3):
                began = time.monotonic()
                with pytest.raises(StoreUnavailable) as away:
                    await gateway.ask(NotificationsOfOrders(("1",)), deadline=int((time.time() + 5) * 1_000))
                assert isinstance(away.value.__cause__, RpcFailed)
                assert away.value.__cause__.status == "UNAVAILABLE"
                assert time.monotonic() - began < 5
            assert running.process.poll() is None
            await asyncio.to_thread(server.start)
            back = time.monotonic()
            await until(lambda: is_told(gateway, 1), "the order is told of")
            assert time.monotonic() - back < AGAIN_S
            await until(lambda: says(serving), "SERVING")
    finally:
        await asyncio.to_thread(running.close)
    if server.pid is None:
        server.start()


async def test_the_broker_does_not_count_for_who_asks(
    tmp_path: Path, server: OwnServer, variables: dict[str, str]
) -> None:
    parts = urlsplit(variables["RABBITMQ_URL"])
    async with proxy(parts.port or 5672) as between, outside(variables["RABBITMQ_URL"]) as broker:
        by_proxy = parts._replace(netloc=f"{parts.username}:{parts.password}@127.0.0.1:{between.port}")
        running = await serve(tmp_path, {**variables, "RABBITMQ_URL": by_proxy.geturl()})
        try:
            async with asking(variables) as gateway:
                broker.send(QUEUE, order(1))
                await until(lambda: is_told(gateway, 1), "the first is told of")
                between.accepting = False
                between.reset()
                broker.send(QUEUE, order(2))
                for _ in range(10):
                    assert await is_told(gateway, 1)
                    assert await health(variables) == health_pb2.HealthCheckResponse.SERVING
                    await asyncio.sleep(0.2)
                assert not await is_told(gateway, 2)
                between.accepting = True
                await until(lambda: is_told(gateway, 2), "what came meanwhile is told of")
        finally:
            await asyncio.to_thread(running.close)


async def test_calls_are_answered_in_time_while_a_backlog_is_consumed(
    tmp_path: Path, server: OwnServer, variables: dict[str, str]
) -> None:
    count = 3_000
    running = await serve(tmp_path / "first", variables)  # declares the queue
    assert running.stop() == 0
    running.close()
    async with outside(variables["RABBITMQ_URL"]) as broker:
        for number in range(1, count + 1):
            broker.send(QUEUE, order(number))
            if number % 500 == 0:
                await asyncio.sleep(0.01)

        async def all_there() -> bool:
            return await broker.depth(QUEUE) == count

        await until(all_there, "the backlog is there")
        running = await serve(tmp_path / "second", variables)
        try:
            took: list[float] = []
            async with asking(variables) as gateway:
                while not await empty(broker):
                    began = time.monotonic()
                    deadline = int((time.time() + 5) * 1_000)
                    await gateway.ask(NotificationsOfOrders(("1", str(count))), deadline=deadline)
                    took.append(time.monotonic() - began)
                await until(lambda: is_told(gateway, count), "the last one is told of")
            assert took and max(took) < 5
        finally:
            await asyncio.to_thread(running.close)
