"""Conditional requests of API v1: which operations know which condition, and what becomes of it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec import UNSET

from tests.apis.v1.fakes import ADMIN, BASKET, CUSTOMER, ORDER, Shop, encode, uuid
from tradewind.contracts.api import OPERATIONS
from tradewind.contracts.inventory import AddProduct, ChangeProduct, GetProduct
from tradewind.contracts.users import ChangeUser, GetMe
from tradewind.core.gateway import Reply

PRODUCT = f"/api/v1/products/{ORDER}"
USER = f"/api/v1/users/{CUSTOMER}"
ME = "/api/v1/users/me"
NEW = {"sku": "A", "name": "A", "price": {"amount": 1, "currency": "EUR"}, "stock": 0}
PAST = "Sat, 21 Nov 2026 09:30:00 GMT"


class Seen(msgspec.Struct):
    id: str
    version: int


def shop_at(version: int) -> tuple[Shop, dict[str, Any]]:
    shop = Shop()
    for query in (GetProduct, GetMe):
        shop.gateway.views[query] = Seen(uuid(5), version)
    for request in (ChangeProduct, ChangeUser, AddProduct):
        shop.gateway.replies[request] = {"id": uuid(5), "version": version}
    return shop, {"token": shop.token(ADMIN, "admin")}


def test_products_and_users_have_a_tag() -> None:
    shop, admin = shop_at(7)
    for method, path, body in (
        ("GET", PRODUCT, None),
        ("HEAD", PRODUCT, None),
        ("GET", ME, None),
        ("PATCH", PRODUCT, {"name": "B"}),
        ("PATCH", USER, {"name": "B"}),
        ("PATCH", ME, {"name": "B"}),
        ("POST", "/api/v1/products", NEW),
    ):
        assert shop.ask(method, path, body, **admin).headers["etag"] == '"7"', (method, path)
    assert "etag" not in shop.ask("GET", f"/api/v1/orders/{ORDER}", **admin).headers


def test_what_is_known_already_is_304() -> None:
    shop, admin = shop_at(7)
    for path in (PRODUCT, ME):
        for method in ("GET", "HEAD"):
            answer = shop.ask(method, path, headers={"if-none-match": '"6", W/"7"'}, **admin)
            assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", '"7"')
    assert shop.ask("GET", PRODUCT, headers={"if-none-match": '"6"'}, **admin).status == 200
    answer = shop.ask("GET", PRODUCT, headers={"if-match": '"6"'}, **admin)
    assert (answer.status, answer.code) == (412, "precondition_failed")


def test_if_match_goes_into_the_transaction() -> None:
    shop, admin = shop_at(7)
    for value, versions in (('"6", "7"', (6, 7)), ('W/"7"', ()), ("*", UNSET)):
        for path in (PRODUCT, USER, ME):
            assert shop.ask("PATCH", path, {"name": "B"}, headers={"if-match": value}, **admin).status == 200
            assert shop.gateway.submitted[-1].message.seen == versions  # type: ignore[attr-defined]


def test_a_field_cannot_stand_for_the_header() -> None:
    shop, admin = shop_at(7)
    answer = shop.ask("PATCH", PRODUCT, {"name": "B", "seen": [7]}, **admin)
    assert (answer.status, answer.code) == (422, "unknown_field")


@pytest.mark.parametrize(
    ("method", "path", "body", "header"),
    [
        ("POST", "/api/v1/products", NEW, {"if-none-match": "*"}),
        ("POST", "/api/v1/orders", BASKET, {"if-match": '"1"'}),
        ("GET", f"/api/v1/orders/{ORDER}", None, {"if-none-match": '"1"'}),
        ("GET", "/api/v1/products", None, {"if-none-match": '"1"'}),
        ("PATCH", PRODUCT, {"name": "B"}, {"if-none-match": '"1"'}),
        ("PATCH", PRODUCT, {"name": "B"}, {"if-unmodified-since": PAST}),
        ("GET", PRODUCT, None, {"if-modified-since": PAST}),
        ("DELETE", USER, None, {"if-match": '"1"'}),
        ("PATCH", PRODUCT, {"name": "B"}, {"if-match": "1"}),
    ],
)
def test_a_condition_that_is_not_understood_is_400(
    method: str, path: str, body: Any, header: dict[str, str]
) -> None:
    shop, admin = shop_at(7)
    answer = shop.ask(method, path, body, headers=header, **admin)
    assert (answer.status, answer.code) == (400, "invalid_precondition")
    assert not shop.gateway.submitted


def test_a_reply_that_was_saved_before_there_were_versions_has_no_tag() -> None:
    shop, admin = shop_at(7)
    shop.gateway.replies[AddProduct] = Reply(0, encode({"id": uuid(5)}), True)
    answer = shop.ask("POST", "/api/v1/products", NEW, **admin)
    assert (answer.status, "etag" in answer.headers) == (201, False)


def test_every_change_of_what_has_a_version_knows_if_match() -> None:
    for operation in OPERATIONS:
        if operation.versioned and operation.method == "PATCH":
            assert operation.hides[-1] == "seen", operation.name
