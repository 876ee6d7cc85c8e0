"""The queue of inventory against a real store: one product a SKU."""

from __future__ import annotations

import pytest

from tests.apis.rpc.queues.support import Asked
from tradewind.apis.rpc.queues.inventory import show_reply
from tradewind.core.gateway import Reply

WIDGET = {"name": "Widget Pro", "sku": "WDG PRO/001", "stock": 100}


async def test_a_product_is_made_once_a_sku(asked: Asked) -> None:
    made = await asked.answer("create_product", {"dto": WIDGET})
    assert list(made) == ["id", "name", "sku", "stock", "reservedStock", "createdAt"]
    assert made | {"id": "", "createdAt": ""} == {**WIDGET, "id": "", "reservedStock": 0, "createdAt": ""}
    assert await asked.answer("create_product", {"dto": {**WIDGET, "name": "Other", "stock": 1}}) == made
    assert await asked.answer("get_product_by_id", {"id": made["id"], "lang": "en"}) == made
    other = await asked.answer(
        "create_product", {"dto": {**WIDGET, "sku": "B", "price": 9.99}, "idempotencyKey": "ignored"}
    )
    page = await asked.answer("get_products", {"page": 1, "perPage": 10})
    assert page["data"] == [other, made] and page["meta"]["itemCount"] == 2


async def test_a_message_that_comes_again_is_answered_as_before(asked: Asked) -> None:
    first = await asked.packet("create_product", {"dto": WIDGET}, "m1")
    assert await asked.packet("create_product", {"dto": WIDGET}, "m1", redelivered=True) == first


def test_a_reply_of_version_0_1_is_sent_again_as_it_was() -> None:
    kept = b'{"id":"p","name":"Widget","sku":"W","stock":5,"reservedStock":2,"createdAt":"2026-01-01T00:00:00.000Z"}'
    assert show_reply(Reply(0, kept, replayed=True)) == kept


@pytest.mark.parametrize(
    ("lang", "says"),
    [("en", "Product not found"), ("de", "Produkt nicht gefunden"), ("fr", "Product not found")],
)
async def test_what_is_not_there_is_not_found(asked: Asked, lang: str, says: str) -> None:
    for id in ("00000000-0000-7000-8000-000000000000", "x"):
        assert await asked.err("get_product_by_id", {"id": id, "lang": lang}) == {
            "message": says,
            "statusCode": 404,
        }


@pytest.mark.parametrize(
    ("dto", "messages"),
    [
        ({**WIDGET, "name": ""}, ["name should not be empty"]),
        ({**WIDGET, "stock": -1}, ["stock must not be less than 0"]),
        ({**WIDGET, "sku": 5}, ["sku must be a string"]),
        ({**WIDGET, "price": 0.001}, ["price must be a number conforming to the specified constraints"]),
        ({**WIDGET, "name": "a\0"}, ["name must be a string"]),
    ],
)
async def test_a_wrong_product(asked: Asked, dto: object, messages: list[str]) -> None:
    assert await asked.err("create_product", {"dto": dto}) == {
        "message": messages,
        "error": "Bad Request",
        "statusCode": 400,
    }
