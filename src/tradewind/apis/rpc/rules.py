"""Says what a valid order, product or payment of this API is, so that gateway and services refuse the same
things in the same words.

The words are those of class-validator, since clients of the published system read them. A valid body costs
one typed decode; only one that fails it is walked again, field by field, to find what to say. Fields that are
not known are dropped.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from ...core.texts import VISIBLE, all_seen
from ..nest.validator import (
    UUID,
    Fields,
    Items,
    NotJson,
    every,
    faults,
    is_int,
    is_number,
    is_text,
    is_uuid,
    number,
    optional,
    walked,
    within,
)

__all__ = [
    "LONGEST",
    "MOST_ITEMS",
    "MOST_MONEY",
    "MOST_PER_PAGE",
    "MOST_PIECES",
    "MOST_STOCK",
    "PER_PAGE",
    "UUID",
    "CreateOrder",
    "CreatePayment",
    "CreateProduct",
    "NotJson",
    "OrderItem",
    "Paging",
    "cents",
    "exact",
    "json_of",
    "key_of",
    "order_of",
    "page_of",
    "payment_of",
    "product_of",
]

MOST_ITEMS, MOST_PIECES, MOST_STOCK, MOST_MONEY, LONGEST = (
    1_000,
    9_999_999,
    1_000_000_000,
    9_999_999_999.99,
    255,
)
PER_PAGE, MOST_PER_PAGE = 10, 100
has_visible = re.compile(VISIBLE).search


def cents(amount: float) -> int:
    """The minor units of a decimal with two places; -1 where it has more, is negative or is past what can be
    kept.
    """
    if not 0 <= amount <= MOST_MONEY:
        return -1
    units = round(amount * 100)
    return units if units / 100 == amount else -1


def seen(text: str) -> bool:
    """Whether it has no character that cannot be seen, but spaces inside."""
    return all_seen(text.replace(" ", "")) and not text.isspace()


# -- the fields of each body


def _money(path: str, value: Any) -> list[str]:
    wrong = within(0, MOST_MONEY)(path, value)
    if not is_number(value) or not math.isfinite(value) or (value <= MOST_MONEY and cents(abs(value)) < 0):
        wrong.append(f"{path} must be a number conforming to the specified constraints")
    return wrong


def _name(path: str, value: Any) -> list[str]:
    wrong = is_text(LONGEST)(path, value)
    if not wrong and not has_visible(value):
        wrong.append(f"{path} should not be empty")
    return wrong


def _identity(path: str, value: Any) -> list[str]:
    wrong = is_text(LONGEST)(path, value)
    if not wrong and not seen(value):
        wrong.append(f"{path} must be made of characters that can be seen")
    return wrong


_ITEM: Fields = (
    ("productId", is_uuid),
    ("quantity", every(within(1, MOST_PIECES), is_int)),
    ("price", _money),
)
ORDER: Fields = (("items", Items(_ITEM, MOST_ITEMS)), ("total", _money))
PRODUCT: Fields = (
    ("name", _name),
    ("sku", _identity),
    ("stock", every(within(0, MOST_STOCK), is_int)),
    ("price", optional(_money)),
)
PAYMENT: Fields = (("orderId", is_uuid), ("amount", _money))
PAGING: Fields = (
    ("page", every(within(1, 1_000_000_000), is_int)),
    ("perPage", every(within(1, MOST_PER_PAGE), is_int)),
)

_Uuid = Annotated[str, Meta(pattern=UUID.pattern)]
_Money = Annotated[float, Meta(ge=0, le=MOST_MONEY)]
_Text = Annotated[str, Meta(min_length=1, max_length=LONGEST)]


class OrderItem(msgspec.Struct, rename="camel", gc=False):
    """`price` in units of the currency, with two decimals at the most; `product_id` as it was sent, in either
    case.
    """

    product_id: _Uuid
    quantity: Annotated[int, Meta(ge=1, le=MOST_PIECES)]
    price: _Money


class CreateOrder(msgspec.Struct, rename="camel"):
    items: Annotated[list[OrderItem], Meta(min_length=1, max_length=MOST_ITEMS)]
    total: _Money


class CreateProduct(msgspec.Struct, rename="camel", omit_defaults=True):
    """`price` is not part of the published body: it is needed where prices come from the catalogue."""

    name: _Text
    sku: _Text
    stock: Annotated[int, Meta(ge=0, le=MOST_STOCK)]
    price: _Money | None = None


class CreatePayment(msgspec.Struct, rename="camel"):
    order_id: _Uuid
    amount: _Money


class Paging(msgspec.Struct, rename="camel"):
    page: int = 1
    per_page: int = PER_PAGE


def order_of(body: bytes) -> CreateOrder | list[str]:
    """The order, or what is wrong with it. Errors: NotJson."""
    try:
        order = _decode_order(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return walked(body, CreateOrder, ORDER)
    return order if exact(order) else walked(body, CreateOrder, ORDER)


def product_of(body: bytes) -> CreateProduct | list[str]:
    """The product, or what is wrong with it. Errors: NotJson."""
    try:
        product = _decode_product(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return walked(body, CreateProduct, PRODUCT)
    sound = (
        "\0" not in product.name
        and seen(product.sku)
        and has_visible(product.name) is not None
        and (product.price is None or cents(product.price) >= 0)
    )
    return product if sound else walked(body, CreateProduct, PRODUCT)


def payment_of(body: bytes) -> CreatePayment | list[str]:
    """The payment, or what is wrong with it. Errors: NotJson."""
    try:
        payment = _decode_payment(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return walked(body, CreatePayment, PAYMENT)
    return payment if cents(payment.amount) >= 0 else walked(body, CreatePayment, PAYMENT)


def page_of(given: Mapping[str, Any]) -> Paging | list[str]:
    """The page that is asked for by `page` and `perPage`, numbers or the texts of a query string; what is
    absent has its default.
    """
    read = {name: number(given[name]) for name in ("page", "perPage") if given.get(name) is not None}
    wrong = faults("", read, tuple([field for field in PAGING if field[0] in read]))
    return wrong or Paging(int(read.get("page", 1)), int(read.get("perPage", PER_PAGE)))


def key_of(key: Any) -> list[str]:
    """What is wrong with an idempotency key; one that is absent or empty is none, as in the published
    system.
    """
    return [] if key is None or key == "" else _identity("idempotencyKey", key)


json_of: Callable[[CreateOrder | CreateProduct | CreatePayment], bytes] = msgspec.json.Encoder().encode
"""The JSON of a valid body, without what was dropped."""


def exact(order: CreateOrder) -> bool:
    """Whether every amount is one of whole minor units."""
    if cents(order.total) < 0:
        return False
    for item in order.items:  # noqa: SIM110  measurably faster than all()
        if cents(item.price) < 0:
            return False
    return True


_decode_order = msgspec.json.Decoder(CreateOrder).decode
_decode_product = msgspec.json.Decoder(CreateProduct).decode
_decode_payment = msgspec.json.Decoder(CreatePayment).decode
