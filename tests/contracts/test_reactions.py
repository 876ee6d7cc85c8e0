"""What a blueprint wires is what is heard, no more and no less."""

from __future__ import annotations

from itertools import combinations
from typing import Any, cast

import pytest

from tradewind.contracts import reactions
from tradewind.contracts.inventory import ProductListed
from tradewind.core.model import Event, Service
from tradewind.services.inventory.service import inventory
from tradewind.services.invoices.service import invoices
from tradewind.services.notifications.service import notifications
from tradewind.services.orders.service import orders
from tradewind.services.payments.service import payments

SOME = [frozenset(names) for n in range(5) for names in combinations(reactions.REACTIONS, n)]
FITTING = [names for names in SOME if "payment" not in names or "stock" in names]


def services(names: frozenset[str], pricing: str = "catalogue") -> list[Service]:
    return [
        orders(1, reactions=names, pricing=pricing),
        inventory(reactions=names),
        payments(cast(Any, None), reactions=names),
        invoices(reactions=names),
        notifications(reactions=names),
    ]


@pytest.mark.parametrize("pricing", ["client", "catalogue"])
@pytest.mark.parametrize("names", FITTING, ids=lambda names: "+".join(sorted(names)) or "none")
def test_a_service_hears_what_is_wired(names: frozenset[str], pricing: str) -> None:
    for service in services(names, pricing):
        heard = {kind for kind in service.rules if issubclass(kind, Event)}
        assert heard == reactions.heard(
            service.name, names, pricing if service.name == "orders" else "catalogue"
        )


def test_nothing_is_heard_where_nothing_is_wired() -> None:
    assert [reactions.heard(service.name, (), "client") for service in services(frozenset())] == [
        frozenset()
    ] * 5
    assert reactions.heard("orders", ()) == {ProductListed}
    assert reactions.heard("users", reactions.ALL) == frozenset()


def test_all_is_the_default() -> None:
    for service, whole in zip(
        services(reactions.ALL),
        (orders(1), inventory(), payments(cast(Any, None)), invoices(), notifications()),
        strict=True,
    ):
        assert service.rules.keys() == whole.rules.keys()


@pytest.mark.parametrize(
    ("names", "says"),
    [({"payment"}, "needs the reaction stock"), ({"stock", "stok"}, "stok is not a reaction")],
)
def test_what_does_not_fit_together_is_said_at_once(names: set[str], says: str) -> None:
    for make in (
        lambda: orders(1, reactions=frozenset(names)),
        lambda: reactions.heard("orders", names),
        lambda: reactions.check(names),
    ):
        with pytest.raises(ValueError, match=says):
            make()
