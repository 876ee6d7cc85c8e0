"""A program of another team on kafkajs writes the published topics beside blueprint `events`, and reads what ours
writes there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.interop.nest import Program, installed
from tests.support.events_shop import ITEM, EventsShop, events_shop
from tests.support.needs import NODE_KAFKA

pytestmark = [pytest.mark.postgres, pytest.mark.kafka, pytest.mark.node, pytest.mark.slow]
SCRIPT = "kafka/others.js"
AT = "2026-01-15T10:30:00.000Z"


@pytest.fixture(scope="module")
def modules() -> Path:
    return installed(Path(__file__).with_name("kafka"), "kafkajs", NODE_KAFKA)


@pytest.fixture(scope="module")
def shop(modules: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EventsShop]:
    with events_shop(tmp_path_factory.mktemp("kafkajs")) as made:
        yield made


class Heard:
    """What the program has read of both topics, in whatever order it came."""

    def __init__(self, program: Program) -> None:
        self._program, self._all = program, list[Any]()

    async def order(self, topic: str, order_id: str) -> Any:
        while True:
            for said in self._all:
                if said.get("topic") == topic and said["value"].get("orderId") == order_id:
                    return said
            self._all.append(await self._program.hear())


async def test_kafkajs_reads_our_records_and_ours_reads_its(modules: Path, shop: EventsShop) -> None:
    async with Program.run(modules, SCRIPT, shop.kafka.brokers) as program:
        order, user = str(uuid4()), str(uuid4())
        items = [{"productId": "product-9", "quantity": 1, "price": 5}]
        event = {"orderId": order, "userId": user, "items": items, "totalAmount": 5, "createdAt": AT}
        assert await program.say(send="order.created", value=event) == {"sent": True}
        heard = Heard(program)
        program.tell(read="payment.completed", group="their-payments")
        paid = await heard.order("payment.completed", order)
        assert paid["key"] == order
        assert {name: paid["value"][name] for name in ("amount", "status", "userId")} == {
            "amount": 5,
            "status": "completed",
            "userId": user,
        }
        made = await asyncio.to_thread(shop.place, user)
        program.tell(read="order.created", group="their-orders")
        placed = await heard.order("order.created", made["id"])
        assert (placed["value"]["items"], placed["value"]["totalAmount"]) == ([ITEM], 59.98)
        again = await heard.order("payment.completed", made["id"])
        assert again["value"]["amount"] == 59.98
