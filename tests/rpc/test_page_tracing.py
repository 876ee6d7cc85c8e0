"""The page's distributed tracing: an order is one trace, from the HTTP request over RabbitMQ into the SQL of
the service.
"""

from __future__ import annotations

from tests.rpc.api import MISSING, ORDER, Api
from tests.support.spans import Span, Spans

INTERNAL, SERVER, CLIENT, CONSUMER = 1, 2, 3, 5
CALLER = "b7ad6b7169203331"


def only(spans: list[Span], kind: int, service: str, name: str) -> Span:
    (found,) = [
        s
        for s in spans
        if s["kind"] == kind and s["resource"]["service.name"] == service and s["name"].startswith(name)
    ]
    return found


def sql(spans: list[Span]) -> list[Span]:
    return [span for span in spans if "db.query.text" in span["attributes"]]


def trace_of(number: int) -> tuple[str, str]:
    """A trace id, and the traceparent of a caller who follows it."""
    trace_id = f"{0x0AF7651916CD43DD8448EB211C800000 + number:032x}"
    return trace_id, f"00-{trace_id}-{CALLER}-01"


def test_one_order_is_one_trace(api: Api, spans: Spans) -> None:
    """HTTP, publish, consume, batch, SQL: each under the one before. On over the bus: `test_reactions`."""
    trace_id, traceparent = trace_of(1)
    answer = api("POST", "/api/orders", ORDER, traceparent=traceparent)
    assert answer.status == 201
    found = spans.trace(
        trace_id,
        lambda all: sql(all) and {INTERNAL, SERVER, CLIENT, CONSUMER} <= {span["kind"] for span in all},
    )
    http = only(found, SERVER, "gateway", "POST /api/orders")
    send = only(found, CLIENT, "gateway", "send order_queue")
    process = only(found, CONSUMER, "orders", "process order_queue")
    batch = only(found, INTERNAL, "orders", "batch")
    assert http["parentSpanId"] == CALLER
    assert send["parentSpanId"] == http["spanId"]
    assert process["parentSpanId"] == send["spanId"]
    assert batch["parentSpanId"] == process["spanId"]
    assert {span["parentSpanId"] for span in sql(found)} == {batch["spanId"]}
    assert "order_schema.orders" in " ".join(
        span["attributes"]["db.query.text"].replace('"', "") for span in sql(found)
    )
    assert (
        http["attributes"]["http.response.status_code"] == 201
        and http["attributes"]["http.route"] == "/api/orders"
    )
    assert (
        process["attributes"]["messaging.system"] == "rabbitmq"
        and process["attributes"]["tradewind.operation"] == "create_order"
    )
    assert send["attributes"]["messaging.destination.name"] == "order_queue"
    inside = [(http, send), (send, process), (process, batch)]
    for outer, inner in inside:
        assert int(outer["startTimeUnixNano"]) <= int(inner["startTimeUnixNano"])
    assert int(batch["endTimeUnixNano"]) <= int(http["endTimeUnixNano"])


def test_a_trace_begins_at_the_gateway_where_the_client_has_none(api: Api, spans: Spans) -> None:
    """Its id is what the gateway's log says; here it is found by the order that was made."""
    order = api.made("/api/orders", ORDER)
    assert order["status"] == "PENDING"
    traces = spans.named(
        "POST /api/orders", lambda span: "parentSpanId" not in span or not span["parentSpanId"]
    )
    assert traces


def test_no_value_of_an_order_is_in_a_trace(api: Api, spans: Spans) -> None:
    trace_id, traceparent = trace_of(2)
    order = api.made("/api/orders", ORDER | {"total": 12345.67}, key="a-secret-key", traceparent=traceparent)
    found = str(spans.trace(trace_id, sql))
    for secret in (order["id"], "a-secret-key", "12345.67", "1234567", ORDER["items"][0]["productId"]):  # type: ignore[index]
        assert secret not in found


def test_a_refusal_is_no_error_of_ours(api: Api, spans: Spans) -> None:
    trace_id, traceparent = trace_of(3)
    assert api("GET", f"/api/orders/{MISSING}", traceparent=traceparent).status == 404
    found = spans.trace(trace_id, lambda all: {SERVER, CONSUMER} <= {span["kind"] for span in all})
    process = only(found, CONSUMER, "orders", "process order_queue")
    assert process["attributes"]["tradewind.outcome"] == "refused"
    assert not any(span.get("status", {}).get("code") == 2 for span in found)


def test_who_declines_to_be_followed_is_not(api: Api, spans: Spans) -> None:
    declined, _ = trace_of(4)
    assert api("POST", "/api/orders", ORDER, traceparent=f"00-{declined}-{CALLER}-00").status == 201
    followed, traceparent = trace_of(5)
    api.made("/api/orders", ORDER, traceparent=traceparent)
    spans.trace(followed, sql)
    assert spans.trace(declined, lambda all: not all) == []
