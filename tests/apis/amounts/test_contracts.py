"""The Fastify system with orders and invoices answers as it is published, field by field and word by word. The
words were seen at Fastify 5 with zod 4.
"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.apis.amounts.support import AT, CUSTOMER, ID, Client, invoice_view, order_view
from tests.apis.v1.fakes import uuid
from tradewind.apis.contracts.app import invoices_api, orders_api
from tradewind.contracts.invoices import GetInvoice, ListInvoices
from tradewind.contracts.orders import GetOrder, ListOrders, PlaceOrder
from tradewind.contracts.values import Money, Page
from tradewind.core.model import Caller, Refused

GUEST = "1651654165"


def total(message: Any) -> Any:
    return msgspec.structs.asdict(message)["expected_total"]


def orders(**settings: Any) -> Client:
    client = Client(orders_api, **{"default_customer": GUEST, **settings})
    client.gateway.replies[PlaceOrder] = order_view()
    return client


@pytest.mark.parametrize("path", ["/orders", "/"])
def test_an_order_is_made_and_can_be_found_again(path: str) -> None:
    client = orders()
    made = client.post({"amount": 5000, "unknown": True}, path)
    assert (made.status, made.json) == (201, {"orderId": ID})
    assert made.headers["location"] == f"/orders/{ID}"
    (sent,) = client.gateway.submitted
    assert total(sent.message) == Money(5000, "EUR")
    assert sent.caller == Caller(GUEST, "customer")


def test_a_customer_is_any_text() -> None:
    client = orders()
    for name in ("c", CUSTOMER, "x" * 255, "Zoë"):
        assert client.post({"amount": 1, "customerId": name}).status == 201
        assert client.gateway.submitted[-1].caller.id == name


def test_a_key_gives_the_same_answer_with_its_location() -> None:
    client = orders()
    for headers in ({"idempotency_key": "k"}, {"x_idempotency_key": "k"}):
        assert client.post({"amount": 5}, **headers).headers["location"] == f"/orders/{ID}"
    one, two = client.gateway.submitted
    assert one.claim == two.claim != ""
    assert client.post({"amount": 5}, idempotency_key="a b").status == 400


NUMBER = "body/amount Invalid input: expected number, received "


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{}", NUMBER + "undefined"),
        (b"[]", "body/ Invalid input: expected object, received array"),
        (b"null", "body/ Invalid input: expected object, received null"),
        (b"5", "body/ Invalid input: expected object, received number"),
        (b'"x"', "body/ Invalid input: expected object, received string"),
        (b'{"amount":"5"}', NUMBER + "string"),
        (b'{"amount":true}', NUMBER + "boolean"),
        (b'{"amount":null}', NUMBER + "null"),
        (b'{"amount":[]}', NUMBER + "array"),
        (b'{"amount":{}}', NUMBER + "object"),
        (b'{"amount":1e400}', NUMBER + "Infinity"),
        (b'{"amount":5000.5}', "body/amount Invalid input: expected int, received number"),
        (b'{"amount":0}', "body/amount Too small: expected number to be >=1"),
        (b'{"amount":-1}', "body/amount Too small: expected number to be >=1"),
        (b'{"amount":2147483648}', "body/amount Too big: expected number to be <=2147483647"),
        (
            b'{"amount":5.5,"customerId":5}',
            "body/amount Invalid input: expected int, received number, body/customerId Invalid input: expected string, received number",
        ),
        (
            b'{"amount":5,"customerId":""}',
            "body/customerId Too small: expected string to have >=1 characters",
        ),
        (
            b'{"amount":5,"customerId":"' + b"x" * 256 + b'"}',
            "body/customerId Too big: expected string to have <=255 characters",
        ),
        (b'{"amount":5,"customerId":null}', "body/customerId Invalid input: expected string, received null"),
        (
            b'{"customerId":5}',
            NUMBER + "undefined, body/customerId Invalid input: expected string, received number",
        ),
    ],
)
def test_what_does_not_fit_is_told_in_the_words_of_zod(body: bytes, message: str) -> None:
    client = orders()
    told = client.post(body)
    assert told.json == {
        "statusCode": 400,
        "code": "FST_ERR_VALIDATION",
        "error": "Bad Request",
        "message": message,
    }
    assert told.status == 400 and client.gateway.submitted == []


def test_what_no_database_keeps_is_refused() -> None:
    assert orders().post(b'{"amount":5,"customerId":"a\\u0000b"}').status == 400
    assert orders().post(b'{"amount":5,"customerId":"\\ud800"}').status == 400


@pytest.mark.parametrize("body", [b'{"amount":5e3}', b'{"amount":5000.0}'])
def test_an_integer_is_one_however_it_is_written(body: bytes) -> None:
    client = orders()
    assert client.post(body).status == 201
    assert total(client.gateway.submitted[0].message) == Money(5000, "EUR")


JSON = "application/json"
BROKEN = "Body is not valid JSON but content-type is set to 'application/json'"


@pytest.mark.parametrize(
    ("kind", "body", "status", "code", "message"),
    [
        (JSON, b"{", 400, "FST_ERR_CTP_INVALID_JSON_BODY", BROKEN),
        (JSON, b'{"a":1}}', 400, "FST_ERR_CTP_INVALID_JSON_BODY", BROKEN),
        (JSON, b'{"__proto__":{"a":1},"amount":5}', 400, "FST_ERR_CTP_INVALID_JSON_BODY", BROKEN),
        ("", b"", 400, "FST_ERR_VALIDATION", "body/ Invalid input: expected object, received null"),
        ("", b'{"amount":5}', 415, "FST_ERR_CTP_INVALID_MEDIA_TYPE", "Unsupported Media Type: undefined"),
        (JSON, b'{"amount":NaN}', 400, "FST_ERR_CTP_INVALID_JSON_BODY", BROKEN),
        (
            JSON,
            b"",
            400,
            "FST_ERR_CTP_EMPTY_JSON_BODY",
            "Body cannot be empty when content-type is set to 'application/json'",
        ),
        (
            "text/plain",
            b'{"amount":5}',
            400,
            "FST_ERR_VALIDATION",
            "body/ Invalid input: expected object, received string",
        ),
        (
            "application/x-www-form-urlencoded",
            b"amount=5",
            415,
            "FST_ERR_CTP_INVALID_MEDIA_TYPE",
            "Unsupported Media Type: application/x-www-form-urlencoded",
        ),
        (
            JSON,
            b'{"a":"' + b"x" * 1_048_576 + b'"}',
            413,
            "FST_ERR_CTP_BODY_TOO_LARGE",
            "Request body is too large",
        ),
    ],
)
def test_a_body_is_taken_as_fastify_takes_it(
    kind: str, body: bytes, status: int, code: str, message: str
) -> None:
    told = orders().post(body, content_type=kind)
    assert (told.status, told.json["code"], told.json["message"]) == (status, code, message)
    assert (told.json["statusCode"], list(told.json)) == (status, ["statusCode", "code", "error", "message"])


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/x?y=1"), ("PUT", "/orders"), ("GET", "/orders/"), ("GET", "/Orders")]
)
def test_what_is_not_there_is_404_with_its_query(method: str, path: str) -> None:
    told = orders().ask(method, path)
    assert told.json == {
        "message": f"Route {method}:{path} not found",
        "error": "Not Found",
        "statusCode": 404,
    }


@pytest.mark.parametrize("path", ["/%zz", "/%ff"])
def test_a_path_that_cannot_be_read_is_a_bad_url(path: str) -> None:
    told = orders().ask("GET", path)
    assert (told.status, told.json["code"]) == (400, "FST_ERR_BAD_URL")
    assert told.json["message"] == f"'{path}' is not a valid url component"


def test_health_is_the_published_text() -> None:
    client = orders()
    told = client.ask("GET", "/health")
    assert (told.status, told.body, told.kind) == (200, b"OK", "text/plain; charset=utf-8")
    client.gateway.lacks = ["store: gone"]
    assert client.ask("GET", "/health").body == b"OK"
    assert client.ask("GET", "/health/ready").status == 503


def test_pages_of_other_origins_may_read_and_ask() -> None:
    client = orders()
    assert client.ask("GET", "/health").headers["access-control-allow-origin"] == "*"
    asked: dict[str, Any] = {
        "origin": "http://a",
        "access-control-request-method": "POST",
        "access-control-request-headers": "x-a",
    }
    told = client.ask("OPTIONS", "/orders", **asked)
    assert (told.status, told.headers["access-control-allow-methods"]) == (204, "GET,HEAD,POST")
    assert told.headers["access-control-allow-headers"] == "x-a"


def test_orders_and_invoices_are_shown_in_the_published_fields() -> None:
    client = orders()
    client.gateway.views |= {GetOrder: order_view(7, GUEST), ListOrders: Page([order_view()], None)}
    shown = {"id": ID, "customerId": GUEST, "amount": 7, "status": "pending", "createdAt": AT}
    assert client.ask("GET", f"/orders/{ID}").json == shown
    assert [one["id"] for one in client.ask("GET", "/orders").json] == [ID]
    client.gateway.views[GetOrder] = Refused("not_found", 404)
    told = client.ask("GET", f"/orders/{uuid(2)}")
    assert told.json == {"statusCode": 404, "error": "Not Found", "message": "Not Found"}
    papers = Client(invoices_api)
    papers.gateway.views |= {GetInvoice: invoice_view("12"), ListInvoices: Page([invoice_view()], None)}
    assert papers.ask("GET", f"/invoices/{ID}").json["number"] == 12
    assert papers.ask("GET", "/invoices?orderId=x&page=1").json[0]["number"] == 3
    assert papers.ask("GET", "/health").body == b"OK"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("page=0", "querystring/page Too small: expected number to be >=1"),
        ("page=", "querystring/page Too small: expected number to be >=1"),
        ("page=1&page=2", "querystring/page Invalid input: expected number, received NaN"),
        ("page=x", "querystring/page Invalid input: expected number, received NaN"),
        (
            "page=1.5&perPage=101",
            "querystring/page Invalid input: expected int, received number, "
            "querystring/perPage Too big: expected number to be <=100",
        ),
    ],
)
def test_a_page_that_does_not_fit_is_told_too(query: str, message: str) -> None:
    assert orders().ask("GET", f"/orders?{query}").json["message"] == message


def test_a_bug_shows_no_statement() -> None:
    client = orders()
    client.gateway.views[GetOrder] = ZeroDivisionError("INSERT INTO secret")
    told = client.ask("GET", f"/orders/{ID}")
    assert told.json == {
        "statusCode": 500,
        "error": "Internal Server Error",
        "message": "Internal Server Error",
    }
