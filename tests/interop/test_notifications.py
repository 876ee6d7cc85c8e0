"""Clients of others, grpc-js and mongoose, against our notifications; and our client against a server of others."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.blueprints.test_notifications import asking, is_told, order, serve, until
from tests.interop.nest import Program, installed
from tests.support.broker import own_vhost
from tests.support.mongodb import own_database
from tests.support.needs import NODE_NOTIFICATIONS
from tests.support.queues import outside
from tools.servers import machine
from tradewind.apis.grpc.client import NotificationsGateway
from tradewind.contracts.notifications import NotificationsOfOrders
from tradewind.drivers.grpc.client import GrpcClient

pytestmark = [pytest.mark.mongodb, pytest.mark.rabbitmq, pytest.mark.node, pytest.mark.slow]
HERE = Path(__file__).with_name("notifications")
SCRIPT = "notifications/others.js"


@pytest.fixture(scope="module")
def modules() -> Path:
    return installed(HERE, "mongoose", NODE_NOTIFICATIONS)


@pytest.fixture(scope="module")
def variables() -> Iterator[dict[str, str]]:
    with own_vhost() as broker, own_database("interop") as database:
        port = machine.first_free(19_100 + os.getpid() % 100 * 4)
        yield {"RABBITMQ_URL": broker, "MONGO_URL": database, "GRPC_PORT": str(port)}


@pytest.fixture
async def others(modules: Path, variables: dict[str, str]) -> AsyncIterator[Program]:
    address = f"127.0.0.1:{variables['GRPC_PORT']}"
    async with Program.run(modules, SCRIPT, address, variables["MONGO_URL"]) as program:
        yield program


async def test_clients_of_others_read_ours_and_ours_serves_what_they_wrote(
    tmp_path: Path, variables: dict[str, str], others: Program
) -> None:
    running = await serve(tmp_path, variables)
    try:
        async with outside(variables["RABBITMQ_URL"]) as broker, asking(variables) as gateway:
            broker.send("order.created", order(7))
            await until(lambda: is_told(gateway, 7), "the order is told of")
            (reply,) = (await others.say(ask=7))["notifications"]
            assert list(reply) == ["id", "orderId", "userId", "message", "status", "sentAt"]
            assert (reply["orderId"], reply["userId"], reply["status"]) == (7, 1, "sent")
            assert reply["message"] == "Order 7 created with 3 items"
            assert await others.say(ask=2_000) in ({}, {"notifications": []})
            assert (await others.say(ask=-1))["code"] == "INVALID_ARGUMENT"
            (read,) = await others.say(find=7)
            kinds = read.pop("kinds")
            assert read == {
                "_id": reply["id"],
                "orderId": 7,
                "userId": 1,
                "message": reply["message"],
                "status": "sent",
                "sentAt": reply["sentAt"],
                "createdAt": reply["sentAt"],
                "updatedAt": reply["sentAt"],
                "__v": 0,
            }
            assert kinds["_id"] == "ObjectId" and kinds["orderId"] == kinds["__v"] == "Number"
            assert kinds["sentAt"] == kinds["createdAt"] == "Date"
            theirs = {"orderId": 8, "userId": 2, "message": "theirs", "sentAt": "2026-11-29T10:00:00.123Z"}
            written = await others.say(create=theirs)
            (found,) = await gateway.ask(NotificationsOfOrders(("8",)))
            assert (found.id, found.body, found.status) == (written["_id"], "theirs", "pending")
            assert found.created_at == "2026-11-29T10:00:00.123Z"
    finally:
        await asyncio.to_thread(running.close)


async def test_our_client_asks_a_server_of_others(others: Program) -> None:
    told: list[dict[str, Any]] = [
        {
            "id": uuid.uuid4().hex[:24],
            "orderId": number,
            "userId": 1,
            "message": f"{number}",
            "status": "sent",
        }
        for number in (3, 4)
    ]
    port = (await others.say(serve=told))["port"]
    client = GrpcClient(f"http://127.0.0.1:{port}")
    try:
        found = await NotificationsGateway(client).ask(NotificationsOfOrders(("3", "4", "5")))
    finally:
        await client.close()
    assert [(one.order_id, one.body, one.created_at) for one in found] == [("3", "3", ""), ("4", "4", "")]
