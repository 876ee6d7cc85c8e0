"""The NestJS system with orders and invoices answers as it is published, field by field and word by word."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.apis.amounts.support import AT, CUSTOMER, ID, Client, invoice_view, order_view
from tests.apis.v1.fakes import refusal, uuid
from tradewind.apis.invoicing.app import invoices_api, orders_api
from tradewind.contracts.invoices import GetInvoice, ListInvoices
from tradewind.contracts.orders import GetOrder, Item, ListOrders, PlaceOrder
from tradewind.contracts.values import Money, Page
from tradewind.core.model import Caller, Refused
from tradewind.core.rate_limiter import Limit
from tradewind.core.store import StoreUnavailable

CREATE = {"customerId": CUSTOMER, "amount": 5000}
UUID, INT = "customerId must be a UUID", "amount must be an integer number"
BOTH = {"customerId": UUID, "amount": INT}


def orders(**settings: Any) -> Client:
    client = Client(orders_api, **settings)
    client.gateway.replies[PlaceOrder] = order_view()
    return client


def test_an_order_is_one_unnamed_priced_line_of_its_customer() -> None:
    client = orders(currency="CHF")
    made = client.post(CREATE)
    assert (made.status, made.kind) == (201, "application/json; charset=utf-8")
    assert made.body == f'{{"id":"{ID}","amount":5000,"customerId":"{CUSTOMER}"}}'.encode()
    (sent,) = client.gateway.submitted
    money = Money(5000, "CHF")
    assert sent.message == PlaceOrder((Item(1, price=money),), None, money)
    assert (sent.caller, sent.claim) == (Caller(CUSTOMER, "customer"), "")


def test_the_id_of_a_customer_stays_as_it_was_sent() -> None:
    client = orders()
    for name in (CUSTOMER.upper(), "00000000-0000-0000-0000-000000000000"):
        assert client.post({**CREATE, "customerId": name, "unknown": 1}).status == 201
        assert client.gateway.submitted[-1].caller.id == name


def test_the_same_key_is_the_same_claim_and_another_body_another_fingerprint() -> None:
    client = orders()
    for body, headers in (
        (CREATE, {"idempotency_key": "k"}),
        (CREATE, {"x_idempotency_key": "k"}),
        ({**CREATE, "customerId": uuid(5)}, {"idempotency_key": "k"}),
        (CREATE, {"idempotency_key": "other"}),
    ):
        assert client.post(body, **headers).status == 201
    one, two, three, four = client.gateway.submitted
    assert (one.claim, one.fingerprint) == (two.claim, two.fingerprint) != ("", "")
    assert three.claim == one.claim != four.claim
    assert three.fingerprint != one.fingerprint == four.fingerprint


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{}", BOTH),
        (b"[]", BOTH),
        (b'{"customerId":"x","amount":5}', {"customerId": UUID}),
        (b'{"customerId":5,"amount":"5"}', BOTH),
        (b'{"customerId":"%b","amount":1.5}' % CUSTOMER.encode(), {"amount": INT}),
        (
            b'{"customerId":"%b","amount":-1}' % CUSTOMER.encode(),
            {"amount": "amount must not be less than 0"},
        ),
        (b'{"customerId":"%b","amount":true}' % CUSTOMER.encode(), {"amount": INT}),
        (b'{"customerId":"%b","amount":null}' % CUSTOMER.encode(), {"amount": INT}),
        (b'{"customerId":"%b","amount":1e400}' % CUSTOMER.encode(), {"amount": INT}),
        (
            b'{"customerId":"%b","amount":2147483648}' % CUSTOMER.encode(),
            {"amount": "amount must not be greater than 2147483647"},
        ),
    ],
)
def test_what_the_dto_refuses_is_told_by_field_with_its_first_message(body: bytes, message: Any) -> None:
    client = orders()
    told = client.post(body)
    assert told.json == {"message": message, "error": "BadRequest", "statusCode": 400}
    assert told.status == 400 and client.gateway.submitted == []


def test_an_order_of_nothing_passes_the_dto_and_is_refused_by_the_order() -> None:
    told = orders().post({**CREATE, "amount": 0})
    assert told.json == {"message": "amount is required", "error": "Bad Request", "statusCode": 400}


@pytest.mark.parametrize(
    "body", [b'{"customerId":"%b","amount":5e3}', b'{"customerId":"%b","amount":5000.0}']
)
def test_an_integer_is_one_however_it_is_written(body: bytes) -> None:
    client = orders()
    assert client.post(body % CUSTOMER.encode()).status == 201
    assert msgspec.structs.asdict(client.gateway.submitted[0].message)["expected_total"] == Money(5000, "EUR")


@pytest.mark.parametrize("body", [b"{", b"5", b"null", b'"x"', b'{"amount":NaN}', b"\xff", b'{"a":1}}'])
def test_what_is_no_json_object_is_one_sentence(body: bytes) -> None:
    told = orders().post(body)
    assert told.json == {"message": "Unexpected token in JSON", "error": "Bad Request", "statusCode": 400}


def test_other_media_types_have_no_fields_and_a_form_has_texts() -> None:
    client = orders()
    for kind, body in (("text/plain", b'{"amount":5}'), ("", b""), ("application/json", b"")):
        assert client.post(body, content_type=kind).json["message"] == BOTH
    form = f"customerId={CUSTOMER}&amount=5000".encode()
    told = client.post(form, content_type="application/x-www-form-urlencoded")
    assert told.json["message"] == {"amount": INT}


def test_too_large_and_another_charset_are_what_express_says() -> None:
    client = orders()
    told = client.post(b'{"a":"' + b"x" * 102_400 + b'"}')
    assert (told.status, told.body) == (413, b'{"statusCode":413,"message":"request entity too large"}')
    told = client.post(CREATE, content_type="application/json; charset=latin1")
    assert told.json == {"statusCode": 415, "message": 'unsupported charset "LATIN1"'}


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/x?y=1"), ("PUT", "/orders"), ("GET", "/"), ("DELETE", f"/orders/{ID}"), ("GET", "/invoices")],
)
def test_what_is_not_there_is_404_with_its_query(method: str, path: str) -> None:
    told = orders().ask(method, path)
    assert told.json == {"message": f"Cannot {method} {path}", "error": "Not Found", "statusCode": 404}


def test_health_is_the_published_body_and_ours_beside_it() -> None:
    client = orders()
    assert client.ask("GET", "/health").body == b'{"status":"ok"}'
    client.gateway.lacks = ["store: gone"]
    assert client.ask("GET", "/health").status == 200
    told = client.ask("GET", "/health/ready")
    assert (told.status, told.json["missing"]) == (503, ["store: gone"])


def test_an_order_is_shown_in_the_published_fields() -> None:
    client = orders()
    client.gateway.views[GetOrder] = order_view()
    told = client.ask("GET", f"/orders/{ID.upper()}")
    assert told.json == {
        "id": ID,
        "customerId": CUSTOMER,
        "amount": 5000,
        "status": "pending",
        "createdAt": AT,
    }
    assert client.gateway.asked[0][0] == GetOrder(ID)
    client.gateway.views[GetOrder] = Refused("not_found", 404)
    for path in (f"/orders/{uuid(2)}", "/orders/5"):
        told = client.ask("GET", path)
        assert told.json == {"message": "Not Found", "error": "Not Found", "statusCode": 404}


def test_a_list_has_pages_only_where_they_are_asked_for() -> None:
    client = orders(list_max=3)
    asked: list[ListOrders] = []

    def listed(query: ListOrders) -> Any:
        asked.append(query)
        return Page([order_view()] * 2, "more" if not query.page else None, 9 if query.page else 0)

    client.gateway.views[ListOrders] = listed
    told = client.ask("GET", "/orders")
    assert (len(told.json), told.headers["link"]) == (3, '</orders?page=1&perPage=100>; rel="next"')
    assert [(query.limit, query.cursor) for query in asked] == [(100, ""), (100, "more")]
    told = client.ask("GET", "/orders?page=2&perPage=2")
    assert (len(told.json), told.headers["x-total-count"], asked[-1]) == (2, "9", ListOrders(2, page=2))
    assert client.ask("GET", "/orders?page=0").json == {
        "message": {"page": "page must not be less than 1"},
        "error": "BadRequest",
        "statusCode": 400,
    }
    assert client.ask("GET", "/orders?perPage=x").json["message"] == {
        "perPage": "perPage must be an integer number"
    }


def test_invoices_are_found_by_order_and_have_integer_numbers() -> None:
    client = Client(invoices_api)
    client.gateway.views |= {GetInvoice: invoice_view(), ListInvoices: Page([invoice_view()], None)}
    shown = {
        "id": ID,
        "orderId": uuid(1),
        "customerId": CUSTOMER,
        "amount": 5000,
        "number": 3,
        "createdAt": AT,
    }
    assert client.ask("GET", f"/invoices/{ID}").json == shown
    assert client.ask("GET", "/invoices?orderId=their-order").json == [shown]
    assert client.gateway.asked[-1][0] == ListInvoices("their-order", 100, with_customer=True)
    assert client.ask("GET", "/invoices").json == [shown]
    assert client.ask("GET", "/invoices?orderId=").json["message"] == {
        "orderId": "orderId should not be empty"
    }
    assert client.ask("POST", "/orders").status == 404


@pytest.mark.parametrize(
    ("reply", "status", "message"),
    [
        (refusal(422, "idempotency_key_reused", "This key came before."), 422, "This key came before."),
        (refusal(503, "overloaded"), 503, "Service Unavailable"),
    ],
)
def test_refusals_have_the_form_of_nestjs(reply: Any, status: int, message: str) -> None:
    client = orders()
    client.gateway.replies[PlaceOrder] = reply
    told = client.post(CREATE, idempotency_key="k")
    assert (told.status, told.json["message"], told.json["statusCode"]) == (status, message, status)


def test_a_bug_shows_nothing_of_itself() -> None:
    client = orders()
    client.gateway.views[GetOrder] = ZeroDivisionError("SELECT secret")
    told = client.ask("GET", f"/orders/{ID}")
    assert told.json == {"statusCode": 500, "message": "Internal server error"}
    client.gateway.views[GetOrder] = StoreUnavailable("postgresql://secret")
    told = client.ask("GET", f"/orders/{ID}")
    assert (told.status, "secret" in str(told.json), told.headers["retry-after"]) == (503, False, "1")


def test_the_share_of_a_caller() -> None:
    client = orders(limit=Limit(1))
    assert [client.post(CREATE).status for _ in range(2)] == [201, 429]
    assert client.post(CREATE).json == {"statusCode": 429, "message": "ThrottlerException: Too Many Requests"}
    assert client.ask("GET", "/health").status == 200


@pytest.mark.parametrize("path", ["/docs-json", "/docs-yaml"])
def test_the_description_names_the_prefix_that_a_proxy_has_cut_off(path: str) -> None:
    client = orders()
    assert client.ask("GET", path).json["servers"] == [{"url": "/"}]
    assert client.ask("GET", path, x_forwarded_prefix="/orders").json["servers"] == [{"url": "/orders"}]
    for odd in ("//evil.example", "/a b", "javascript:x", "/<x>"):
        assert client.ask("GET", path, x_forwarded_prefix=odd).json["servers"] == [{"url": "/"}]
    page = client.ask("GET", "/docs")
    assert b'href="docs/assets/' in page.body and b'data-description="docs-json"' in page.body
