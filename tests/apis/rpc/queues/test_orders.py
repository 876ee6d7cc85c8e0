"""The queue of orders against a real store: the published shapes, one order a key, one order a message."""

from __future__ import annotations

import re

import msgspec
import pytest

from tests.apis.rpc.queues.support import Asked
from tests.apis.rpc.validator.cases import ITEM, ORDER, UUID
from tradewind.apis.rpc.queues.orders import show_reply
from tradewind.core.gateway import Reply
from tradewind.engine.platform import Platform
from tradewind.services.orders import storage

STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
NEW = {"dto": ORDER, "idempotencyKey": "order-abc-123", "lang": "en"}
MISSING = {"message": "Order not found", "statusCode": 404}


async def test_an_order_is_taken_at_the_callers_prices_and_stays_as_it_is(asked: Asked) -> None:
    made = await asked.answer("create_order", NEW)
    assert list(made) == ["id", "status", "items", "total", "idempotencyKey", "createdAt", "updatedAt"]
    assert made | {"id": "", "createdAt": "", "updatedAt": ""} == {
        "id": "",
        "status": "PENDING",
        "items": [ITEM],
        "total": 59.98,
        "idempotencyKey": "order-abc-123",
        "createdAt": "",
        "updatedAt": "",
    }
    assert STAMP.fullmatch(made["createdAt"]) and made["createdAt"] == made["updatedAt"]
    assert await asked.answer("get_order_by_id", {"id": made["id"], "lang": "en"}) == made
    assert await asked.answer("get_order_by_id", {"id": made["id"].upper()}) == made


async def test_nothing_is_due_and_nothing_is_asked_of_others(asked: Asked, platform: Platform) -> None:
    await asked.answer("create_order", NEW)
    assert await platform.store.rows(platform.runtimes["orders"].statements.timers_late, {"now": 2**62}) == [
        (0, None)
    ]
    assert [
        row[2]
        for row in await platform.store.rows(
            platform.runtimes["orders"].statements.log_after, {"after": 0, "n": 9}
        )
    ] == ["order.created"]
    assert not any(room.subscriptions for room in platform.runtimes.values())


async def test_a_total_is_what_the_caller_says_and_ids_stay_as_sent(asked: Asked) -> None:
    body = {
        "items": [{**ITEM, "productId": UUID.upper(), "price": 30, "extra": 1}],
        "total": 1,
        "customer": "x",
    }
    made = await asked.answer("create_order", {"dto": body})
    assert made["items"] == [{"productId": UUID.upper(), "quantity": 2, "price": 30}] and made["total"] == 1
    assert made["idempotencyKey"] is None
    assert await asked.answer("get_order_by_id", {"id": made["id"]}) == made
    packet = await asked.packet("get_order_by_id", {"id": made["id"]})
    assert b'"price":30}' in packet and b'"total":1,' in packet


async def test_the_same_key_and_body_have_the_same_bytes(asked: Asked, platform: Platform) -> None:
    first = await asked.packet("create_order", NEW)
    again = {**NEW, "lang": "de", "dto": {"total": 59.98, "items": [{**ITEM, "more": 1}]}}
    assert await asked.packet("create_order", again) == first
    assert await platform.store.rows(storage.COUNT[()]) == [(1,)]


def test_a_reply_that_version_0_1_has_kept_is_still_read() -> None:
    kept = (
        b'{"id":"o1","status":"PENDING","items":[{"productId":"p1","quantity":2,"price":{"amount":2999,'
        b'"currency":"EUR"}}],"total":{"amount":5998,"currency":"EUR"},"idempotencyKey":null,'
        b'"createdAt":"2026-11-21T09:30:00.123Z","updatedAt":"2026-11-21T09:30:00.123Z"}'
    )
    assert msgspec.json.decode(show_reply(Reply(0, kept, replayed=True))) == {
        "id": "o1",
        "status": "PENDING",
        "items": [{"productId": "p1", "quantity": 2, "price": 29.99}],
        "total": 59.98,
        "idempotencyKey": None,
        "createdAt": "2026-11-21T09:30:00.123Z",
        "updatedAt": "2026-11-21T09:30:00.123Z",
    }


@pytest.mark.parametrize(
    ("lang", "says"),
    [
        ("en", "This idempotency key was used with another body"),
        ("de-AT", "Dieser Idempotenzschlüssel wurde mit einem anderen Inhalt verwendet"),
    ],
)
async def test_the_same_key_with_another_body_is_refused(asked: Asked, lang: str, says: str) -> None:
    await asked.answer("create_order", NEW)
    other = {**NEW, "dto": {**ORDER, "total": 1}, "lang": lang}
    assert await asked.err("create_order", other) == {"message": says, "statusCode": 422}


