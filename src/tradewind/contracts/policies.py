"""Says what a shop may do in two ways, so that a service reads a policy, not what runs around it.

A blueprint has them in its table [policies]. Which events a service then hears is in `subscriptions`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec


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
        if self.invoice == "confirmed" and self.payment == "none":
            raise ValueError(
                "invoice = confirmed needs a payment: with payment = none no order is ever confirmed"
            )

    def unbuilt(self) -> tuple[str, ...]:
        """The policies whose value no service keeps yet, as `name = value`."""
        found = [
            f"{name} = {value}" for name, value in UNBUILT if getattr(self, name.replace("-", "_")) == value
        ]
        if self.invoice_number != DEFAULT.invoice_number:
            found.append(f"invoice-number = {self.invoice_number}")
        if self.pricing == "client" and self.products == "must-exist":
            found.append("products = must-exist with pricing = client")
        return tuple(found)

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


UNBUILT = (
    ("welcome", "on"),
    ("invoice", "created"),
    ("invoice-reset", "never"),
    ("customers", "made-when-named"),
)
"""Values that a blueprint may not name yet."""


def policies(given: Mapping[str, Any]) -> Policies:
    """The table [policies] of a blueprint; what it leaves out has the default. Errors: ValueError, with the
    policy that is unknown, has no such value, contradicts another or is not built.
    """
    try:
        found = msgspec.convert(given, Policies)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None
    if unbuilt := found.unbuilt():
        raise ValueError(f"{unbuilt[0]} is not built")
    return found


def _check_number_form(form: str, reset: str) -> None:
    try:
        first, second, next_year = (
            form.format(year=year, number=number) for year, number in ((2025, 1), (2025, 2), (2026, 1))
        )
    except (KeyError, IndexError, ValueError, AttributeError):
        raise ValueError(
            f"invoice-number = {form} is no form: it has {{number}} and may have {{year}}"
        ) from None
    if first == second:
        raise ValueError(f"invoice-number = {form} lacks {{number}}")
    if reset == "yearly" and first == next_year:
        raise ValueError(f"invoice-number = {form} lacks {{year}}, which invoice-reset = yearly needs")


DEFAULT = Policies()
