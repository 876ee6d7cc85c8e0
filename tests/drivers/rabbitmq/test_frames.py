"""What we pack by hand is what pamqp reads, what pamqp packs is what we read, however the bytes are cut;
anything else is refused.
"""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pamqp import body, commands, frame, header

from tradewind.drivers.rabbitmq.amqp import fields, frames
from tradewind.drivers.rabbitmq.amqp.errors import Malformed
from tradewind.drivers.rabbitmq.amqp.properties import NONE, Properties
from tradewind.drivers.rabbitmq.amqp.reader import Reader

TEXTS = st.text(max_size=30)
NUMBERS = st.integers(-(2**63), 2**63 - 1)
EXCHANGES = st.text("abcXYZ019-_.:", max_size=30)  # pamqp allows no more
TAGS = st.integers(1, 2**63 - 1)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.floats(allow_nan=False, width=32) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=8,
)
HEADERS = st.dictionaries(TEXTS, VALUES, min_size=1, max_size=5)
PROPERTIES = st.builds(
    Properties,
    content_type=TEXTS,
    correlation_id=TEXTS,
    reply_to=TEXTS,
    message_id=TEXTS,
    expiration=st.integers(0, 10**9).map(str) | st.just(""),
    type=TEXTS,
    app_id=TEXTS,
    timestamp=st.integers(0, 2**32 - 1),
    delivery_mode=st.sampled_from([0, 1, 2]),
    headers=HEADERS | st.none(),
)


class Heard:
    """A sink that keeps everything."""

    def __init__(self) -> None:
        self.all: list[Any] = []

    def delivered(
        self, consumer: bytes, tag: int, redelivered: bool, place: bytes, header: bytes, body: bytes | None
    ) -> None:
        self.all.append(
            ("delivered", consumer, tag, redelivered, place, fields.parse_properties(header), body)
        )

    def returned(self, method: bytes, header: bytes) -> None:
        self.all.append(("returned", method, fields.parse_properties(header)))

    def confirmed(self, tag: int, multiple: bool, kept: bool) -> None:
        self.all.append(("confirmed", tag, multiple, kept))

    def said(self, frame: bytes) -> None:
        self.all.append(("said", frame))


def theirs(properties: Properties) -> commands.Basic.Properties:
    said: dict[str, Any] = {
        name: getattr(properties, name) or None
        for name in properties.__struct_fields__
        if name not in ("type", "timestamp")
    }
    when = datetime.fromtimestamp(properties.timestamp, UTC) if properties.timestamp else None
    return commands.Basic.Properties(message_type=properties.type or None, timestamp=when, **said)


def read_all(data: bytes, size: int = 2**20, most: int = 2**20) -> list[Any]:
    heard = Heard()
    reader = Reader(heard, most)
    for at in range(0, len(data), size):
        reader.feed(data[at : at + size])
    return heard.all


def unpacked(data: bytes) -> list[Any]:
    found = []
    while data:
        size, channel, each = frame.unmarshal(data)
        assert channel == 1
        found.append(each)
        data = data[size:]
    return found


@given(PROPERTIES, st.binary(max_size=100), EXCHANGES, TEXTS, st.booleans(), st.integers(1, 40))
@example(NONE, b"", "", "", False, 10)
def test_pamqp_reads_what_we_publish(
    properties: Properties, text: bytes, exchange: str, key: str, mandatory: bool, most: int
) -> None:
    data = frames.publish_method(exchange, key, mandatory)
    data += frames.content(fields.pack_properties(properties, len(text)), text, most)
    method, head, *pieces = unpacked(data)
    assert (method.name, method.exchange, method.routing_key, method.mandatory) == (
        "Basic.Publish",
        exchange,
        key,
        mandatory,
    )
    assert head.body_size == len(text)
    assert b"".join([piece.value for piece in pieces]) == text
    assert all(len(piece.value) <= most for piece in pieces)
    wanted, got = theirs(properties), head.properties
    assert {name: getattr(got, name) for name in got.__slots__} == {
        name: getattr(wanted, name) for name in got.__slots__
    }


@given(PROPERTIES, st.binary(max_size=100), EXCHANGES, TEXTS, TAGS, st.booleans(), st.integers(1, 200))
def test_we_read_what_pamqp_delivers(
    properties: Properties, text: bytes, exchange: str, key: str, tag: int, again: bool, size: int
) -> None:
    deliver = commands.Basic.Deliver("consumer", tag, again, exchange, key)
    half = len(text) // 2
    data = frame.marshal(deliver, 1) + frame.marshal(
        header.ContentHeader(0, len(text), theirs(properties)), 1
    )
    data += b"".join(
        [frame.marshal(body.ContentBody(piece), 1) for piece in (text[:half], text[half:]) if piece]
    )
    data += frame.marshal(commands.Basic.Ack(tag, again), 1)
    place = fields.short(exchange) + fields.short(key)
    wanted = [
        ("delivered", b"consumer", tag, again, place, properties, text),
        ("confirmed", tag, again, True),
    ]
    assert read_all(data, size) == wanted


