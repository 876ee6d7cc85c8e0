"""What headers do: CORS, languages, keys, request ids, traces."""

from typing import Any

import pytest

from tests.apis.rpc.fakes import DOWN, ORDER, PAYMENT, UUID, Shop, refused
from tradewind.core.clock import SystemClock
from tradewind.observability.tracing import Span, Tracer

PATH = f"/api/orders/{UUID}"
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_every_answer_may_be_read_by_any_page() -> None:
    shop = Shop()
    shop.says(DOWN, refused(404))
    seen = [
        shop.call("POST", "/api/orders", ORDER),
        shop.call("GET", PATH),
        shop.call("GET", "/api/x"),
        shop.call("GET", "/health"),
        shop.call("POST", "/api/orders", {}),
        shop.call("OPTIONS", "/api/orders"),
        shop.call("GET", "/health/ready"),
        shop.call("GET", "/api/docs"),
    ]
    assert {found.headers["access-control-allow-origin"] for found in seen} == {"*"}


@pytest.mark.parametrize("path", ["/api/orders", "/api/orders/1", "/anything", "*"])
def test_a_preflight_is_204_with_the_methods(path: str) -> None:
    shop = Shop()
    found = shop.call(
        "OPTIONS",
        path,
        Origin="http://shop.example",
        Access_Control_Request_Headers="content-type,x-idempotency-key",
    )
    assert (found.status, found.body) == (204, b"")
    assert found.headers["access-control-allow-methods"] == "GET,HEAD,PUT,PATCH,POST,DELETE"
    assert found.headers["access-control-allow-headers"] == "content-type,x-idempotency-key"
    assert "access-control-allow-headers" not in shop.call("OPTIONS", path).headers


@pytest.mark.parametrize(
    ("given", "language"),
    [
        ("en", "en"),
        ("de", "de"),
        ("DE", "de"),
        ("de-AT", "de"),
        ("fr", "en"),
        ("", "en"),
        ("x" * 500, "en"),
        (b"\xff\xfe", "en"),
        ('"', "en"),
    ],
)
def test_x_lang_is_en_or_de(given: str | bytes, language: str) -> None:
    shop = Shop()
    shop.call("GET", PATH, X_Lang=given)
    shop.call("POST", "/api/payments", PAYMENT, X_Lang=given)
    assert [asked.json["lang"] for asked in shop.client.asked] == [language] * 2


def test_without_x_lang_it_is_english() -> None:
    shop = Shop()
    shop.call("GET", PATH)
    assert shop.client.asked[0].json["lang"] == "en"


@pytest.mark.parametrize("key", ["k", "x" * 255, 'a"b\\c', "é".encode("latin-1"), "with space", "{}"])
def test_a_key_goes_on_as_it_came(key: str | bytes) -> None:
    shop = Shop()
    shop.call("POST", "/api/orders", ORDER, X_Idempotency_Key=key)
    assert shop.client.asked[0].json["idempotencyKey"] == (
        key if isinstance(key, str) else key.decode("latin-1")
    )


@pytest.mark.parametrize("key", ["", "x" * 256, b"\xe9" * 256])
def test_a_key_without_or_with_too_many_characters_is_400(key: str | bytes) -> None:
    shop = Shop()
    for path, body in (("/api/orders", ORDER), ("/api/payments", PAYMENT)):
        found = shop.call("POST", path, body, X_Idempotency_Key=key)
        assert found.data == {
            "message": ["X-Idempotency-Key must be between 1 and 255 characters"],
            "error": "Bad Request",
            "statusCode": 400,
        }
    assert shop.client.asked == []


def test_the_request_id_is_taken_or_made_and_returned() -> None:
    shop = Shop()
    assert shop.call("GET", "/health", X_Request_Id="mine-1").headers["x-request-id"] == "mine-1"
    made = {
        shop.call("GET", "/health", **given).headers["x-request-id"]
        for given in ({}, {"X_Request_Id": "a b"}, {"X_Request_Id": ""})
    }
    assert len(made) == 3
    assert all(made)


def test_what_happened_is_observed_and_logged_once() -> None:
    seen: list[Any] = []
    told = {
        name: lambda *given, name=name: seen.append((name, *given))
        for name in ("observe", "observe_call", "log")
    }
    shop = Shop(told)
    shop.call("POST", "/api/orders", ORDER, X_Request_Id="r1", traceparent=PARENT)
    shop.call("GET", "/nowhere", X_Request_Id="r2")
    seconds = pytest.approx(0.001)
    assert seen == [
        ("observe", "orders.create", 201, seconds),
        ("log", "r1", PARENT[3:35], "POST", "/api/orders", 201, pytest.approx(1.0), "", ""),
        ("observe_call", "ORDER_SERVICE", "orders.create", "answer", seconds),
        ("observe", "unmatched", 404, 0.0),
        ("log", "r2", "", "GET", "", 404, 0.0, "", ""),
    ]


def test_the_callers_trace_goes_on() -> None:
    shop = Shop()
    shop.call("GET", PATH, traceparent=PARENT)
    shop.call("GET", PATH, traceparent="00-0-0-01")
    shop.call("GET", PATH)
    assert [asked.traceparent for asked in shop.client.asked] == [PARENT, "", ""]


def test_a_request_that_is_followed_is_two_spans() -> None:
    spans: list[Span] = []
    shop = Shop({"tracer": Tracer("gateway", spans.append, 0.0, SystemClock(7))})
    shop.call("GET", PATH)
    assert spans == []
    shop.call("GET", PATH, traceparent=PARENT)
    publish, http = spans
    assert (http.name, publish.name) == ("GET /api/orders/:id", "send order_queue")
    assert (http.trace_id, http.parent_id, publish.parent_id) == (PARENT[3:35], PARENT[36:52], http.span_id)
    assert shop.client.asked[-1].traceparent == publish.traceparent
    assert http.attributes["http.response.status_code"] == 200
    assert not http.error


def test_a_trace_shows_each_attempt_and_the_failure() -> None:
    spans: list[Span] = []
    shop = Shop({"tracer": Tracer("gateway", spans.append, 1.0, SystemClock(7))})
    shop.client.usual = DOWN
    shop.call("POST", "/api/orders", ORDER)
    assert [(span.name, span.error) for span in spans] == [("send order_queue", "down")] * 2 + [
        ("POST /api/orders", "503")
    ]
