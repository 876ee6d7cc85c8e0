"""Whatever bytes come, in whatever pieces: no crash, no hang, and the pieces make no difference."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tradewind.core.http import Request, Response
from tradewind.drivers.http.limits import Limits

from .loose import Loose
from .support import answers, echo, seen

LIMITS = Limits(body_bytes=64, header_bytes=4096, header_count=12, url_bytes=64)
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

LINES = [
    b"GET / HTTP/1.1\r\n",
    b"GET /a?b HTTP/1.1\r\n",
    b"HEAD / HTTP/1.1\r\n",
    b"POST /p HTTP/1.1\r\n",
    b"POST /p HTTP/1.0\r\n",
    b"PUT http://h/q HTTP/1.1\r\n",
    b"OPTIONS * HTTP/1.1\r\n",
    b"CONNECT a:1 HTTP/1.1\r\n",
    b"GET / HTTP/2.0\r\n",
    b"GET /" + b"u" * 70 + b" HTTP/1.1\r\n",
    b"\r\n",
    b"\n",
    b"\r",
    b"\0",
    b"Host: x\r\n",
    b"Host: x\r\n",
    b"Host: y\r\n",
    b"X: y\r\n",
    b"X: \r\n",
    b"A:" + b" " * 30 + b"b\r\n",
    b"Connection: close\r\n",
    b"Connection: keep-alive\r\n",
    b"Connection: Upgrade\r\n",
    b"Upgrade: h2c\r\n",
    b"Expect: 100-continue\r\n",
    b"Content-Length: 3\r\n",
    b"Content-Length: 70\r\n",
    b"Content-Length: 0\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: gzip\r\n",
    b"\r\nabc",
    b"\r\n3\r\nabc\r\n",
    b"2;e=f\r\nde\r\n",
    b"0\r\n\r\n",
    b"0\r\nTrailer: t\r\n\r\n",
    b" folded\r\n",
    b"50\r\n" + b"z" * 80 + b"\r\n",
]
WHOLE = [
    b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
    b"POST /3 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n",
    b"POST /4 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 3\r\n\r\nabc",
    b"POST /5 HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nTransfer-Encoding: chunked\r\nConnection: "
    b"Upgrade\r\n\r\n1\r\na\r\n0\r\n\r\n",
    b"GET /6 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    b"POST /7 HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab",
    b"HEAD /8 HTTP/1.1\r\nHost: x\r\n\r\n",
]

STARTS, HEADERS, BODIES = LINES[:10], LINES[14:30], LINES[30:]

likely = st.tuples(
    st.sampled_from(STARTS), st.lists(st.sampled_from(HEADERS), max_size=6), st.sampled_from(BODIES)
).map(lambda parts: parts[0] + b"Host: x\r\n" + b"".join(parts[1]) + b"\r\n" + parts[2].removeprefix(b"\r\n"))
streams = st.lists(
    likely | st.sampled_from(LINES) | st.sampled_from(WHOLE) | st.binary(max_size=8), max_size=12
).map(b"".join)
cuts = st.lists(st.integers(0, 600), max_size=12)
quick = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def pieces_of(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted({place for place in places if place < len(data)}), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


def outcome(loose: Loose) -> tuple[bytes, bool]:
    return loose.transport.written.replace(CONTINUE, b""), loose.transport.closed or loose.transport.ended


def all_at_once(data: bytes) -> tuple[bytes, bool]:
    loose = Loose(echo, LIMITS)
    loose.feed(data)
    return outcome(loose)


@quick
@given(streams, cuts)
@example(b"".join(WHOLE), list(range(600)))
def test_pieces_make_no_difference(data: bytes, places: list[int]) -> None:
    loose = Loose(echo, LIMITS)
    loose.feed(*pieces_of(data, places))
    assert outcome(loose) == all_at_once(data)


@quick
@given(streams, cuts, st.randoms(use_true_random=False))
def test_answers_that_come_late_and_in_any_order_leave_in_order(
    data: bytes, places: list[int], random: Any
) -> None:
    waiting: list[Request] = []
    loose = Loose(waiting.append, LIMITS)
    loose.feed(*pieces_of(data, places))
    while waiting:
        request = waiting.pop(random.randrange(len(waiting)))
        request.respond(Response(200, seen(request)))
    assert outcome(loose) == all_at_once(data)
    assert not loose.transport.paused or loose.transport.closed


@quick
@given(streams, st.booleans(), st.booleans())
def test_no_stream_keeps_a_connection_open_for_ever(data: bytes, answered: bool, ends: bool) -> None:
    loose = Loose(echo if answered else lambda request: None, LIMITS)
    loose.feed(data)
    if ends and not loose.transport.closed and not loose.connection.eof_received():
        return
    for _ in range(20):
        loose.pass_time(100)
    assert loose.transport.closed
    loose.connection.connection_lost(None)
    assert not loose.shared.connections


@quick
@given(st.binary(max_size=300), cuts)
def test_any_bytes_get_whole_answers_or_none(data: bytes, places: list[int]) -> None:
    loose = Loose(echo, LIMITS)
    loose.feed(*pieces_of(data, places))
    for answer in answers(loose.transport.written):
        assert answer.status in (200, 400, 408, 413, 414, 417, 431, 501, 505)


@quick
@given(st.data())
def test_one_changed_byte_never_makes_two_requests_of_one(data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from(WHOLE[:3]))
    place = data.draw(st.integers(0, len(whole) - 1))
    changed = whole[:place] + bytes([data.draw(st.integers(0, 255))]) + whole[place + 1 :]
    met: list[Request] = []
    loose = Loose(met.append, LIMITS)
    loose.feed(changed)
    assert len(met) <= 1
    loose.pass_time(1000)
    loose.pass_time(1000)
    assert len(met) <= 1


@pytest.mark.parametrize("size", [1, 7, 100])
def test_a_flood_of_requests_is_kept_small(size: int) -> None:
    """A client that sends faster than it is answered: no more is kept than what one read brings."""
    waiting: list[Request] = []
    loose = Loose(waiting.append, replace(LIMITS, pipeline=8))
    flood = WHOLE[0] * 1000
    fed = 0
    while not loose.transport.paused:
        loose.feed(flood[fed : fed + size])
        fed += size
    assert fed <= 10 * len(WHOLE[0]) + size
    assert len(waiting) == 8
