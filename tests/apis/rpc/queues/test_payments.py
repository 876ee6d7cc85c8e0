"""The queue of payments against a real store: noted, never charged, several an order."""

from __future__ import annotations

import pytest

from tests.apis.rpc.queues.support import Asked
from tests.apis.rpc.validator.cases import PAYMENT, UUID
from tradewind.apis.rpc.queues import Values, payment_handlers
from tradewind.engine.platform import Platform

NEW = {"dto": PAYMENT, "idempotencyKey": "pay-xyz-789", "lang": "en"}


async def test_a_payment_is_noted(asked: Asked, platform: Platform) -> None:
    made = await asked.answer("create_payment", NEW)
    assert list(made) == ["id", "orderId", "amount", "status", "idempotencyKey", "createdAt", "updatedAt"]
    assert made | {"id": "", "createdAt": "", "updatedAt": ""} == {
        "id": "",
        "orderId": UUID,
        "amount": 59.98,
        "status": "PENDING",
        "idempotencyKey": "pay-xyz-789",
        "createdAt": "",
        "updatedAt": "",
    }
    assert await asked.answer("get_payment_by_id", {"id": made["id"], "lang": "en"}) == made
    assert await platform.store.rows(platform.runtimes["payments"].statements.activity_count) == [(0, None)]


async def test_a_key_makes_one_payment_and_no_key_two(asked: Asked) -> None:
    first = await asked.packet("create_payment", NEW)
    assert await asked.packet("create_payment", NEW) == first
    keyless = [await asked.answer("create_payment", {"dto": PAYMENT}) for _ in range(2)]
    assert keyless[0]["id"] != keyless[1]["id"]
    found = await asked.answer("get_payments_by_order_id", {"orderId": UUID.upper()})
    assert found[:2] == keyless[::-1] and len(found) == 3
    listed = await asked.answer("get_payments", {"page": 2, "perPage": 2})
    assert listed["data"] == found[2:]
    assert (listed["meta"]["itemCount"], listed["meta"]["pageCount"]) == (3, 2)
    assert (await asked.err("create_payment", {**NEW, "dto": {**PAYMENT, "amount": 1}}))["statusCode"] == 422


async def test_a_list_without_pages_ends_at_the_setting(asked: Asked, platform: Platform) -> None:
    made = [await asked.answer("create_payment", {"dto": PAYMENT}) for _ in range(3)]
    short = Asked(payment_handlers(platform, Values("EUR", list_max=2, reads_at_once=False)))
    found = await short.answer("get_payments_by_order_id", {"orderId": UUID})
    assert found == made[:0:-1]


async def test_a_key_of_orders_is_not_one_of_payments(asked: Asked) -> None:
    order = {"items": [{"productId": UUID, "quantity": 1, "price": 1}], "total": 1}
    made = await asked.answer("create_order", {"dto": order, "idempotencyKey": "shared"})
    assert (await asked.answer("create_payment", {"dto": PAYMENT, "idempotencyKey": "shared"}))["id"] != made[
        "id"
    ]


@pytest.mark.parametrize("order_id", ["00000000-0000-7000-8000-000000000000", "x", None, 5])
async def test_an_order_without_payments_has_an_empty_list(asked: Asked, order_id: object) -> None:
    assert await asked.answer("get_payments_by_order_id", {"orderId": order_id}) == []


async def test_what_is_not_there_is_not_found(asked: Asked) -> None:
    assert await asked.err("get_payment_by_id", {"id": UUID, "lang": "de"}) == {
        "message": "Zahlung nicht gefunden",
        "statusCode": 404,
    }


@pytest.mark.parametrize(
    ("dto", "messages"),
    [
        ({**PAYMENT, "amount": -1}, ["amount must not be less than 0"]),
        ({**PAYMENT, "orderId": "x"}, ["orderId must be a UUID"]),
        ({**PAYMENT, "amount": 1.005}, ["amount must be a number conforming to the specified constraints"]),
    ],
)
async def test_a_wrong_payment(asked: Asked, dto: object, messages: list[str]) -> None:
    assert await asked.err("create_payment", {"dto": dto}) == {
        "message": messages,
        "error": "Bad Request",
        "statusCode": 400,
    }
