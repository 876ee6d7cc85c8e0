"""What is wrong with a request is said precisely, in the same words everywhere, and never with the value that
was sent.
"""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import UNSET

from tests.apis.v1.fakes import ADMIN, BASKET, CUSTOMER, ORDER, Shop, uuid
from tradewind.contracts import inventory, orders, users
from tradewind.contracts.values import Money, Price

ORDERS, CANCEL, PRODUCTS = "/api/v1/orders", f"/api/v1/orders/{ORDER}/cancel", "/api/v1/products"
PRODUCT = {"sku": "TEA", "name": "Tea", "price": {"amount": 1, "currency": "EUR"}, "stock": 1}


def tried(method: str, path: str, body: Any = None, **how: Any) -> tuple[Shop, Any]:
    shop = Shop()
    return shop, shop.ask(method, path, body, token=shop.token(ADMIN, "admin"), **how)


@pytest.mark.parametrize("text", [" ", "\u00a0\u2003", "\u200d", "\u3164", " \u2800\ufeff ", "\t\n"])
def test_a_name_or_reason_has_something_to_see(text: str) -> None:
    shop = Shop()
    admin = shop.token(ADMIN, "admin")
    product = {"sku": "TEA", "name": text, "price": {"amount": 1, "currency": "EUR"}, "stock": 1}
    for method, path, body in (
        ("POST", PRODUCTS, product),
        ("PATCH", "/api/v1/users/me", {"name": text}),
        ("POST", f"{PRODUCTS}/{ORDER}/stock-adjustments", {"delta": 1, "reason": text}),
        ("POST", f"/api/v1/orders/{ORDER}/refunds", {"reason": text}),
        ("POST", f"/api/v1/orders/{ORDER}/cancel", {"reason": text}),
    ):
        answer = shop.ask(method, path, body, token=admin)
        assert (answer.status, answer.code) == (422, "invalid_field"), path
        assert answer.json["errors"][0]["field"] in ("name", "reason")
        assert answer.body.isascii()
    for joined in ("\u0915\u094d\u200d\u0937", "\U0001f469\u200d\U0001f680", "a\u200d"):
        assert shop.ask("PATCH", "/api/v1/users/me", {"name": joined}, token=admin).status == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code", "field"),
    [
        ("POST", ORDERS, b"", 400, "invalid_json", None),
        ("POST", ORDERS, b"{", 400, "invalid_json", None),
        ("POST", ORDERS, b"[]", 400, "invalid_json", None),
        ("POST", ORDERS, b"\xff", 400, "invalid_json", None),
        ("POST", ORDERS, {}, 422, "invalid_field", "items"),
        ("POST", ORDERS, BASKET | {"note": "x"}, 422, "unknown_field", "note"),
        ("POST", ORDERS, BASKET | {"type": "orders.place"}, 422, "unknown_field", "type"),
        ("POST", ORDERS, BASKET | {"customerId": CUSTOMER}, 422, "unknown_field", "customerId"),
        ("POST", ORDERS, BASKET | {"items": []}, 422, "invalid_field", "items"),
        (
            "POST",
            ORDERS,
            BASKET | {"items": [{"sku": "TEA", "quantity": 0}]},
            422,
            "invalid_field",
            "items[0].quantity",
        ),
        (
            "POST",
            ORDERS,
            BASKET | {"items": [{"sku": "TEA", "quantity": 1, "price": 1}]},
            422,
            "unknown_field",
            "items[0].price",
        ),
        (
            "POST",
            ORDERS,
            BASKET | {"items": [{"sku": "TEA", "quantity": "2"}]},
            422,
            "invalid_field",
            "items[0].quantity",
        ),
        (
            "POST",
            ORDERS,
            BASKET | {"items": [{"sku": "TEA", "quantity": 1}] * 101},
            422,
            "invalid_field",
            "items",
        ),
        ("POST", ORDERS, BASKET | {"payment": {"token": "tok ok"}}, 422, "invalid_field", "payment.token"),
        (
            "POST",
            ORDERS,
            BASKET | {"expectedTotal": {"amount": 1.5, "currency": "EUR"}},
            422,
            "invalid_field",
            "expectedTotal.amount",
        ),
        ("POST", CANCEL, {"orderId": ORDER}, 422, "unknown_field", "orderId"),
        ("POST", CANCEL, {"reason": 1}, 422, "invalid_field", "reason"),
        ("POST", f"{ORDERS}/x/cancel", None, 404, "not_found", None),
        ("POST", f"{ORDERS}/{ORDER.upper()}/cancel", None, 404, "not_found", None),
        ("GET", f"{ORDERS}/{ORDER}x", None, 404, "not_found", None),
        ("GET", f"{ORDERS}/%30", None, 404, "not_found", None),
        ("GET", f"{ORDERS}?limit=0", None, 422, "invalid_field", "limit"),
        ("GET", f"{ORDERS}?limit=101", None, 422, "invalid_field", "limit"),
        ("GET", f"{ORDERS}?number=0", None, 422, "invalid_field", "number"),
        ("GET", f"{ORDERS}?limit=", None, 422, "invalid_field", "limit"),
        ("GET", f"{ORDERS}?limit=5.0", None, 422, "invalid_field", "limit"),
        ("GET", f"{ORDERS}?limit=5e1", None, 422, "invalid_field", "limit"),
        ("GET", f"{ORDERS}?limit=%D9%A5", None, 422, "invalid_field", "limit"),
        ("GET", f"{ORDERS}?limit={'9' * 30}", None, 422, "invalid_field", "limit"),
        ("GET", f"{ORDERS}?status=LOST", None, 422, "invalid_field", "status"),
        ("GET", f"{ORDERS}?limit=1&limit=2", None, 422, "invalid_field", ""),
        ("GET", f"{ORDERS}?limit", None, 422, "invalid_field", ""),
        ("GET", f"{ORDERS}?status=%FF", None, 422, "invalid_field", ""),
        ("GET", f"{ORDERS}?{'&'.join(f'a{n}=1' for n in range(50))}", None, 422, "invalid_field", ""),
        ("GET", f"{ORDERS}?page=1", None, 422, "unknown_field", "page"),
        ("GET", f"{ORDERS}?%3Cscript%3E=1", None, 422, "unknown_field", "?"),
        ("GET", f"{ORDERS}/{ORDER}?orderId={ORDER}", None, 422, "unknown_field", "orderId"),
        ("GET", f"{PRODUCTS}?q={'x' * 101}", None, 422, "invalid_field", "q"),
        ("GET", f"{PRODUCTS}?q=a%00b", None, 422, "invalid_field", "q"),
        ("GET", f"{PRODUCTS}?q=%E2%80%AE", None, 422, "invalid_field", "q"),
        ("GET", "/api/v1/payments?orderId=x", None, 422, "invalid_field", "orderId"),
        ("PATCH", f"{PRODUCTS}/{ORDER}", {"stock": 1}, 422, "unknown_field", "stock"),
        ("PATCH", f"{PRODUCTS}/{ORDER}", {"name": None}, 422, "invalid_field", "name"),
        ("POST", PRODUCTS, PRODUCT | {"stock": True}, 422, "invalid_field", "stock"),
        ("DELETE", f"/api/v1/users/{CUSTOMER}", {"userId": CUSTOMER}, 422, "unknown_field", "userId"),
    ],
)
def test_what_is_wrong(method: str, path: str, body: Any, status: int, code: str, field: str | None) -> None:
    headers = {"content-type": "application/json"}
    shop, answer = tried(method, path, body, headers=headers)
    assert (answer.status, answer.code) == (status, code), answer.body
    assert shop.gateway.submitted == []
    if field is not None:
        assert answer.json["errors"][0]["field"] == field, answer.body
    else:
        assert "errors" not in answer.json


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 201),
        ("Application/JSON", 201),
        ("application/json; charset=utf-8", 201),
        ('application/json;charset="UTF-8"', 201),
        ("application/json; charset=utf-16", 415),
        ("application/problem+json", 415),
        ("text/json", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("", 415),
    ],
)
def test_content_types(content_type: str, status: int) -> None:
    assert tried("POST", ORDERS, BASKET, headers={"content-type": content_type})[1].status == status


