"""Names the reactions that a blueprint may wire: what a service does because of an event of another service.

Requests and queries are always answered; only events belong to reactions. A service without a subscription to
the events of orders does nothing for an order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..core.model import Answers, Event, Performs, Rule
from .inventory import ProductListed, StockRejected, StockReserved
from .orders import (
    OrderCancelled,
    OrderConfirmed,
    OrderCreated,
    OrderFailed,
    PaymentRequested,
    RefundRequested,
)
from .payments import PaymentCompleted, PaymentFailed, PaymentRefunded

_STORY = (OrderCreated, OrderConfirmed, OrderFailed, OrderCancelled)

REACTIONS: Mapping[str, Mapping[str, tuple[type[Event], ...]]] = {
    "stock": {"inventory": _STORY, "orders": (StockRejected,)},
    "payment": {
        "orders": (StockReserved, PaymentCompleted, PaymentFailed, PaymentRefunded),
        "payments": (PaymentRequested, OrderFailed, OrderCancelled, RefundRequested),
    },
    "invoice": {"invoices": (*_STORY, PaymentRefunded)},
    "notification": {"notifications": (*_STORY, PaymentRefunded)},
}
"""The events to which each service subscribes for a reaction."""

ALL = frozenset(REACTIONS)


def services_of(reaction: str) -> set[str]:
    """The services that a reaction needs."""
    return set(REACTIONS[reaction])


def check(reactions: Iterable[str]) -> None:
    """Errors: ValueError, with the name that is none, or when one of them waits for another that is not
    there.
    """
    given = set(reactions)
    if unknown := sorted(given - ALL):
        raise ValueError(f"{unknown[0]} is not a reaction: they are {', '.join(REACTIONS)}")
    if "payment" in given and "stock" not in given:
        raise ValueError(
            "the reaction payment needs the reaction stock: a payment is asked for once the stock is held"
        )


def heard(service: str, reactions: Iterable[str], pricing: str = "catalogue") -> frozenset[type[Event]]:
    """The events to which this service subscribes. With `pricing` "client" orders needs no copy of the
    catalogue. Errors: as `check`.
    """
    reactions = frozenset(reactions)
    check(reactions)
    found = {kind for name in reactions for kind in REACTIONS[name].get(service, ())}
    if service == "orders" and pricing == "catalogue":
        found.add(ProductListed)
    return frozenset(found)


def wired(
    service: str,
    reactions: Iterable[str],
    pricing: str = "catalogue",
    does: Iterable[Rule | Performs | Answers] = (),
) -> list[Rule | Performs | Answers]:
    """Of all that a service could do, what it does here. Errors: as `check`."""
    known = heard(service, reactions, pricing)
    return [
        rule
        for rule in does
        if not isinstance(rule, Rule) or not issubclass(rule.hears, Event) or rule.hears in known
    ]
