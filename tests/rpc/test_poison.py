"""Whatever lies on a queue, the services go on serving: the sender is told what was wrong, or it is parked
with its reason.
"""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from tests.interop.nest import Program, installed
from tests.rpc.api import MISSING, ORDER, Api, fresh
from tests.rpc.figures import figure
from tests.support.apart import Apart, wait
from tests.support.databases import rows
from tests.support.queues import outside
from tradewind.drivers.rabbitmq.amqp import Properties

QUEUES = {
    "order_queue": "order_schema",
    "inventory_queue": "inventory_schema",
    "payment_queue": "payment_schema",
}
POISONED = 'tradewind_rpc_server_poison_total{queue="order_queue"}'
UNKNOWN = "There is no matching message handler defined in the remote service."


def packet(pattern: Any, data: Any) -> bytes:
    return msgspec.json.encode({"pattern": pattern, "data": data, "id": "7"})


def bad(reason: str) -> dict[str, Any]:
    return {"status": "error", "message": f"Bad request: {reason}", "statusCode": 400}


def invalid(message: str) -> dict[str, Any]:
    return {"message": [message], "error": "Bad Request", "statusCode": 400}


DEEP = b"[" * 100 + b"]" * 100
POISON: dict[str, tuple[bytes, Any]] = {
    "not JSON": (b"these are the notes of somebody", bad("not JSON")),
    "bytes": (bytes(range(256)), bad("not JSON")),
    "wrong shape": (b'{"order":{"id":"7"}}', bad("neither pattern nor data")),
    "a list": (b"[1,2,3]", bad("not a JSON object")),
    "unknown pattern": (packet({"cmd": "drop_everything"}, {}), UNKNOWN),
    "10 MB": (packet("x", "x" * 10_000_000), bad("larger than 8388608 bytes")),
    "deep nesting": (b'{"pattern":{"cmd":"get_orders"},"data":' + DEEP + b',"id":"7"}', None),
    "abysmal nesting": (b'{"pattern":' + b"[" * 500_000, bad("nested deeper than 64")),
}


def well(api: Api) -> None:
    """All three services answer."""
    for path in ("/api/orders?perPage=1", "/api/products?perPage=1", f"/api/payments/order/{MISSING}"):
        api.got(path)


@pytest.mark.parametrize("queue", QUEUES)
async def test_who_sent_poison_is_told_and_the_next_is_served(
    api: Api, four: Apart, vhost: str, queue: str
) -> None:
    async with outside(vhost) as outer:
        inbox = await outer.inbox()
        for kind, (body, err) in POISON.items():
            outer.send(queue, body, Properties(reply_to=inbox.name, correlation_id=kind))
            reply = await inbox.next()
            assert reply.properties.correlation_id == kind
            said = msgspec.json.decode(reply.body)["err"]
            # the other queues have no such pattern
            assert said == (err or (bad("nested deeper than 64") if queue == "order_queue" else UNKNOWN)), (
                kind
            )
    well(api)
    unknown = 'tradewind_rpc_server_requests_total{pattern="unknown",outcome="refused"}'
    port = four.ports[queue.removesuffix("_queue") + ("s" if queue != "inventory_queue" else "")]
    await asyncio.to_thread(wait, lambda: figure(port, unknown) > 0, "it is counted")


@pytest.mark.parametrize("queue", QUEUES)
async def test_poison_without_a_sender_is_parked_with_its_reason(
    api: Api, vhost: str, database: str, queue: str
) -> None:
    mark = fresh("poison")
    table, told = (
        QUEUES[queue],
        {"half": f'{{"note":"{mark}"', "event": f'{{"pattern":"happened","data":"{mark}"}}'},
    )
    asked = packet({"cmd": "get_orders"}, mark).decode()
    reasons = {
        told["half"]: "not JSON",
        told["event"]: "an event, on a queue of requests",
        asked: "a request without a reply-to that can be answered",
    }
    async with outside(vhost) as outer:
        for body in reasons:
            outer.send(queue, body.encode())
        query = f"SELECT body, reason FROM {table}.parked WHERE body LIKE '%{mark}%'"
        await asyncio.to_thread(wait, lambda: len(rows(database, query)) == 3, "all three are parked")
    found = rows(database, query)
    assert {body: reason.removeprefix("ValueError: ") for body, reason in found} == reasons
    well(api)


