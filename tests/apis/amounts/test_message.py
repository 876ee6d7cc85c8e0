"""One event in two spellings: each writer spells it as its system does, every reader takes both, and what is
neither is a dead letter with its reason.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from tradewind.apis.contracts.channels import channels as contracts
from tradewind.apis.invoicing.channels import channels as invoicing
from tradewind.contracts.orders import Line, OrderCreated
from tradewind.contracts.values import Money
from tradewind.core.bus import EventRecord
from tradewind.core.channel import Channel, Undeliverable

SETTINGS = {"orders_queue": "orders", "currency": "PLN"}
(ENVELOPE,), (BARE,) = invoicing(SETTINGS), contracts(SETTINGS)
TOTAL = Money(5_000, "PLN")
ORDER = "7c69ae16-a49a-4c3b-b507-88e40093a637"
CREATED = OrderCreated(ORDER, "1651654165", (Line("", "", "", 1, TOTAL, TOTAL),), TOTAL, 0)
WORDS = b'{"orderId":"%b","amount":5000,"customer":{"id":"1651654165"}}' % ORDER.encode()
WRAPPED = b'{"pattern":"orders.created","data":%b}' % WORDS
BOTH = pytest.mark.parametrize("channel", [BARE, ENVELOPE], ids=["contracts", "invoicing"])


@pytest.mark.parametrize(("channel", "body"), [(BARE, WORDS), (ENVELOPE, WRAPPED)])
def test_each_spells_it_as_its_system_does(channel: Channel, body: bytes) -> None:
    assert (
        channel.encode(
            EventRecord("", "", "order.created", ORDER, msgspec.json.encode(CREATED).decode(), "", 1, 0)
        )
        == body
    )
    assert (channel.published, channel.name, channel.dead) == ("orders.created", "orders", "orders.dead")
    assert channel.declared and channel.arguments == {}


@BOTH
@pytest.mark.parametrize("body", [WORDS, WRAPPED], ids=["bare", "envelope"])
def test_each_reads_both(channel: Channel, body: bytes) -> None:
    assert channel.decode(body) == CREATED
    read = channel.read(body, {})
    assert (read.name, read.key, read.id) == ("order.created", ORDER, "")


def message(**other: Any) -> dict[str, Any]:
    return {"orderId": ORDER, "amount": 5_000, "customer": {"id": "c"}, **other}


TAKEN = {
    "more fields": message(status="new", customer={"id": "c", "name": "Ada"}),
    "pattern alone": message(pattern="orders.deleted"),
    "an order that is no UUID": message(orderId="#7"),
    "the longest text": message(orderId="x" * 255),
    "the largest amount": message(amount=2_147_483_647),
    "NestJS with an id": {"pattern": "orders.created", "data": message(), "id": "1"},
    "an integer with a point": message(amount=5_000.0),
    "a line break": message(orderId="a\n"),
}
REFUSED = {
    "zero": message(amount=0),
    "negative": message(amount=-1),
    "a fraction": message(amount=50.5),
    "a large fraction": message(amount=2_147_483_647.5),
    "half": message(amount=0.5),
    "out of range": message(amount=1e300),
    "a text": message(amount="5000"),
    "true": message(amount=True),
    "over the column": message(amount=2_147_483_648),
    "no order": {"amount": 1, "customer": {"id": "c"}},
    "no customer": {"orderId": "o", "amount": 1},
    "an empty text": message(orderId=""),
    "too long": message(orderId="x" * 256),
    "NUL": message(orderId="a\0"),
    "NUL in the customer": message(customer={"id": "\0"}),
    "a number for a text": message(orderId=7),
    "null": None,
    "a list": [message()],
    "an envelope with nothing in it": {"pattern": "orders.created", "data": None},
}
NOT_JSON = [
    b"",
    b"x",
    b'{"orderId":"\xff","amount":1,"customer":{"id":"c"}}',
    b'{"a":' + b"[" * 5_000,
    b'{"a":1}{}',
]
UNKNOWN: list[Any] = ["orders.deleted", {"cmd": "orders.created"}, 7, None, ""]


@BOTH
@pytest.mark.parametrize("body", TAKEN.values(), ids=TAKEN.keys())
def test_what_is_taken(channel: Channel, body: Any) -> None:
    assert channel.decode(json.dumps(body).encode()).total.currency == "PLN"  # type: ignore[attr-defined]


@BOTH
@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
@pytest.mark.parametrize("wrapped", [False, True])
def test_what_is_not(channel: Channel, body: Any, wrapped: bool) -> None:
    sent = {"pattern": "orders.created", "data": body} if wrapped else body
    with pytest.raises(Undeliverable, match=r"^invalid: "):
        channel.decode(json.dumps(sent).encode())


@BOTH
@pytest.mark.parametrize("body", NOT_JSON)
def test_what_is_not_json(channel: Channel, body: bytes) -> None:
    with pytest.raises(Undeliverable, match=r"^not-json$"):
        channel.decode(body)


@BOTH
@pytest.mark.parametrize("pattern", UNKNOWN)
def test_another_pattern(channel: Channel, pattern: Any) -> None:
    with pytest.raises(Undeliverable, match=r"^unknown-pattern$"):
        channel.decode(json.dumps({"pattern": pattern, "data": message()}).encode())


@BOTH
def test_what_is_too_large(channel: Channel) -> None:
    body = json.dumps(message(more="x" * 1024 * 1024)).encode()
    with pytest.raises(Undeliverable, match=r"^too-large$"):
        channel.decode(body)


def test_a_reason_never_shows_what_came() -> None:
    with pytest.raises(Undeliverable) as error:
        BARE.decode(json.dumps(message(amount="secret")).encode())
    assert "secret" not in str(error.value)
