"""The page's table of queues and commands, asked directly over RabbitMQ as any client of the published system
does.
"""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from tests.rpc.api import ITEM, MISSING, ORDER, PAYMENT, Api, fresh, product
from tests.support.queues import PATIENCE_S, outside
from tradewind.drivers.rabbitmq.amqp import Properties

TABLE: list[tuple[str, str, dict[str, Any], set[str]]] = [
    (
        "order_queue",
        "create_order",
        {"dto": ORDER, "idempotencyKey": fresh(), "lang": "en"},
        {"id", "status", "items", "total"},
    ),
    ("order_queue", "get_order_by_id", {"id": MISSING, "lang": "en"}, set()),
    ("order_queue", "get_orders", {"page": 1, "perPage": 10}, {"data", "meta"}),
    (
        "inventory_queue",
        "create_product",
        {"dto": product()},
        {"id", "name", "sku", "stock", "reservedStock"},
    ),
    ("inventory_queue", "get_product_by_id", {"id": MISSING, "lang": "en"}, set()),
    ("inventory_queue", "get_products", {"page": 1, "perPage": 10}, {"data", "meta"}),
    (
        "payment_queue",
        "create_payment",
        {"dto": PAYMENT, "lang": "en"},
        {"id", "orderId", "amount", "status"},
    ),
    ("payment_queue", "get_payment_by_id", {"id": MISSING, "lang": "en"}, set()),
    ("payment_queue", "get_payments_by_order_id", {"orderId": MISSING}, set()),
]


async def said(vhost: str, queue: str, packet: bytes) -> Any:
    async with outside(vhost) as outer:
        inbox = await outer.inbox()
        outer.send(queue, packet, Properties(reply_to=inbox.name, correlation_id="c-1"))
        reply = await inbox.next()
        assert reply.properties.correlation_id == "c-1"
        return msgspec.json.decode(reply.body)


@pytest.mark.parametrize(("queue", "command", "payload", "fields"), TABLE)
async def test_command(
    api: Api, vhost: str, queue: str, command: str, payload: dict[str, Any], fields: set[str]
) -> None:
    """One row of the table."""
    reply = await said(
        vhost, queue, msgspec.json.encode({"pattern": {"cmd": command}, "data": payload, "id": "7"})
    )
    assert reply["isDisposed"] is True and reply["id"] == "7"
    if "id" in payload:
        assert reply["err"]["statusCode"] == 404
    else:
        assert fields <= set(reply["response"] if isinstance(reply["response"], dict) else ())


async def test_without_an_idempotency_key_a_message_that_comes_twice_is_done_once(
    api: Api, vhost: str
) -> None:
    """The broker may deliver it again; its id says that it is the same."""
    packet = msgspec.json.encode(
        {"pattern": {"cmd": "create_order"}, "data": {"dto": ORDER}, "id": fresh("message")}
    )
    first, again = await said(vhost, "order_queue", packet), await said(vhost, "order_queue", packet)
    assert first["response"]["id"] == again["response"]["id"]
    assert first["response"]["items"] == [ITEM] and first["response"]["idempotencyKey"] is None


@pytest.mark.parametrize("queue", ["order_queue", "inventory_queue", "payment_queue"])
async def test_all_queues_are_durable(api: Api, vhost: str, queue: str) -> None:
    """Declared as NestJS declares them: again with these arguments is no error, and no other consumer is
    there than ours.
    """
    async with outside(vhost) as outer:
        async with asyncio.timeout(PATIENCE_S):  # what another test has asked may still be on its way
            while (state := await outer.link.declare_queue(queue, durable=True)).messages:
                await asyncio.sleep(0.01)
        assert state.consumers == 1


async def test_a_request_whose_deadline_has_passed_is_not_run(api: Api, vhost: str) -> None:
    key = fresh("late")
    packet = msgspec.json.encode(
        {"pattern": {"cmd": "create_order"}, "data": {"dto": ORDER, "idempotencyKey": key}, "id": "8"}
    )
    async with outside(vhost) as outer:
        inbox = await outer.inbox()
        outer.send("order_queue", packet, Properties(reply_to=inbox.name, headers={"x-deadline": 1_000}))
        async with asyncio.timeout(PATIENCE_S):
            while (await outer.link.declare_queue("order_queue", passive=True)).messages:
                await asyncio.sleep(0.01)
    assert not [row for row in api.got("/api/orders?perPage=100")["data"] if row["idempotencyKey"] == key]
