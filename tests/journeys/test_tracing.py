"""One order is one trace, wherever its services run: from the HTTP request to the batch of the last service."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.shop import basket
from tests.support.shops import OpenShop
from tests.support.spans import Span, Spans

BATCH, SERVER, CLIENT, PRODUCER, CONSUMER = 1, 2, 3, 4, 5
CALLER = "b7ad6b7169203331"


@pytest.fixture
def spans() -> Iterator[Spans]:
    with Spans() as found:
        yield found


def outside(spans: list[Span]) -> set[str]:
    """The parents that are none of these spans."""
    return {span["parentSpanId"] for span in spans} - {span["spanId"] for span in spans}


def of(spans: list[Span], **attributes: str) -> list[Span]:
    return [
        span
        for span in spans
        if all(span["attributes"].get(f"tradewind.{name}") == value for name, value in attributes.items())
    ]


def test_one_order_is_one_trace(new_shop: OpenShop, spans: Spans, kind: str) -> None:
    shop = new_shop(otlp_endpoint=spans.url).start()
    shop.token("ada")
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    traced = {"traceparent": f"00-{trace_id}-{CALLER}-01"}
    answer = shop.call("POST", "/orders", basket("tok_ok"), headers=traced)
    assert answer.status == 201
    order = answer.json["id"]
    kinds = {SERVER, BATCH, CLIENT} | ({CONSUMER, PRODUCER} if kind == "services" else set())
    found = spans.trace(trace_id, lambda all: kinds <= {s["kind"] for s in all} and outside(all) == {CALLER})
    (http,) = [span for span in found if span["kind"] == SERVER]
    assert (http["name"], http["parentSpanId"]) == ("POST /api/v1/orders", CALLER)
    assert answer.headers["traceparent"] == f"00-{trace_id}-{http['spanId']}-01"
    statements = [span for span in found if "db.query.text" in span["attributes"]]
    assert {span["attributes"]["db.system"] for span in statements} == {
        {"sqlite": "sqlite", "mysql": "mysql"}.get(kind, "postgresql")
    }
    assert bool(of(found, operation="orders.place")) == (kind == "services")
    # a question is a span as well, and is handed on to its service
    assert shop.call("GET", f"/orders/{order}", headers=traced).status == 200
    spans.trace(trace_id, lambda all: [s for s in all if s["name"] == "GET /api/v1/orders/{orderId}"])
    if kind == "services":
        sides = spans.trace(trace_id, lambda all: len(of(all, operation="orders.get")) == 2)
        assert {span["kind"] for span in of(sides, operation="orders.get")} == {CLIENT, CONSUMER}
    shop.wait_final(order)
    assert {one["requestId"] for one in shop.get(f"/orders/{order}/timeline")["data"]} == {trace_id}
    assert shop.sigterm() == 0
