"""The edge's step of a trace: what the service behind is told, and what is written down of it."""

from __future__ import annotations

import re

import pytest

from tests.edge.conftest import FILE, At
from tests.edge.servers import Upstream, ask
from tradewind.edge.reading import read
from tradewind.edge.server import EdgeServer
from tradewind.observability.tracing import Kind, Span, Tracer

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


class Traced:
    def __init__(self, upstream: Upstream, clock: At) -> None:
        self.upstream, self._clock, self.spans = upstream, clock, list[Span]()

    async def sees(self, ratio: float | None, path: str = "/orders/x", **headers: str) -> dict[str, str]:
        """The trace headers that the service gets; `ratio` None: tracing is off."""
        sink = None if ratio is None else self.spans.append
        tracer = Tracer("edge", sink, ratio or 0.0, self._clock)
        server = EdgeServer(
            read(FILE, "kong.yml", {"UPSTREAM": self.upstream.url}), self._clock, tracer=tracer
        )
        await server.start("127.0.0.1", 0)
        await ask(server.port, "GET", path, *[f"{name}: {value}" for name, value in headers.items()])
        await server.stop(1.0)  # the span ends after the answer
        seen = self.upstream.seen[-1] if self.upstream.seen else None
        return {name: value for name, value in seen.headers if name.startswith("trace")} if seen else {}


@pytest.fixture
def traced(upstream: Upstream, clock: At) -> Traced:
    return Traced(upstream, clock)


async def test_a_trace_begins_at_the_edge(traced: Traced) -> None:
    found = await traced.sees(1.0)
    (span,) = traced.spans
    assert found == {"traceparent": span.traceparent}
    assert (span.name, span.kind, span.parent_id) == ("GET api-orders", Kind.SERVER, "")
    assert span.attributes["http.response.status_code"] == 200


async def test_a_callers_trace_goes_on_with_its_state(traced: Traced) -> None:
    found = await traced.sees(0.0, traceparent=f"00-{TRACE}-{CALLER}-01", tracestate="theirs=1")
    (span,) = traced.spans
    assert found == {"traceparent": span.traceparent, "tracestate": "theirs=1"}
    assert (span.trace_id, span.parent_id, span.state) == (TRACE, CALLER, "theirs=1")


async def test_what_the_edge_does_not_keep_is_kept_by_nobody_behind(traced: Traced) -> None:
    found = await traced.sees(0.0)
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-00", found["traceparent"])
    declined = f"00-{TRACE}-{CALLER}-00"
    assert await traced.sees(1.0, traceparent=declined) == {"traceparent": declined}
    assert traced.spans == []


async def test_a_malformed_parent_begins_a_trace(traced: Traced) -> None:
    found = await traced.sees(1.0, traceparent="00-x")
    assert found == {"traceparent": traced.spans[0].traceparent}


async def test_an_edge_that_is_not_traced_leaves_the_headers_alone(traced: Traced) -> None:
    given = f"00-{TRACE}-{CALLER}-01"
    assert await traced.sees(None) == {}
    assert await traced.sees(None, traceparent=given, tracestate="a=1") == {
        "traceparent": given,
        "tracestate": "a=1",
    }


async def test_a_request_without_a_route_is_a_step_too(traced: Traced) -> None:
    assert await traced.sees(1.0, "/nowhere") == {}
    (span,) = traced.spans
    assert (span.name, span.attributes["http.response.status_code"]) == ("GET", 404)
