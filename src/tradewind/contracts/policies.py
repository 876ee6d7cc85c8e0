"""Says what a shop may do in two ways, so that a service reads a policy, not what runs around it.

A blueprint has them in its table [policies]. Which events a service then hears is in `subscriptions`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from string import Formatter
from typing import Any, Literal

import msgspec

LONGEST_FORM = 40  # with its digits it is an index's key
_PARTS = ("year", "number")
_DIGITS = re.compile(r"(0\d{1,2}d?)?|d").fullmatch


class Policies(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """The policies of one shop; the defaults are those of a shop with a catalogue, stock and accounts.

    - `pricing`: whose prices count.
    - `payment`: what starts the charge: the held stock, the order itself, or nothing.
    - `welcome`: whether a new user gets a first order.
    - `invoice`: when an invoice gets its number: the order is confirmed, is created, or never.
    - `invoice_number`: the form of the number; `invoice_reset`: whether the series begins anew each year.
    - `customers`, `products`: whether orders takes a reference that it does not know.
    - `access`: whether a caller proves who he is.
    - `ids`: the version of the UUIDs of business records.
    """

    pricing: Literal["catalogue", "client"] = "catalogue"
    payment: Literal["on-stock", "on-order", "none"] = "on-stock"
    welcome: Literal["off", "on"] = "off"
    invoice: Literal["confirmed", "created", "none"] = "confirmed"
    invoice_number: str = "INV-{year}-{number:06d}"
    invoice_reset: Literal["yearly", "never"] = "yearly"
    customers: Literal["must-exist", "made-when-named", "any"] = "must-exist"
    products: Literal["must-exist", "any"] = "must-exist"
    access: Literal["jwt", "open"] = "jwt"
    ids: Literal["v7", "v4"] = "v7"

    def __post_init__(self) -> None:
        _check_number_form(self.invoice_number, self.invoice_reset)
        if self.products == "any" and self.pricing == "catalogue":
            raise ValueError(
                "products = any needs pricing = client: the catalogue has no price of an unknown product"
            )
        if self.products == "must-exist" and self.pricing == "client":
            raise ValueError(
                "products = must-exist needs pricing = catalogue: with the client's prices nobody looks"
            )
        if self.welcome == "on" and self.payment == "on-stock":
            raise ValueError("welcome = on needs payment = on-order or none: no welcome product is in stock")
        if self.invoice == "confirmed" and self.payment == "none":
            raise ValueError(
                "invoice = confirmed needs a payment: with payment = none no order is ever confirmed"
            )

    def needs(self) -> Iterator[tuple[str, str]]:
        """The services without which orders cannot keep these policies, each after the policy in question."""
        if self.payment == "on-stock":
            yield "payment = on-stock", "inventory"
        if self.payment != "none":
            yield f"payment = {self.payment}", "payments"
        if self.pricing == "catalogue":
            yield "pricing = catalogue", "inventory"
        if self.invoice != "none":
            yield f"invoice = {self.invoice}", "invoices"
        if self.welcome == "on":
            yield "welcome = on", "users"


def policies(given: Mapping[str, Any]) -> Policies:
    """The table [policies] of a blueprint; what it leaves out has the default. Errors: ValueError, with the
    policy that is unknown, has no such value or contradicts another.
    """
    try:
        return msgspec.convert(given, Policies)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None


def _check_number_form(form: str, reset: str) -> None:
    try:
        parts = [part[1:] for part in Formatter().parse(form) if part[1] is not None]
    except ValueError:
        parts = []
    names = [name for name, _, _ in parts]
    plain = all([name in _PARTS and _DIGITS(spec or "") and turn is None for name, spec, turn in parts])
    if not (parts and plain and len(set(names)) == len(names) and len(form) <= LONGEST_FORM):
        raise ValueError(f"invoice-number = {form} is no form: it has {{number}} and may have {{year}}")
    if "number" not in names:
        raise ValueError(f"invoice-number = {form} lacks {{number}}")
    if reset == "yearly" and "year" not in names:
        raise ValueError(f"invoice-number = {form} lacks {{year}}, which invoice-reset = yearly needs")


DEFAULT = Policies()