async def test_of_10_mb_without_a_sender_the_beginning_is_kept(api: Api, vhost: str, database: str) -> None:
    mark = fresh("large")
    async with outside(vhost) as outer:
        outer.send("payment_queue", packet(mark, "x" * 10_000_000))
        query = f"SELECT length(body), reason FROM payment_schema.parked WHERE body LIKE '%{mark}%'"
        assert await asyncio.to_thread(wait, lambda: rows(database, query), "it is parked") == [
            (16_384, "ValueError: larger than 8388608 bytes")
        ]
    well(api)


WRONG = ["amq.rabbitmq.reply-to.forged", "no-such-queue-" + "x" * 200, "\x00"]


async def test_an_answer_that_nobody_can_be_given(api: Api, vhost: str, database: str) -> None:
    """The order is made all the same: a wrong address is the sender's loss alone."""
    keys = [fresh("nowhere") for _ in WRONG]
    async with outside(vhost) as outer:
        for key, address in zip(keys, WRONG, strict=True):
            body = packet({"cmd": "create_order"}, {"dto": ORDER, "idempotencyKey": key})
            outer.send("order_queue", body, Properties(reply_to=address, correlation_id="c"))
        table = f"SELECT 1 FROM order_schema.orders WHERE idempotency_key = '{keys[1]}'"
        await asyncio.to_thread(wait, lambda: rows(database, table), "the order is made")
    well(api)


BAD_PAYLOADS: list[tuple[str, str, Any]] = [
    ("order_queue", "create_order", None),
    ("order_queue", "create_order", {"dto": {"items": "many"}}),
    ("order_queue", "create_order", {"dto": ORDER, "idempotencyKey": "k" * 256}),
    ("order_queue", "get_orders", {"page": -1}),
    ("inventory_queue", "create_product", {"dto": {"name": "\0", "sku": "x", "stock": 1}}),
    ("payment_queue", "create_payment", {"dto": {"orderId": MISSING, "amount": 1e400}}),
]


async def test_a_payload_that_is_none_is_a_validation_error(api: Api, vhost: str) -> None:
    async with outside(vhost) as outer:
        inbox = await outer.inbox()
        for queue, command, data in BAD_PAYLOADS:
            outer.send(queue, packet({"cmd": command}, data), Properties(reply_to=inbox.name))
            err = msgspec.json.decode((await inbox.next()).body)["err"]
            assert (err["statusCode"], err["error"]) == (400, "Bad Request") and err["message"], (
                command,
                data,
            )
    well(api)


@pytest.mark.node
async def test_an_event_that_nestjs_emits_on_our_queue(
    api: Api, four: Apart, vhost: str, database: str
) -> None:
    mark = fresh("emitted")
    async with Program.run(installed(), "asks.js", vhost) as nest:
        assert await nest.say(
            queue="order_queue", pattern="order_created", data={"mark": mark}, emit=True
        ) == {"emitted": True}
        query = f"SELECT reason FROM order_schema.parked WHERE body LIKE '%{mark}%'"
        assert await asyncio.to_thread(wait, lambda: rows(database, query), "it is parked") == [
            ("ValueError: an event, on a queue of requests",)
        ]
        said = await nest.say(
            queue="order_queue", pattern={"cmd": "get_orders"}, data={"page": 1, "perPage": 1}
        )
        assert said["value"]["meta"]["perPage"] == 1
    await asyncio.to_thread(wait, lambda: figure(four.ports["orders"], POISONED) > 0, "it is counted")


async def test_nobody_was_started_again(api: Api, four: Apart) -> None:
    """After all that: the supervisor has seen no process end."""
    well(api)
    assert "started again" not in four.log.read_text()
    assert "is ready again" not in four.log.read_text()
