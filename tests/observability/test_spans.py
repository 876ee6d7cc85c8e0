"""Each kind of step says what OpenTelemetry's conventions ask for, and nothing of what a customer sent."""

from __future__ import annotations

from tradewind.core.clock import SystemClock
from tradewind.observability import spans
from tradewind.observability.context import spell
from tradewind.observability.tracing import Kind, Span, Tracer

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PARENT = spell(TRACE, SPAN)
OFF = Tracer("orders", None, 1.0, SystemClock(1))


def hearing(ratio: float = 1.0) -> tuple[Tracer, list[Span]]:
    heard: list[Span] = []
    return Tracer("orders", heard.append, ratio, SystemClock(1)), heard


def test_an_order_is_one_trace_from_the_client_to_the_statement() -> None:
    gateway, heard = hearing(0.0)
    service, _ = Tracer("orders", heard.append, 0.0, SystemClock(2)), None
    request = spans.http_request(
        gateway, "POST", {b"traceparent": PARENT.encode(), b"tracestate": b"congo=t61"}
    )
    attempt = spans.rpc_attempt(request, "order_queue", "create_order")
    asked = spans.consumed(service, "order_queue", "create_order", spans.onward(attempt))
    assert request is not None and attempt is not None and asked is not None
    spans.BatchSpans(service).batch(
        [asked.traceparent], 10.0, 10.5, [("INSERT INTO order_schema.orders VALUES ($1)", 10.1, 10.2)]
    )
    spans.answered(asked)
    spans.rpc_ended(attempt, "answer")
    spans.http_answered(request, "/api/orders", 201)
    assert [span.name for span in heard] == [
        "INSERT order_schema.orders",
        "batch",
        "process order_queue",
        "send order_queue",
        "POST /api/orders",
    ]
    assert {span.trace_id for span in heard} == {TRACE}
    parents = {span.span_id: span.parent_id for span in heard}
    chain = [heard[0].span_id]
    while chain[-1] in parents:
        chain.append(parents[chain[-1]])
    assert chain == [*(span.span_id for span in heard), SPAN]
    assert [span.kind for span in heard] == [
        Kind.CLIENT,
        Kind.INTERNAL,
        Kind.CONSUMER,
        Kind.CLIENT,
        Kind.SERVER,
    ]
    assert all(span.error == "" for span in heard)


def test_a_request_says_its_route_and_never_its_path() -> None:
    tracer, heard = hearing()
    request = spans.http_request(tracer, "GET", {b"cookie": b"secret"})
    spans.http_answered(request, "/api/orders/:id", 404)
    assert heard[0].attributes == {
        "http.request.method": "GET",
        "http.route": "/api/orders/:id",
        "http.response.status_code": 404,
    }
    assert heard[0].error == ""  # the caller's error is none of ours


def test_an_error_of_ours_is_one() -> None:
    tracer, heard = hearing()
    spans.http_answered(spans.http_request(tracer, "BREW", {}), "", 503)
    assert (heard[0].name, heard[0].error, heard[0].attributes["error.type"]) == ("HTTP", "503", "503")
    assert heard[0].attributes["http.request.method"] == "_OTHER"


def test_attempts_are_apart() -> None:
    tracer, heard = hearing()
    request = spans.http_request(tracer, "GET", {})
    spans.rpc_ended(spans.rpc_attempt(request, "order_queue", "get_order", 1), "timeout")
    spans.rpc_ended(spans.rpc_attempt(request, "order_queue", "get_order", 2), "answer")
    first, second = heard
    assert first.error == "timeout" and "tradewind.attempt" not in first.attributes
    assert second.error == "" and second.attributes["tradewind.attempt"] == 2
    assert (
        second.attributes["messaging.system"] == "rabbitmq"
        and second.attributes["messaging.destination.name"] == "order_queue"
    )


