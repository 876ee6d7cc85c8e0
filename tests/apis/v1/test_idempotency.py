"""When two requests are the same one: the header's rules, and what the gateway is told to remember."""

from __future__ import annotations

from typing import Any

import pytest

from tests.apis.v1.fakes import BASKET, CUSTOMER, ORDER, OTHER, Shop, Submitted, refusal, uuid
from tradewind.contracts.orders import PlaceOrder
from tradewind.core.gateway import Reply

ORDERS = "/api/v1/orders"


def placed(
    headers: dict[str, str],
    body: Any = BASKET,
    user: str = CUSTOMER,
    path: str = ORDERS,
    shop: Shop | None = None,
) -> Submitted:
    shop = shop or Shop()
    answer = shop.ask("POST", path, body, token=shop.token(user), headers=headers)
    assert answer.status in (200, 201), answer.body
    return shop.gateway.submitted[-1]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"idempotency-key": "abc"}, {"x-idempotency-key": "abc"}),
        ({"idempotency-key": '"abc"'}, {"idempotency-key": "abc"}),
        ({"idempotency-key": '"abc"', "x-idempotency-key": "abc"}, {"idempotency-key": "abc"}),
        ({"idempotency-key": '"a\\"b\\\\c"'}, {"idempotency-key": 'a"b\\c'}),
        ({"idempotency-key": "a" * 255}, {"idempotency-key": '"' + "a" * 255 + '"'}),
    ],
)
def test_the_same_key_written_in_two_ways(one: dict[str, str], other: dict[str, str]) -> None:
    assert placed(one).claim == placed(other).claim != ""


@pytest.mark.parametrize(
    "headers",
    [
        {"idempotency-key": ""},
        {"idempotency-key": "a" * 256},
        {"idempotency-key": "a b"},
        {"idempotency-key": "ключ"},
        {"idempotency-key": "a\x7f"},
        {"idempotency-key": "a, b"},
        {"idempotency-key": '"'},
        {"idempotency-key": '""'},
        {"idempotency-key": '"abc'},
        {"idempotency-key": '"a"b"'},
        {"idempotency-key": '"a b"'},
        {"idempotency-key": '"a\\b"'},
        {"idempotency-key": "a", "x-idempotency-key": "b"},
        {"idempotency-key": "a", "x-idempotency-key": ""},
        {"x-idempotency-key": "ü"},
    ],
)
def test_a_bad_key_is_refused_before_anything_is_done(headers: dict[str, str]) -> None:
    shop = Shop()
    answer = shop.ask("POST", ORDERS, BASKET, token=shop.token(CUSTOMER), headers=headers)
    assert (answer.status, answer.code) == (400, "invalid_idempotency_key")
    assert shop.gateway.submitted == []


def test_without_a_key_nothing_is_remembered() -> None:
    submitted = placed({})
    assert (submitted.claim, submitted.fingerprint) == ("", "")


def test_a_claim_is_of_one_caller_one_operation_and_one_key() -> None:
    key = {"idempotency-key": "k"}
    claims = {
        placed(key).claim,
        placed(key, user=OTHER).claim,
        placed({"idempotency-key": "l"}).claim,
        placed(key, body={}, path=f"{ORDERS}/{ORDER}/cancel").claim,
    }
    assert len(claims) == 4
    assert all(len(claim) == 32 for claim in claims)


def test_a_fingerprint_is_of_what_was_meant() -> None:
    def mark(body: Any, path: str = ORDERS) -> str:
        return placed({"idempotency-key": "k"}, body, path=path).fingerprint

    plain = mark(BASKET)
    assert plain == mark(b'  {"payment": {"token":"tok_ok"},\n"items":[{"quantity":2,"sku":"TEA-100"}]}  ')
    assert plain == mark(BASKET | {"expectedTotal": None})
    assert plain != mark(BASKET | {"payment": {"token": "tok_slow"}})
    assert (
        mark({}, f"{ORDERS}/{ORDER}/cancel")
        == mark(None, f"{ORDERS}/{ORDER}/cancel")
        == mark({"reason": ""}, f"{ORDERS}/{ORDER}/cancel")
    )
    assert mark({}, f"{ORDERS}/{ORDER}/cancel") != mark({}, f"{ORDERS}/{uuid(8)}/cancel")


def test_what_is_stored_depends_on_the_secret() -> None:
    one = placed({"idempotency-key": "k"})
    shop = Shop()
    other = type(shop.edge)(
        shop.gateway,
        shop.clock,
        type(shop.settings)(jwt_secret=b"another secret, also of 32 bytes and more", rate_limit_per_minute=0),
    )
    shop.edge = other
    shop.tokens = type(shop.tokens)(b"another secret, also of 32 bytes and more", b"r" * 32, 900)
    two = placed({"idempotency-key": "k"}, shop=shop)
    assert one.claim != two.claim
    assert one.fingerprint != two.fingerprint


def test_a_replay_says_so_and_has_the_same_bytes() -> None:
    shop = Shop()
    replies = [Reply(0, b'{"id":"%b","a":1}' % ORDER.encode(), replayed) for replayed in (False, True)]
    shop.gateway.replies[PlaceOrder] = lambda message: replies.pop(0)
    how: Any = {"token": shop.token(CUSTOMER), "headers": {"idempotency-key": "k"}}
    first, again = (shop.ask("POST", ORDERS, BASKET, **how) for _ in range(2))
    assert (first.status, first.body, first.headers["location"]) == (
        again.status,
        again.body,
        again.headers["location"],
    )
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"


def test_a_replayed_refusal_has_the_same_bytes_whatever_the_request_id() -> None:
    shop = Shop()
    first = refusal(409, "price_changed", "It is another now.", total={"amount": 5, "currency": "EUR"})
    replies = [first, Reply(first.status, first.body, True)]
    shop.gateway.replies[PlaceOrder] = lambda message: replies.pop(0)
    answers = [
        shop.ask(
            "POST",
            ORDERS,
            BASKET,
            token=shop.token(CUSTOMER),
            headers={"idempotency-key": "k", "x-request-id": id},
        )
        for id in "ab"
    ]
    assert answers[0].body == answers[1].body
    assert (answers[0].status, answers[0].json["total"]) == (409, {"amount": 5, "currency": "EUR"})
    assert [answer.headers.get("idempotent-replayed") for answer in answers] == [None, "true"]


@pytest.mark.parametrize(
    ("status", "code", "retry_after"),
    [(422, "idempotency_key_reused", 0), (409, "request_in_progress", 1), (503, "overloaded", 2)],
)
def test_what_the_door_says_about_keys_is_passed_on(status: int, code: str, retry_after: int) -> None:
    shop = Shop()
    body = b'{"code":"%b","retry_after":%d}' % (code.encode(), retry_after)
    shop.gateway.replies[PlaceOrder] = Reply(status, body)
    answer = shop.ask("POST", ORDERS, BASKET, token=shop.token(CUSTOMER), headers={"idempotency-key": "k"})
    assert (answer.status, answer.code) == (status, code)
    assert answer.headers.get("retry-after") == (str(retry_after) if retry_after else None)
