"""Says what a body must be like, in the words and the order of class-validator, and takes what the published
system converts: texts with spaces around, numbers as texts.

A body that is as it should be is decoded at once; any other is walked field by field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from ...contracts.users import address
from ..nest.bodies import refuse_bare
from ..nest.validator import (
    Fields,
    Items,
    at_least,
    at_most,
    every,
    faults,
    is_decimal,
    is_int,
    is_string,
    longer,
    matches,
    number,
    one_of,
    optional,
    parsed,
    shorter,
    that,
)

T = TypeVar("T")
MOST_ITEMS, MOST_QUANTITY, LEAST_PRICE, MOST_PRICE = 100, 9_999, 0.01, 999_999.99
UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.IGNORECASE)
NAME = r"^[a-zA-Z\s'-]+$"
PRODUCT = r"^product-[A-Za-z0-9-]+$"


class Item(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    product_id: Annotated[str, Meta(pattern=PRODUCT.replace("$", r"$(?!\n)"), max_length=100)]
    quantity: Annotated[int, Meta(ge=1, le=MOST_QUANTITY)]
    price: Annotated[float, Meta(ge=LEAST_PRICE, le=MOST_PRICE)]

    def __post_init__(self) -> None:
        if round(self.price, 2) != self.price:
            raise ValueError("at most two decimals")

    @property
    def cents(self) -> int:
        return round(self.price * 100)


class CreateOrder(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    user_id: Annotated[str, Meta(pattern=rf"^(?i:{UUID4.pattern})$(?!\n)")]
    items: Annotated[tuple[Item, ...], Meta(min_length=1, max_length=MOST_ITEMS)]


class CreateUser(msgspec.Struct, frozen=True, kw_only=True):
    email: str
    name: str
    password: str
    role: str = "user"


class UpdateUser(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    email: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    password: str | UnsetType = UNSET
    role: str | UnsetType = UNSET


class Login(msgspec.Struct, frozen=True):
    email: str
    password: str


def _is_email(value: Any) -> bool:
    try:
        return isinstance(value, str) and value.isascii() and bool(address(value))
    except ValueError:
        return False


_email = every(shorter(255), that(_is_email, "must be an email"))
_name = every(matches(NAME), shorter(100), longer(2), is_string)
_password = every(shorter(128), longer(6), is_string)
_role = one_of("user", "admin")
_uuid4 = that(lambda value: isinstance(value, str) and UUID4.fullmatch(value) is not None, "must be a UUID")
ITEM: Fields = (
    ("productId", every(matches(PRODUCT), shorter(100), is_string)),
    ("quantity", every(at_most(MOST_QUANTITY), at_least(1), is_int)),
    ("price", every(at_most(MOST_PRICE), at_least(LEAST_PRICE), is_decimal(2))),
)
ORDER: Fields = (("userId", _uuid4), ("items", Items(ITEM, MOST_ITEMS, forbid=True, published=True)))
USER: Fields = (("email", _email), ("name", _name), ("password", _password), ("role", optional(_role)))
CHANGE: Fields = tuple((name, optional(check)) for name, check in USER[:3])
"""At the gateway; the service takes a role too."""
CHANGE_OF_SERVICE: Fields = tuple((name, optional(check)) for name, check in USER)
LOGIN: Fields = (("email", _email), ("password", _password))

_order = msgspec.json.Decoder(CreateOrder).decode


def order_of(body: bytes) -> CreateOrder | list[str]:
    """What is ordered, or what is wrong with it. Errors: NotJson."""
    try:
        return _order(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return walked(body, CreateOrder, ORDER)


def walked(body: bytes, kind: type[T], fields: Fields) -> T | list[str]:
    """The body as a `kind`, or what is wrong with its fields; no other may be there. Errors: NotJson."""
    refuse_bare(body)
    given = parsed(body) if body.strip() else {}
    given = _converted(given) if isinstance(given, dict) else {}
    wrong = faults("", given, fields, forbid=True)
    return wrong or msgspec.convert({name: value for name, value in given.items() if value is not None}, kind)


def _converted(given: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: _AS.get(name, _same)(value) for name, value in given.items()}
    items = found.get("items")
    if isinstance(items, list):
        found["items"] = [_converted(item) if isinstance(item, dict) else item for item in items]
    return found


def _same(value: Any) -> Any:
    return value


def _text(value: Any) -> Any:
    """As JavaScript's `String` writes a bare value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return value


def _trimmed(value: Any) -> Any:
    value = _text(value)
    return value.strip() if isinstance(value, str) else value


def _lower(value: Any) -> Any:
    value = _trimmed(value)
    return value.lower() if isinstance(value, str) else value


def _numeric(value: Any) -> Any:
    found = float(value) if isinstance(value, bool) else number(value)
    return int(found) if isinstance(found, float) and found.is_integer() else found


_AS: Mapping[str, Callable[[Any], Any]] = {
    "email": _lower,
    "role": _lower,
    "name": _trimmed,
    "password": _text,
    "userId": _trimmed,
    "productId": _trimmed,
    "quantity": _numeric,
    "price": _numeric,
}