def test_a_packed_body_is_refused() -> None:
    """RFC 9110 8.4: what cannot be unpacked is not read as if it were plain."""
    answer = tried("POST", ORDERS, BASKET, headers={"content-encoding": "gzip"})[1]
    assert (answer.status, answer.code) == (415, "unsupported_media_type")


def test_a_body_of_no_type_is_refused_and_no_body_needs_none() -> None:
    shop = Shop()
    request = shop.send("POST", CANCEL, None, token=shop.token(CUSTOMER))
    assert request.answer is not None
    assert request.answer.status == 200
    assert shop.gateway.submitted[-1].message == orders.CancelOrder(ORDER)
    untyped = type(request)("POST", ORDERS, b"", {b"authorization": request.headers[b"authorization"]}, b"{}")
    shop.edge(untyped)
    assert untyped.answer is not None
    assert untyped.answer.status == 415


# what the border takes of a line is less than the message has
LINES: Any = (orders.CatalogueItem(2, sku="TEA-100"),)


@pytest.mark.parametrize(
    ("method", "path", "body", "message"),
    [
        ("POST", ORDERS, BASKET, orders.PlaceOrder(LINES, orders.PaymentBy("tok_ok"))),
        (
            "POST",
            ORDERS,
            BASKET | {"expectedTotal": {"amount": 5, "currency": "EUR"}},
            orders.PlaceOrder(LINES, orders.PaymentBy("tok_ok"), Money(5, "EUR")),
        ),
        ("POST", CANCEL, {"reason": "twice"}, orders.CancelOrder(ORDER, "twice")),
        ("POST", PRODUCTS, PRODUCT, inventory.AddProduct("TEA", "Tea", Price(1, "EUR"), 1)),
        ("PATCH", f"{PRODUCTS}/{ORDER}", {"name": "T"}, inventory.ChangeProduct(ORDER, "T", UNSET)),
        ("PATCH", f"{PRODUCTS}/{ORDER}", None, inventory.ChangeProduct(ORDER)),
        ("DELETE", f"/api/v1/users/{CUSTOMER}", None, users.DeleteUser(CUSTOMER)),
        ("DELETE", f"/api/v1/users/{CUSTOMER}", {}, users.DeleteUser(CUSTOMER)),
    ],
)
def test_messages_of_bodies(method: str, path: str, body: Any, message: Any) -> None:
    shop, answer = tried(method, path, body)
    assert answer.status < 300, answer.body
    assert shop.gateway.submitted[-1].message == message


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (ORDERS, orders.ListOrders()),
        (f"{ORDERS}?limit=5&cursor=abc&status=PENDING", orders.ListOrders(5, "abc", "PENDING")),
        (f"{ORDERS}?status=&cursor=", orders.ListOrders()),
        (f"{PRODUCTS}?q=T%C3%A9+vert%26", inventory.ListProducts(q="Té vert&")),
        (f"{ORDERS}/{uuid(5)}", orders.GetOrder(uuid(5))),
        ("/api/v1/users/me", users.GetMe()),
    ],
)
def test_messages_of_queries(path: str, query: Any) -> None:
    shop, answer = tried("GET", path)
    assert answer.status == 200, answer.body
    assert shop.gateway.asked[-1][0] == query
