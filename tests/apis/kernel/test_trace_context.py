"""The cases of the W3C's own suite for Trace Context (w3c/trace-context, test/test.py), as bytes over a socket: which
requests go on with the caller's trace, and which begin one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.apis.v1.fakes import Shop
from tradewind.core.clock import SystemClock
from tradewind.drivers.http.limits import Limits
from tradewind.drivers.http.server import HttpServer
from tradewind.observability.tracing import Span, Tracer

TRACE, PARENT = "12345678901234567890123456789012", "1234567890123456"
GOOD = f"00-{TRACE}-{PARENT}-01"
GOES_ON = [
    [f"traceparent: {GOOD}"],
    [f"TraceParent: {GOOD}"],
    [f"TrAcEpArEnT: {GOOD}"],
    [f"traceparent:  \t {GOOD} \t "],
    [f"traceparent: cc-{TRACE}-{PARENT}-01"],
    [f"traceparent: cc-{TRACE}-{PARENT}-01-what-the-future-will-be-like"],
    [f"traceparent: {GOOD}", "tracestate: foo=1"],
    [f"traceparent: {GOOD}", "tracestate: foo=1", "tracestate: bar=2"],
    [f"traceparent: {GOOD}", "tracestate: "],
    [f"traceparent: {GOOD}", "tracestate: foo@=1,bar=2"],
]
BEGINS = [
    [],
    ["tracestate: foo=1"],
    [f"trace-parent: {GOOD}"],
    [f"trace.parent: {GOOD}"],
    [f"traceparent: {GOOD}", f"traceparent: {GOOD}"],
    [f"traceparent: {GOOD}", f"traceparent: 00-{TRACE}-1234567890123457-01"],
    *[
        [f"traceparent: {text}"]
        for text in (
            f"{GOOD}-what-the-future-will-be-like",
            f"{GOOD}.",
            f"{GOOD}-",
            f"cc-{TRACE}-{PARENT}-01.what-the-future-will-be-like",
            f"ff-{TRACE}-{PARENT}-01",
            f".0-{TRACE}-{PARENT}-01",
            f"0.-{TRACE}-{PARENT}-01",
            f"000-{TRACE}-{PARENT}-01",
            f"0-{TRACE}-{PARENT}-01",
            f"00-{'0' * 32}-{PARENT}-01",
            f"00-.{TRACE[1:]}-{PARENT}-01",
            f"00-{TRACE}3-{PARENT}-01",
            f"00-{TRACE[:-1]}-{PARENT}-01",
            f"00-{TRACE}-{'0' * 16}-01",
            f"00-{TRACE}-.{PARENT[1:]}-01",
            f"00-{TRACE}-{PARENT}7-01",
            f"00-{TRACE}-{PARENT[:-1]}-01",
            f"00-{TRACE}-{PARENT}-.0",
            f"00-{TRACE}-{PARENT}-0.",
            f"00-{TRACE}-{PARENT}-001",
            f"00-{TRACE}-{PARENT}-1",
            f"00-{'ABCDEF' * 5}AB-{PARENT}-01",
        )
    ],
]


class Traced:
    def __init__(self, port: int, spans: list[Span]) -> None:
        self._port, self._spans = port, spans

    async def send(self, lines: list[str]) -> tuple[Span, dict[str, str]]:
        """The span of a request with these lines, and the headers of its answer."""
        self._spans.clear()
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        head = ["GET /health/live HTTP/1.1", "host: shop", "connection: close", *lines]
        writer.write("\r\n".join([*head, "", ""]).encode())
        async with asyncio.timeout(60):
            status, *headers = (await reader.read()).decode().partition("\r\n\r\n")[0].split("\r\n")
        writer.close()
        assert " 200 " in status, status
        (span,) = self._spans
        return span, {name: value for name, _, value in (line.partition(": ") for line in headers)}


@pytest.fixture
async def traced() -> AsyncIterator[Traced]:
    spans: list[Span] = []
    shop = Shop(tracer=Tracer("tradewind", spans.append, 1.0, SystemClock(7)))
    server = HttpServer(shop.edge, Limits())
    await server.start("127.0.0.1", 0)
    yield Traced(server.port, spans)
    await server.stop(1.0)


@pytest.mark.parametrize("lines", GOES_ON, ids=repr)
async def test_the_callers_trace_goes_on(traced: Traced, lines: list[str]) -> None:
    span, headers = await traced.send(lines)
    assert (span.trace_id, span.parent_id) == (TRACE, PARENT)
    assert headers["traceparent"] == f"00-{TRACE}-{span.span_id}-01"
    assert span.span_id != PARENT


@pytest.mark.parametrize("lines", BEGINS, ids=repr)
async def test_a_trace_begins(traced: Traced, lines: list[str]) -> None:
    span, headers = await traced.send(lines)
    assert span.trace_id != TRACE
    assert not span.parent_id
    assert not span.state
    assert headers["traceparent"] == f"00-{span.trace_id}-{span.span_id}-01"
