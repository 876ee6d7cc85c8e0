"""The way to an operation and the shape of every answer: paths, methods, headers, places of new things, and
errors of all kinds.
"""

from __future__ import annotations

import logging
from typing import Any

import pytest

from tests.apis.v1.fakes import ADMIN, BASKET, CUSTOMER, ORDER, Answer, Shop, encode, uuid
from tradewind.contracts.inventory import AddProduct, AdjustStock
from tradewind.contracts.invoices import GetInvoicePdf, Pdf
from tradewind.contracts.orders import CancelOrder, GetOrder, PlaceOrder
from tradewind.contracts.users import DeleteUser
from tradewind.core.clock import SystemClock
from tradewind.core.gateway import Refusal, Reply
from tradewind.core.http import Response
from tradewind.core.model import Refused
from tradewind.core.store import StoreUnavailable
from tradewind.observability.tracing import Span, Tracer

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
ORDERS = "/api/v1/orders"
ONE = f"{ORDERS}/{ORDER}"
PRODUCT = {"sku": "A", "name": "A", "price": {"amount": 1, "currency": "EUR"}, "stock": 0}


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "",
        "/api/v1",
        "/api/v1/orders/",
        f"{ONE}/",
        "/api/v1//orders",
        "/api/v2/orders",
        "/API/v1/orders",
        f"{ONE}/cancel/now",
        "*",
        "/api/v1/orders/../users",
        "/api/v1/%6frders",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
def test_there_is_no_such_path(method: str, path: str) -> None:
    shop = Shop()
    answer = shop.ask(method, path, token=shop.token(ADMIN, "admin"))
    assert (answer.status, answer.code) == (404, "not_found")
    assert "instance" not in answer.json


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", ORDERS, "GET, HEAD, POST"),
        ("DELETE", ONE, "GET, HEAD"),
        ("OPTIONS", f"{ONE}/cancel", "POST"),
        ("HEAD", f"{ONE}/cancel", "POST"),
        ("GET", f"{ONE}/cancel", "POST"),
        ("POST", "/health/live", "GET, HEAD"),
        ("DELETE", "/api/v1/users/me", "GET, HEAD, PATCH"),
        ("PUT", f"/api/v1/users/{CUSTOMER}", "DELETE, GET, HEAD, PATCH"),
    ],
)
def test_there_is_no_such_method(method: str, path: str, allow: str) -> None:
    answer = Shop().ask(method, path)
    assert (answer.status, answer.code, answer.headers["allow"]) == (405, "method_not_allowed", allow)
    assert "allow" not in answer.json


def test_head_is_get() -> None:
    shop = Shop()
    token = shop.token(CUSTOMER)
    assert shop.ask("HEAD", ONE, token=token).body == shop.ask("GET", ONE, token=token).body


@pytest.mark.parametrize(
    ("given", "taken"),
    [("abc-1", True), ("x" * 128, True), ("x" * 129, False), ("a b", False), ("é", False), ("", False)],
)
def test_the_request_id_is_taken_or_made(given: str, taken: bool) -> None:
    shop = Shop()
    answer = shop.ask("POST", ORDERS, BASKET, token=shop.token(CUSTOMER), headers={"x-request-id": given})
    assert (answer.headers["x-request-id"] == given) == taken
    assert answer.headers["x-request-id"]
    assert shop.gateway.submitted[0].trace == answer.headers["x-request-id"]