def test_nobody_is_followed_where_nothing_is_traced() -> None:
    request = spans.http_request(OFF, "GET", {b"traceparent": PARENT.encode()})
    assert request is None
    assert spans.rpc_attempt(request, "order_queue", "get_order") is None
    assert spans.consumed(OFF, "order_queue", "get_order", PARENT) is None
    assert spans.event_sent(OFF, "tradewind", "order.created", PARENT) is None
    spans.rpc_ended(None, "timeout")
    spans.http_answered(None, "", 500)
    spans.answered(None, 500)
    spans.BatchSpans(OFF).batch([PARENT], 1.0, 2.0)


def test_a_context_is_passed_on_by_who_does_not_follow_it() -> None:
    assert spans.onward(None, spell(TRACE, SPAN, False)) == spell(TRACE, SPAN, False)
    assert spans.onward(None, "no such thing") == "" == spans.onward(None)


def test_an_event_is_sent_and_heard_in_the_trace_of_its_cause() -> None:
    tracer, heard = hearing(0.0)
    sent = spans.event_sent(tracer, "tradewind.events", "order.created", PARENT)
    taken = spans.consumed(tracer, "inventory_events", "order.created", spans.onward(sent), redelivered=True)
    assert sent is not None and taken is not None
    sent.end()
    spans.answered(taken, 500)
    assert [span.kind for span in heard] == [Kind.PRODUCER, Kind.CONSUMER]
    assert (
        taken.parent_id == sent.span_id
        and taken.error == "500"
        and taken.attributes["tradewind.redelivered"] is True
    )


def test_a_batch_links_to_all_it_serves_and_each_of_them_finds_it() -> None:
    tracer, heard = hearing(0.0)
    others = [spell(f"{number:032x}", f"{number:016x}") for number in (7, 8)]
    batch = spans.BatchSpans(tracer, "sqlite")
    texts = [PARENT, "a-request-id", "", spell("9" * 32, "9" * 16, False), *others, PARENT]
    assert batch.wanted(texts) == [PARENT, *others]
    batch.batch(texts, 5.0, 6.0, [("BEGIN", 5.0, 5.1), ("COMMIT", 5.8, 6.0)], messages=64)
    main = heard[-1]
    assert main.links == [(TRACE, SPAN), (f"{7:032x}", f"{7:016x}"), (f"{8:032x}", f"{8:016x}")]
    assert (main.trace_id, main.parent_id, main.attributes["messaging.batch.message_count"]) == (
        TRACE,
        SPAN,
        64,
    )
    stubs = [span for span in heard[:-1] if span.name == "batch"]
    assert [span.trace_id for span in stubs] == [f"{7:032x}", f"{8:032x}"]
    assert all(span.links == [(main.trace_id, main.span_id)] for span in stubs)
    statements = [span for span in heard if span.parent_id == main.span_id]
    assert [span.name for span in statements] == ["BEGIN", "COMMIT"]
    assert all(span.attributes["db.system"] == "sqlite" for span in statements)
    assert main.ended - main.began == 1_000_000_000
    assert statements[1].ended == main.ended and 0.75e9 < statements[1].began - main.began < 0.85e9


def test_a_batch_that_nobody_follows_leaves_nothing() -> None:
    tracer, heard = hearing()
    spans.BatchSpans(tracer).batch(["", "a-request-id"], 1.0, 2.0, [("COMMIT", 1.0, 2.0)])
    assert heard == []


def test_a_statement_is_named_by_what_it_does_to_which_table() -> None:
    tracer, heard = hearing()
    statements = [
        'INSERT INTO "order_schema"."order" (id) SELECT * FROM unnest($1::text[])',
        "select a from inbox where id = any($1)",
        "UPDATE ONLY stock SET held = $1",
        "DELETE FROM timers WHERE id = $1",
        "COMMIT;",
        "",
    ]
    spans.BatchSpans(tracer).batch([PARENT], 1.0, 2.0, [(text, 1.0, 1.5) for text in statements])
    assert [span.name for span in heard[:-1]] == [
        "INSERT order_schema.order",
        "SELECT inbox",
        "UPDATE stock",
        "DELETE timers",
        "COMMIT",
        "?",
    ]
    assert (
        heard[0].attributes["db.operation.name"] == "INSERT"
        and heard[0].attributes["db.collection.name"] == "order_schema.order"
    )
