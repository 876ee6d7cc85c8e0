"""What is sent is what NestJS sends, and what comes is read as NestJS reads it: JSON of any shape goes
through unchanged.
"""

import json
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.apis.nest import wire
from tradewind.core.request_queue import Kind

texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


def dump(value: Any, *, spaced: bool = False) -> bytes:
    return json.dumps(value, ensure_ascii=spaced, indent=1 if spaced else None).encode()


def read(packet: bytes) -> tuple[Kind, bytes]:
    outcome = wire.unpack_reply(packet)
    return outcome.kind, outcome.body


@given(values, values, st.booleans())
def test_a_request_goes_through(pattern: Any, data: Any, spaced: bool) -> None:
    packet = wire.pack_request(dump(pattern), dump(data, spaced=spaced), b"7f-1")
    assert json.loads(packet) == {"pattern": pattern, "data": data, "id": "7f-1"}
    request = wire.unpack_request(packet)
    assert bytes(request.pattern) == dump(pattern)
    assert bytes(request.data) == dump(data, spaced=spaced)
    assert bytes(request.id) == b'"7f-1"'


@given(values, values)
def test_an_answer_goes_through(response: Any, name: Any) -> None:
    packet = wire.pack_answer(dump(response), dump(name))
    assert json.loads(packet) == {"response": response, "isDisposed": True, "id": name}
    assert read(packet) == (Kind.ANSWER, dump(response))


@given(values)
def test_a_refusal_goes_through_if_it_is_one(err: Any) -> None:
    """NestJS asks `if (err)`, in JavaScript: empty lists and objects are true there."""
    packet = wire.pack_refusal(dump(err), b'"1"')
    assert json.loads(packet) == {"err": err, "isDisposed": True, "id": "1"}
    refused = bool(err) or isinstance(err, list | dict)
    assert read(packet) == ((Kind.REFUSED, dump(err)) if refused else (Kind.ANSWER, b"null"))


@given(st.binary(max_size=40) | values.map(dump))
def test_whatever_comes_is_read_or_malformed(body: bytes) -> None:
    with suppress(wire.Malformed):
        wire.unpack_request(body)
    assert wire.unpack_reply(body).kind in (Kind.ANSWER, Kind.REFUSED, Kind.DOWN)


REPLIES: list[tuple[bytes, Kind, bytes]] = [
    (b'{"response":{"a":1},"isDisposed":true}', Kind.ANSWER, b'{"a":1}'),
    (b'{"response":1}', Kind.ANSWER, b"1"),
    (b'{"response":null,"isDisposed":true}', Kind.ANSWER, b"null"),
    (b'{"isDisposed":true}', Kind.ANSWER, b"null"),
    (
        b'{"err":{"message":"no","statusCode":404},"isDisposed":true}',
        Kind.REFUSED,
        b'{"message":"no","statusCode":404}',
    ),
    (b'{"err":"no"}', Kind.REFUSED, b'"no"'),
    (b'{"id":"1","err":"There is no","status":"error"}', Kind.REFUSED, b'"There is no"'),
    (b'{"err":{},"response":1}', Kind.REFUSED, b"{}"),
    (b'{"err":[],"response":1}', Kind.REFUSED, b"[]"),
    (b'{"err":true,"response":1}', Kind.REFUSED, b"true"),
    (b'{"err":-0.0,"response":1}', Kind.ANSWER, b"1"),
    (b'{"err":null,"response":1,"isDisposed":true}', Kind.ANSWER, b"1"),
    (b'{"err":"","response":1,"isDisposed":true}', Kind.ANSWER, b"1"),
    (b'{"err":false}', Kind.ANSWER, b"null"),
    (b' { "response" : [ 1 , 2 ] } ', Kind.ANSWER, b"[ 1 , 2 ]"),
    (b'{"foo":1}', Kind.ANSWER, b'{"foo":1}'),  # not of NestJS: taken as the response itself
    (b"[1]", Kind.ANSWER, b"[1]"),
    (b"null", Kind.ANSWER, b"null"),
    (b'"text"', Kind.ANSWER, b'"text"'),
    (b"no json", Kind.DOWN, b"the answer is not JSON"),
    (b'{"response":"\xff"}', Kind.DOWN, b"the answer is not JSON"),
    (b'{"response":' + b"[" * 5000 + b"]" * 5000 + b"}", Kind.DOWN, b"the answer is not JSON"),
]


@pytest.mark.parametrize(("body", "kind", "said"), REPLIES)
def test_a_reply_is_read_as_nestjs_reads_it(body: bytes, kind: Kind, said: bytes) -> None:
    assert read(body) == (kind, said)


def test_the_answer_to_an_unknown_pattern_is_that_of_nestjs_to_the_byte() -> None:
    said = (
        b'{"id":"7f","err":"There is no matching message handler defined in the remote '
        b'service.","status":"error"}'
    )
    assert wire.pack_unknown(b'"7f"') == said


@pytest.mark.parametrize("depth", [1, 64, 65, 900])
@pytest.mark.parametrize(("start", "end"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_depth_is_measured(depth: int, start: bytes, end: bytes) -> None:
    assert wire.too_deep(start * depth + b"1" + end * depth) is (depth > wire.DEEPEST)


@given(values)
def test_depth_is_that_of_the_brackets_outside_of_texts(value: Any) -> None:
    wide = [value] * 70

    def depth(each: Any) -> int:
        inner = each.values() if isinstance(each, dict) else each if isinstance(each, list) else ()
        return 1 + max(map(depth, inner), default=0) if isinstance(each, list | dict) else 0

    assert wire.too_deep(dump(wide)) is (depth(wide) > wire.DEEPEST)
    assert not wire.too_deep(dump(["[" * 100, '"\\[{' * 100] * 2))
    assert wire.too_deep(b"[" * 65 + dump("]" * 100) + b"]" * 65)


def test_what_is_too_large_is_not_read() -> None:
    body = wire.pack_request(b'"x"', b'"' + b"a" * wire.LARGEST + b'"', b"1")
    with pytest.raises(wire.Malformed, match="larger than 8388608 bytes"):
        wire.unpack_request(body)


def test_the_errors_of_our_own_are_json() -> None:
    for err in (wire.INTERNAL, wire.TOO_MUCH, wire.NO_HANDLER):
        assert msgspec.json.decode(err)
    assert json.loads(wire.pack_malformed("not JSON", b"")) == {
        "err": {"status": "error", "message": "Bad request: not JSON", "statusCode": 400},
        "isDisposed": True,
        "id": None,
    }