async def test_a_message_without_a_key_is_done_once_however_often_it_comes(
    asked: Asked, platform: Platform
) -> None:
    keyless = {"dto": ORDER}
    first = await asked.packet("create_order", keyless, "m1")
    assert await asked.packet("create_order", keyless, "m1", redelivered=True) == first
    assert (await asked.answer("create_order", keyless, "m2"))["id"].encode() not in first
    assert (await asked.answer("create_order", {**keyless, "idempotencyKey": ""}, "m3"))[
        "idempotencyKey"
    ] is None
    assert await platform.store.rows(storage.COUNT[()]) == [(3,)]


@pytest.mark.parametrize(
    "id", ["00000000-0000-7000-8000-000000000000", "x", "", None, 5, {}, "' OR 1=1", "\0"]
)
async def test_what_is_not_there_is_not_found(asked: Asked, id: object) -> None:
    assert await asked.err("get_order_by_id", {"id": id}) == MISSING
    assert await asked.err("get_order_by_id", {"id": id, "lang": "de"}) == {
        "message": "Bestellung nicht gefunden",
        "statusCode": 404,
    }


async def test_pages_are_cut_newest_first(asked: Asked) -> None:
    made = [await asked.answer("create_order", {"dto": ORDER}) for _ in range(5)]
    for page, rows in ((1, made[:2:-1]), (2, made[2:0:-1]), (3, made[:1]), (4, [])):
        found = await asked.answer("get_orders", {"page": page, "perPage": 2})
        assert found["data"] == rows
        assert found["meta"] == {
            "page": page,
            "perPage": 2,
            "itemCount": 5,
            "pageCount": 3,
            "hasPreviousPage": page > 1,
            "hasNextPage": page < 3,
        }
    assert (await asked.answer("get_orders", b"null"))["meta"] | {"page": 1, "perPage": 10} == {
        "page": 1,
        "perPage": 10,
        "itemCount": 5,
        "pageCount": 1,
        "hasPreviousPage": False,
        "hasNextPage": False,
    }
    assert (await asked.answer("get_orders", {"page": 10**9, "perPage": 100}))["data"] == []


@pytest.mark.parametrize(
    ("data", "messages"),
    [
        ({"dto": {**ORDER, "total": -1}}, ["total must not be less than 0"]),
        (
            {"dto": {**ORDER, "total": 0.005}},
            ["total must be a number conforming to the specified constraints"],
        ),
        (
            {"dto": {**ORDER, "items": [{**ITEM, "price": 1.001}]}},
            ["items.0.price must be a number conforming to the specified constraints"],
        ),
        (
            {"dto": ORDER, "idempotencyKey": "k" * 256},
            ["idempotencyKey must be shorter than or equal to 255 characters"],
        ),
        ({"dto": ORDER, "idempotencyKey": 5}, ["idempotencyKey must be a string"]),
        ({"dto": ORDER, "idempotencyKey": "a\0b"}, ["idempotencyKey must be a string"]),
        (
            {"dto": {**ORDER, "total": "x"}, "idempotencyKey": 5},
            [
                "total must not be less than 0",
                "total must be a number conforming to the specified constraints",
                "idempotencyKey must be a string",
            ],
        ),
        (b"5", ["The payload is not what this pattern takes"]),
        (b"null", ["The payload is not what this pattern takes"]),
    ],
)
async def test_a_wrong_body_is_told_in_class_validators_words(
    asked: Asked, data: object, messages: list[str]
) -> None:
    assert await asked.err("create_order", data) == {
        "message": messages,
        "error": "Bad Request",
        "statusCode": 400,
    }


@pytest.mark.parametrize("page", [{"page": 0}, {"perPage": 101}, {"page": "x"}])
async def test_a_wrong_page(asked: Asked, page: object) -> None:
    assert (await asked.err("get_orders", page))["statusCode"] == 400
    assert (await asked.err("get_orders", b"[]"))["statusCode"] == 400


async def test_a_line_too_large_for_any_total_is_refused(asked: Asked) -> None:
    body = {"items": [{**ITEM, "quantity": 9_999_999, "price": 9_999_999_999.99}], "total": 1}
    assert (await asked.err("create_order", {"dto": body}))["statusCode"] == 422


async def test_a_body_that_only_javascript_takes(asked: Asked) -> None:
    text = (
        b'{"dto":{"items":[{"productId":"%b","quantity":2.0,"price":1e1}],"total":20},"lang":{"a":1}}'
        % UUID.encode()
    )
    assert (await asked.answer("create_order", text))["items"] == [
        {"productId": UUID, "quantity": 2, "price": 10}
    ]
    assert msgspec.json.decode(text)["lang"] == {"a": 1}
