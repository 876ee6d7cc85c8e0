"""Says which events each service hears under the policies of a shop. The services, the queues that a broker
has for them and the audit all read it here, so a process need not import a service to know its queue.
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
from .policies import Policies
from .users import UserDeleted, UserRegistered

_STORY = (OrderCreated, OrderConfirmed, OrderFailed, OrderCancelled)
_PAID = (PaymentCompleted, PaymentFailed, PaymentRefunded)
_GIVEN_BACK = (OrderFailed, OrderCancelled, RefundRequested)
_OUTCOMES: Mapping[str, tuple[type[Event], ...]] = {
    "on-stock": (StockReserved, StockRejected, *_PAID),
    "on-order": _PAID,
}
_CHARGED: Mapping[str, tuple[type[Event], ...]] = {
    "on-stock": (PaymentRequested, *_GIVEN_BACK),
    "on-order": (OrderCreated, *_GIVEN_BACK),
}


def heard(service: str, policies: Policies) -> frozenset[type[Event]]:
    """The events to which this service subscribes. Requests and queries are always answered."""
    found: set[type[Event]] = set()
    if service == "orders":
        found.update(_OUTCOMES.get(policies.payment, ()))
        if policies.pricing == "catalogue":
            found.add(ProductListed)
        if policies.welcome == "on":
            found.update((UserRegistered, UserDeleted))  # who keeps a name hears when it must go
        if policies.customers == "made-when-named":
            found.add(UserDeleted)
    elif service == "payments":
        found.update(_CHARGED.get(policies.payment, ()))
    elif service == "inventory" and policies.payment == "on-stock":
        found.update(_STORY)
    elif service == "notifications" or (service == "invoices" and policies.invoice != "none"):
        found.update((*_STORY, PaymentRefunded))
    return frozenset(found)


def asks(service: str, policies: Policies) -> frozenset[str]:
    """The services whose answer this one waits for before it decides."""
    return frozenset({"inventory"} if service == "orders" and policies.pricing == "catalogue" else ())


def wired(
    service: str, policies: Policies, does: Iterable[Rule | Performs | Answers]
) -> list[Rule | Performs | Answers]:
    """Of all that a service could do, what it does under these policies."""
    known = heard(service, policies)
    return [
        rule
        for rule in does
        if not isinstance(rule, Rule) or not issubclass(rule.hears, Event) or rule.hears in known
    ]
