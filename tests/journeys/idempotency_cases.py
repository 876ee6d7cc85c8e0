"""What an idempotency key promises, as a table: two requests, what the first is answered, and what the
second.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any, NamedTuple

from tests.support.shop import Shop, basket

NUMBERS = itertools.count()
SAME, FRESH = "the same status and bytes, marked as replayed", "another answer, not replayed"
Header = tuple[str, str | bytes]
Refusal = tuple[int, str]
KEYED: tuple[Header, ...] = (("Idempotency-Key", "{key}"),)


class Ask(NamedTuple):
    """`{key}` is the case's own; what `given` makes can be named in path and body."""

    path: str = "/orders"
    body: Any = basket()
    who: str = "ada"
    headers: tuple[Header, ...] = KEYED
    method: str = "POST"


class Case(NamedTuple):
    says: str
    first: Ask
    second: Ask
    then: str | Refusal = SAME
    gives: int | Refusal = 201
    given: Callable[[Shop], dict[str, str]] = lambda shop: {}


def key(
    first: str | bytes, second: str | bytes | None = None, name: str = "Idempotency-Key"
) -> tuple[Ask, Ask]:
    return Ask(headers=(("Idempotency-Key", first),)), Ask(
        headers=((name, first if second is None else second),)
    )


def bad(says: str, *headers: Header) -> Case:
    ask = Ask(headers=headers)
    return Case(says, ask, ask, (400, "invalid_idempotency_key"), (400, "invalid_idempotency_key"))


def again(
    says: str,
    path: str,
    body: Any,
    who: str = "ada",
    gives: int | Refusal = 201,
    method: str = "POST",
    **more: Any,
) -> Case:
    ask = Ask(path, body, who, method=method)
    return Case(says, ask, ask, gives=gives, **more)


def order(shop: Shop) -> dict[str, str]:
    """One that is CONFIRMED, and another."""
    orders = [shop.order() for _ in range(2)]
    for order_id in orders:
        shop.wait_final(order_id)
    return {"order": orders[0], "other": orders[1]}


def product(shop: Shop) -> dict[str, str]:
    return {"product": shop.product(f"P{next(NUMBERS)}", stock=10)}


def session(shop: Shop) -> dict[str, str]:
    answer = shop.post(
        "/auth/login", {"email": "eve@example.com", "password": "battery staple eve"}, who="", status=200
    )
    return {"refresh": answer["refreshToken"]}


def user(shop: Shop) -> dict[str, str]:
    number = next(NUMBERS)
    body = {"email": f"u{number}@example.com", "name": "U", "password": "battery staple u"}
    return {"user": shop.post("/auth/register", body, who="")["id"], "number": str(number)}


def cancelled(shop: Shop) -> dict[str, str]:
    made = order(shop)
    shop.post(f"/orders/{made['order']}/cancel", {}, status=200)
    return made