@given(TAGS, st.booleans())
def test_acks_and_rejects(tag: int, flag: bool) -> None:
    acked, rejected = unpacked(frames.ack(tag, flag) + frames.reject(tag, flag))
    assert (acked.name, acked.delivery_tag, acked.multiple) == ("Basic.Ack", tag, flag)
    assert (rejected.name, rejected.delivery_tag, rejected.requeue) == ("Basic.Reject", tag, flag)


@pytest.mark.parametrize("size", [1, 2, 7, 8, 1000])
def test_a_stream_may_be_cut_anywhere(size: int) -> None:
    returned = frame.marshal(commands.Basic.Return(312, "NO_ROUTE", "", "gone"), 1)
    data = returned + frame.marshal(header.ContentHeader(0, 3, commands.Basic.Properties(message_id="m")), 1)
    data += (
        frame.marshal(body.ContentBody(b"abc"), 1)
        + frames.BEAT
        + frame.marshal(commands.Basic.Nack(7, True), 1)
    )
    data += frame.marshal(commands.Channel.Close(406, "no", 0, 0), 1)
    heard = read_all(data, size)
    assert [each[0] for each in heard] == ["returned", "confirmed", "said"]
    assert heard[0][2].message_id == "m"
    assert heard[1] == ("confirmed", 7, True, False)


def test_a_body_past_the_limit_is_counted_and_thrown_away() -> None:
    deliver = frame.marshal(commands.Basic.Deliver("c", 1, False, "", "k"), 1)

    def message(size: int) -> bytes:
        return deliver + frames.content(fields.pack_properties(NONE, size), b"x" * size, 10)

    heard = read_all(message(101) + message(100) + message(0), most=100)
    assert [each[-1] and len(each[-1]) for each in heard] == [None, 100, b""]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n", "frame of"),
        (b"AMQP\x00\x01\x00\x00", "frame of"),
        (frames.BEAT[:-1] + b"x", "without its end"),
        (b"\x05\x00\x01\x00\x00\x00\x00\xce", "kind 5"),
        (b"\x01\x00\x01\x00\x00\x00\x02ab\xce", "without its number"),
        (b"\x01\x00\x01\x00\x00\x00\x04\x00\x3c\x00\x50\xce", "without its tag"),
        (b"\x03\x00\x01\x00\x00\x00\x02ab\xce", "belongs to nothing"),
        (b"\x02\x00\x01\x00\x00\x00\x02ab\xce", "belongs to nothing"),
        (b"\x01\x00\x01\xff\xff\xff\xff" + b"x" * 8, "are agreed"),
    ],
)
def test_what_is_not_amqp_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(Malformed, match=says):
        read_all(data)


@given(st.binary(max_size=60))
def test_any_properties_are_parsed_or_none(raw: bytes) -> None:
    assert isinstance(fields.parse_properties(struct.pack(">HHQ", 60, 0, 0) + b"\xff\xfc" + raw), Properties)


def test_tables_in_too_many_tables_are_none() -> None:
    deep: dict[str, Any] = {}
    for _ in range(40):
        deep = {"a": deep}
    assert fields.parse_properties(fields.pack_properties(Properties(headers=deep), 0)) == NONE


@pytest.mark.parametrize(
    "properties",
    [
        Properties(type="x" * 256),
        Properties(expiration="soon"),
        Properties(headers={"a": 2**63}),
        Properties(headers={"a": object()}),
    ],
)
def test_what_amqp_has_no_room_for(properties: Properties) -> None:
    with pytest.raises(ValueError):
        fields.pack_properties(properties, 0)


def test_bytes_that_are_no_text_come_back_as_they_were() -> None:
    strange = Properties(correlation_id=b"\xff\x00\xfe".decode(errors="surrogateescape"))
    packed = fields.pack_properties(strange, 0)
    assert b"\xff\x00\xfe" in packed
    assert fields.parse_properties(packed) == strange


@given(st.uuids().map(str), st.integers(1, 10**7), st.integers(1 << 31, (1 << 63) - 1))
def test_a_request_is_packed_as_any_other_message(correlation_id: str, patience: int, deadline: int) -> None:
    short_way = fields.asking(correlation_id, "amq.rabbitmq.reply-to", str(patience), "x-deadline", deadline)
    usual = Properties(
        correlation_id=correlation_id,
        reply_to="amq.rabbitmq.reply-to",
        expiration=str(patience),
        headers={"x-deadline": deadline},
    )
    assert fields.pack_properties(short_way, 7) == fields.pack_properties(usual, 7)
