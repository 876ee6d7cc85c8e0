"""The published message about a new order: what we write, what we read, and what is no message."""

from __future__ import annotations

import msgspec
import pytest

from tradewind.apis.grpc.channels import channels
from tradewind.contracts.orders import Line, OrderCreated
from tradewind.contracts.values import Money
from tradewind.core.bus import EventRecord
from tradewind.core.channel import Undeliverable

(CHANNEL,) = channels({"currency": "EUR"})
NONE = Money(0, "EUR")
ORDER = OrderCreated("0190-ours", "1", (Line("101", "", "", 3, NONE, NONE),), NONE, 0, 7)
BODY = b'{"orderId":7,"userId":1,"productId":101,"quantity":3,"timestamp":"2026-11-29T10:00:00.123Z"}'
AT = 1_795_946_400_123


def test_queue_is_the_published_one_without_arguments() -> None:
    assert (CHANNEL.name, CHANNEL.dead, CHANNEL.arguments) == ("order.created", "order.created.dlq", {})


def test_we_write_the_published_form() -> None:
    body = msgspec.json.encode(ORDER).decode()
    assert CHANNEL.encode(EventRecord("orders", "e", "order.created", "0190-ours", body, "", 1, AT)) == BODY


def test_we_know_an_order_by_its_published_number_alone() -> None:
    found = CHANNEL.read(BODY, {})
    assert found.key == "7"
    assert found.decoded == OrderCreated("7", "1", ORDER.lines, NONE, 0, 7)


def test_a_message_of_an_older_publisher_needs_no_time() -> None:
    assert CHANNEL.decode(b'{"orderId":7,"userId":1,"productId":101,"quantity":3}').key == "7"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "not-json"),
        (b"{", "not-json"),
        (b"\xff\xfe", "not-json"),
        (b"[" * 100_000, "too-large"),
        (b"[" * 9_000, "invalid"),
        (b"null", "invalid"),
        (b"[]", "invalid"),
        (BODY.replace(b"7", b'"7"', 1), "invalid"),
        (BODY.replace(b"7", b"0", 1), "invalid"),
        (BODY.replace(b"7", b"-1", 1), "invalid"),
        (BODY.replace(b"7", b"2147483648", 1), "invalid"),
        (BODY.replace(b'"userId":1', b'"userId":[1]'), "invalid"),
        (BODY.replace(b'"quantity":3', b'"quantity":1.5'), "invalid"),
        (BODY.replace(b'"quantity":3', b'"quantity":1e300'), "invalid"),
    ],
)
def test_what_is_no_message_says_why(body: bytes, why: str) -> None:
    with pytest.raises(Undeliverable, match=f"^{why}"):
        CHANNEL.decode(body)