@pytest.mark.parametrize(
    ("parent", "trace"),
    [
        (PARENT, PARENT),
        (f"cc{PARENT[2:]}-later", PARENT),
        ("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "mine"),
        ("00-00000000000000000000000000000000-00f067aa0ba902b7-01", "mine"),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", "mine"),
        ("00-4BF92F3577B34DA6A3CE929D0E0E4736-00F067AA0BA902B7-01", "mine"),
        ("nonsense", "mine"),
    ],
)
def test_a_trace_that_began_elsewhere_goes_on(parent: str, trace: str) -> None:
    shop = Shop()
    shop.ask(
        "POST",
        ORDERS,
        BASKET,
        token=shop.token(CUSTOMER),
        headers={"x-request-id": "mine", "traceparent": parent},
    )
    assert shop.gateway.submitted[0].trace == trace


@pytest.mark.parametrize(
    ("path", "body", "kind", "location"),
    [
        (ORDERS, BASKET, PlaceOrder, f"/api/v1/orders/{uuid(5)}"),
        ("/api/v1/products", PRODUCT, AddProduct, f"/api/v1/products/{uuid(5)}"),
        (f"/api/v1/products/{ORDER}/stock-adjustments", {"delta": 1, "reason": "r"}, AdjustStock, None),
        (f"{ONE}/cancel", None, CancelOrder, None),
    ],
)
def test_a_new_thing_says_where_it_is(path: str, body: Any, kind: type, location: str | None) -> None:
    shop = Shop()
    shop.gateway.replies[kind] = {"id": uuid(5), "name": '"'}
    answer = shop.ask("POST", path, body, token=shop.token(ADMIN, "admin"))
    assert answer.headers.get("location") == location
    assert answer.status == (201 if "cancel" not in path else 200)


def test_every_answer_is_safe_to_show_and_not_kept() -> None:
    shop = Shop()
    for answer in (
        shop.ask("GET", ONE, token=shop.token(CUSTOMER)),
        shop.ask("GET", ONE),
        shop.ask("GET", "/nowhere"),
    ):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-request-id"]


def test_nothing_is_204_and_a_pdf_is_a_file() -> None:
    shop = Shop()
    token = shop.token(ADMIN, "admin")
    shop.gateway.replies[DeleteUser] = {}
    answer = shop.ask("DELETE", f"/api/v1/users/{CUSTOMER}", token=token)
    assert (answer.status, answer.body) == (204, b"")
    shop.gateway.views[GetInvoicePdf] = Pdf('F 2026/1"\r\n.pdf', b"%PDF-1.7")
    answer = shop.ask("GET", f"/api/v1/invoices/{ORDER}/pdf", token=token)
    assert (answer.status, answer.type, answer.body) == (200, "application/pdf", b"%PDF-1.7")
    assert answer.headers["content-disposition"] == 'attachment; filename="F_2026_1_.pdf"'


def refused(shop: Shop, error: Any) -> Answer:
    shop.gateway.views[GetOrder] = error
    return shop.ask("GET", ONE, token=shop.token(CUSTOMER))


@pytest.mark.parametrize(
    ("error", "status", "code", "retry"),
    [
        (Refused("not_found", 404), 404, "not_found", None),
        (StoreUnavailable("disk I/O error at /secret/path"), 503, "store_unavailable", "1"),
        (TimeoutError("10.0.0.5:5432"), 504, "answer_timeout", None),
        (ZeroDivisionError("secret"), 500, "internal_error", None),
    ],
)
def test_errors_of_questions(
    error: Exception, status: int, code: str, retry: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = refused(Shop(), error)
    assert (answer.status, answer.code, answer.headers.get("retry-after")) == (status, code, retry)
    assert answer.json["instance"] == ONE
    assert answer.json["detail"]
    assert b"secret" not in answer.body
    assert "secret" not in caplog.text
    assert ("ZeroDivisionError in orders.get" in caplog.text) == (status == 500)


def test_the_facts_of_a_refusal_stand_beside_its_code() -> None:
    shop = Shop()
    detail = {"current": "CANCELLED", "asked_for": "x", "status": 1, "code": "y"}
    shop.gateway.replies[CancelOrder] = Reply(
        409, encode(Refusal("illegal_transition", "It is over.", detail))
    )
    answer = shop.ask("POST", f"{ONE}/cancel", token=shop.token(CUSTOMER))
    assert answer.json == {
        "type": "/docs/problems#illegal_transition",
        "title": "Illegal transition",
        "status": 409,
        "detail": "It is over.",
        "instance": f"{ONE}/cancel",
        "code": "illegal_transition",
        "current": "CANCELLED",
        "askedFor": "x",
    }


def test_a_door_that_fails_or_answers_twice() -> None:
    shop = Shop()
    shop.gateway.replies[PlaceOrder] = Reply(0, b"{}")
    request = shop.send("POST", ORDERS, BASKET, token=shop.token(CUSTOMER))
    shop.gateway.submitted[0].deliver(Reply(0, b"other"))
    assert request.answer is not None
    assert request.answer.body == b"{}"

    def fails(message: Any) -> Reply:
        raise RuntimeError

    shop.gateway.replies[PlaceOrder] = fails
    assert shop.ask("POST", ORDERS, BASKET, token=shop.token(CUSTOMER)).status == 500
    shop.gateway.replies[PlaceOrder] = Reply(409, b"not a refusal")
    assert shop.ask("POST", ORDERS, BASKET, token=shop.token(CUSTOMER)).status == 500


def test_pages_are_served_as_they_are() -> None:
    page = Response(200, b"# HELP", ((b"cache-control", b"max-age=60"),), b"text/plain")
    answer = Shop(pages={"/metrics": lambda request: page}).ask("GET", "/metrics")
    assert (answer.status, answer.body, answer.type, answer.headers["cache-control"]) == (
        200,
        b"# HELP",
        "text/plain",
        "max-age=60",
    )


def test_every_request_is_seen_once() -> None:
    seen: list[Any] = []
    shop = Shop(observe=lambda *told: seen.append(told), log=lambda *told: seen.append(told))
    shop.gateway.silent = True
    request = shop.send("POST", ORDERS, BASKET, token=shop.token(CUSTOMER), headers={"x-request-id": "r"})
    assert (seen, request.answer) == ([], None)
    shop.clock.at += 250
    shop.gateway.submitted[0].deliver(Reply(0, b"{}"))
    shop.gateway.submitted[0].deliver(Reply(0, b"{}"))
    assert len(seen) == 2
    assert seen[0] == ("orders.place", 201, 0.25)
    assert seen[1] == ("r", "", "POST", "/api/v1/orders", 201, 250.0, CUSTOMER, "192.0.2.1")
    shop.ask("GET", "/nowhere?secret=1", headers={"x-request-id": "r"})
    assert seen[2:] == [("unmatched", 404, 0.0), ("r", "", "GET", "", 404, 0.0, "", "192.0.2.1")]


def test_a_request_that_is_followed_is_a_span() -> None:
    spans: list[Span] = []
    shop = Shop(tracer=Tracer("tradewind", spans.append, 0.0, SystemClock(7)))
    token = shop.token(CUSTOMER)
    declined = f"{PARENT[:-1]}0"
    for headers, trace in (({}, "mine"), ({"traceparent": declined}, declined)):
        answer = shop.ask("POST", ORDERS, BASKET, token=token, headers={"x-request-id": "mine", **headers})
        assert "traceparent" not in answer.headers
        assert shop.gateway.submitted[-1].trace == trace
    assert spans == []
    answer = shop.ask("POST", ORDERS, BASKET, token=token, headers={"traceparent": PARENT})
    (span,) = spans
    assert (span.name, span.trace_id, span.parent_id) == ("POST /api/v1/orders", PARENT[3:35], PARENT[36:52])
    assert span.attributes["http.response.status_code"] == 201
    assert answer.headers["traceparent"] == shop.gateway.submitted[-1].trace == span.traceparent