TWO = basket("tok_ok", ("TEA", 1), ("LAST", 1))
ODD = "!#$%&'*+-.^_`|~/:;,=@(){{}}[]<>?"
FORMS = (
    Case("no key: each is an order of its own", Ask(headers=()), Ask(headers=()), FRESH),
    bad("an empty key", ("Idempotency-Key", "")),
    Case("one letter", *key("k")),
    Case("255 letters", *key("m" * 255)),
    bad("256 letters", ("Idempotency-Key", "m" * 256)),
    bad("UTF-8", ("Idempotency-Key", "schlüssel")),
    bad("Latin-1", ("Idempotency-Key", b"schl\xfcssel")),
    bad("a space inside", ("Idempotency-Key", "a b")),
    bad("a tab inside", ("Idempotency-Key", "a\tb")),
    Case("spaces around are no part of it", *key("around", "  around \t")),
    Case("every visible sign", *key(ODD)),
    Case("quoted, as the IETF draft writes it", *key("quoted", '"quoted"')),
    Case("quoted with an escaped quote", *key('in"side', '"in\\"side"')),
    Case("a quote inside one that is not quoted", *key('in"side2')),
    bad("quotes that do not end", ("Idempotency-Key", '"open')),
    bad("quotes around nothing", ("Idempotency-Key", '""')),
    bad("a space inside quotes", ("Idempotency-Key", '"a b"')),
    Case("X-Idempotency-Key is the same", *key("{key}", "{key}", "X-Idempotency-Key")),
    Case("header names have no case", *key("{key}", "{key}", "iDEMPOTENCY-kEY")),
    Case("both headers, equal", Ask(), Ask(headers=(*KEYED, ("X-Idempotency-Key", "{key}")))),
    Case("both headers, one quoted", Ask(), Ask(headers=(*KEYED, ("X-Idempotency-Key", '"{key}"')))),
    bad("both headers, different", ("Idempotency-Key", "a"), ("X-Idempotency-Key", "b")),
    bad("X-Idempotency-Key alone, and wrong", ("X-Idempotency-Key", "a b")),
    Case("keys have a case", *key("{key}x", "{key}X"), FRESH),
)
ESCAPED = b'{ "payment" : {"token":"tok_ok"},\n "items":[ {"quantity":1,"sku":"\\u0054EA"} ]\t}'
BODIES = (
    Case("the same bytes", Ask(), Ask()),
    Case("another order of fields, spaces, escapes", Ask(), Ask(body=ESCAPED)),
    Case("a default written out", Ask(), Ask(body={**basket(), "expectedTotal": None})),
    Case("another quantity", Ask(), Ask(body=basket("tok_ok", ("TEA", 2))), (422, "idempotency_key_reused")),
    Case("another token", Ask(), Ask(body=basket("tok_declined")), (422, "idempotency_key_reused")),
    Case("one line more", Ask(), Ask(body=TWO), (422, "idempotency_key_reused")),
    Case(
        "lines in another order",
        Ask(body=TWO),
        Ask(body={**TWO, "items": TWO["items"][::-1]}),
        (422, "idempotency_key_reused"),
    ),
    Case(
        "the total that is right, but was not said before",
        Ask(),
        Ask(body={**basket(), "expectedTotal": {"amount": 1999, "currency": "EUR"}}),
        (422, "idempotency_key_reused"),
    ),
    Case("a body that is none is told so first", Ask(), Ask(body=b"{"), (400, "invalid_json")),
    Case(
        "a field that is unknown is told so first",
        Ask(),
        Ask(body={**basket(), "status": "CONFIRMED"}),
        (422, "unknown_field"),
    ),
    Case(
        "after the refusal of another body the first still counts",
        Ask(body=basket("tok_slow")),
        Ask(body=basket("tok_slow")),
    ),
)
CANCEL = Ask("/orders/{order}/cancel", {})
SCOPES = (
    Case("another caller gets an order of their own", Ask(), Ask(who="bob"), FRESH),
    Case("another operation is another thing", Ask(), CANCEL, FRESH, given=order),
    Case(
        "another path id",
        CANCEL,
        Ask("/orders/{other}/cancel", {}),
        (422, "idempotency_key_reused"),
        200,
        order,
    ),
    Case(
        "another caller of the same cancel",
        CANCEL,
        Ask("/orders/{order}/cancel", {}, "admin"),
        (409, "illegal_transition"),
        200,
        order,
    ),
    Case("nobody's key is not the caller's", Ask(who=""), Ask(), FRESH, (401, "unauthorized")),
)
REFUSALS = (
    again("unknown product", "/orders", basket("tok_ok", ("NONE", 1)), gives=(422, "unknown_product")),
    again(
        "price changed",
        "/orders",
        {**basket(), "expectedTotal": {"amount": 1, "currency": "EUR"}},
        gives=(409, "price_changed"),
    ),
    again(
        "illegal transition",
        "/orders/{order}/cancel",
        {"reason": "again"},
        gives=(409, "illegal_transition"),
        given=cancelled,
    ),
    again("not yours, not found", "/orders/{order}/cancel", {}, "bob", gives=(404, "not_found"), given=order),
    again(
        "too large a refund",
        "/orders/{order}/refunds",
        {"reason": "x", "amount": {"amount": 99_999, "currency": "EUR"}},
        "admin",
        gives=(409, "refund_exceeds_payment"),
        given=order,
    ),
    again(
        "less stock than there is",
        "/products/{product}/stock-adjustments",
        {"delta": -11, "reason": "x"},
        "admin",
        gives=(409, "insufficient_stock"),
        given=product,
    ),
    Case(
        "what was no order is not remembered", Ask(body={"items": []}), Ask(), FRESH, (422, "invalid_field")
    ),
    Case("what was no JSON is not remembered", Ask(body=b"{"), Ask(), FRESH, (400, "invalid_json")),
    Case(
        "a wrong type of content is not remembered",
        Ask(headers=(*KEYED, ("Content-Type", "text/plain"))),
        Ask(),
        FRESH,
        (415, "unsupported_media_type"),
    ),
    Case("what was forbidden is not remembered", Ask("/products", {}), Ask(), FRESH, (403, "forbidden")),
)
PERSON = {"email": "{key}@example.com", "name": "Key", "password": "battery staple key"}
GOODS = {"sku": "{key}", "name": "Key", "price": {"amount": 5, "currency": "EUR"}, "stock": 1}
EVE = {"email": "eve@example.com", "password": "battery staple eve"}
OPERATIONS = (
    again("register", "/auth/register", PERSON, ""),
    Case(
        "register, another address",
        Ask("/auth/register", PERSON, ""),
        Ask("/auth/register", {**PERSON, "email": "x@example.com"}, ""),
        (422, "idempotency_key_reused"),
    ),
    Case(
        "register, without the key",
        Ask("/auth/register", PERSON, ""),
        Ask("/auth/register", PERSON, "", ()),
        (409, "email_taken"),
    ),
    again("log in: the same tokens", "/auth/login", EVE, "", 200),
    Case(
        "log in, without a key: others",
        Ask("/auth/login", EVE, ""),
        Ask("/auth/login", EVE, "", ()),
        FRESH,
        200,
    ),
    Case(
        "log in: a wrong password is not remembered",
        Ask("/auth/login", {**EVE, "password": "wrong"}, ""),
        Ask("/auth/login", EVE, ""),
        FRESH,
        (401, "invalid_credentials"),
    ),
    again(
        "refresh: no reuse of the old token",
        "/auth/refresh",
        {"refreshToken": "{refresh}"},
        "",
        200,
        given=session,
    ),
    again("log out", "/auth/logout", {"refreshToken": "{refresh}"}, "", 204, given=session),
    again("add a product", "/products", GOODS, "admin"),
    Case(
        "add a product, without the key",
        Ask("/products", GOODS, "admin"),
        Ask("/products", GOODS, "admin", ()),
        (409, "sku_exists"),
    ),
    again("change a product", "/products/{product}", {"name": "New"}, "admin", 200, "PATCH", given=product),
    again(
        "adjust the stock",
        "/products/{product}/stock-adjustments",
        {"delta": 5, "reason": "x"},
        "admin",
        given=product,
    ),
    again("cancel", "/orders/{order}/cancel", {}, gives=200, given=order),
    again(
        "cancel, an empty reason written out",
        "/orders/{order}/cancel",
        {"reason": ""},
        gives=200,
        given=order,
    ),
    again(
        "give a part back",
        "/orders/{order}/refunds",
        {"reason": "x", "amount": {"amount": 500, "currency": "EUR"}},
        "admin",
        given=order,
    ),
    again("give all back", "/orders/{order}/refunds", {"reason": "x"}, "admin", given=order),
    again("change me", "/users/me", {"name": "Ada again"}, gives=200, method="PATCH"),
    again("change a user", "/users/{user}", {"name": "V"}, "admin", 200, "PATCH", given=user),
    again("delete a user", "/users/{user}", None, "admin", 204, "DELETE", given=user),
)
CASES = (*FORMS, *BODIES, *SCOPES, *REFUSALS, *OPERATIONS)


def filled(value: Any, names: dict[str, str]) -> Any:
    """`{name}`s replaced."""
    if isinstance(value, bytes) or value is None:
        return value
    if isinstance(value, str):
        return value.format(**names)
    text = json.dumps(value)
    for name, given in names.items():
        text = text.replace(f"{{{name}}}", given)
    return json.loads(text)
