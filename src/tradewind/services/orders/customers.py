"""Remembers the customers that orders name, where the policy `customers` says made-when-named: nobody has
proven who they are, and yet each is to have a row.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from ...contracts.users import UserDeleted
from ...core.model import Aggregate, Context, Effects, Rule


class Customer(Aggregate, frozen=True):
    """A bare row, made with the first order; what is known of a person comes from elsewhere, if at all."""

    created_at: int
    name: str = ""
    email: str = ""
    address: str = ""
    state: str = ""
    zip_code: str = ""
    country: str = ""
    date_of_birth: str = ""


BLANK = {field: "" for field in Customer.__struct_fields__ if field not in ("id", "created_at")}


def naming(rule: Rule, customers: Any) -> Rule:
    """The same rule, which also makes the row of its caller where there is none. `customers` is how that row
    is loaded.
    """
    place: Callable[..., Effects[Any]] = rule.do

    def named(ask: Any, context: Context, *rows: Any) -> Effects[Any]:
        *others, customer = rows
        reply = yield from place(ask, context, *others)
        if customer is None and context.caller.id:
            yield Customer(context.caller.id, context.at)
        return reply

    return replace(rule, do=named, loads=(*rule.loads, customers))


def forget(heard: UserDeleted, context: Context, customer: Customer | None) -> Effects[None]:
    """Keeps the row, because orders refer to its id."""
    if customer is not None:
        yield replace(customer, **BLANK)
