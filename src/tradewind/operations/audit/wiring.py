"""Which services run and which policies they keep, so that a promise that nothing here can keep is not
checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from ...contracts.orders import OrderCreated
from ...contracts.payments import PaymentCompleted
from ...contracts.policies import DEFAULT, Policies
from ...core.checks import Rows
from ...core.model import wire_name
from ...core.readers import documents
from ...runtime.config import Config
from ...runtime.registry import SERVICES, channels
from ...runtime.schema import runs
from ...runtime.stores import by_place
from ...runtime.topology import Blueprint
from .report import Promise


class Wiring(msgspec.Struct, frozen=True):
    """`apart`: services have a broker between them, and the API rpc records orders and payments as they
    come. `channels`: the events that travel in a form of others, without our ids. `stores` are the services
    of each database, where there are several. `unclaimed` are those whose store has no inbox: what they were
    told of cannot be looked up there.
    """

    services: frozenset[str] = frozenset(SERVICES)
    policies: Policies = DEFAULT
    apart: bool = False
    channels: frozenset[str] = frozenset()
    stores: tuple[frozenset[str], ...] = ()
    unclaimed: frozenset[str] = frozenset()

    def runs(self, *services: str) -> bool:
        return self.services.issuperset(services)

    @property
    def holds_stock(self) -> bool:
        """Whether an order holds stock."""
        return self.policies.payment == "on-stock" and self.runs("orders", "inventory")

    @property
    def charges(self) -> bool:
        """Whether an order is charged."""
        return self.policies.payment != "none" and self.runs("orders", "payments")

    @property
    def leaves_pending(self) -> bool:
        """Whether an order without a deadline may stay PENDING: nobody is to pay it, or it was adopted."""
        return self.apart or self.policies.payment == "none"

    @property
    def invoices(self) -> bool:
        """Whether an order gets an invoice."""
        return self.policies.invoice != "none" and self.runs("orders", "invoices")

    @property
    def invoices_at_once(self) -> bool:
        """Whether an order gets it although nobody has paid."""
        return self.policies.invoice == "created" and self.runs("orders", "invoices")

    @property
    def notifies(self) -> bool:
        """Whether a customer is told of an order."""
        return self.runs("orders", "notifications")

    @property
    def orders_of_others(self) -> bool:
        """Whether other programs publish orders too, which have invoices or payments here and no row."""
        return wire_name(OrderCreated) in self.channels

    @property
    def paid_by_others(self) -> bool:
        """Whether other programs may take the payment of an order."""
        return wire_name(PaymentCompleted) in self.channels

    def together(self, *services: str) -> bool:
        """Whether one database has the rows of all of them."""
        return not self.stores or any([store.issuperset(services) for store in self.stores])

    def has(self, promise: Promise) -> bool:
        """Whether a service that runs here could keep it."""
        here = self.services
        return {
            Promise.KEPT: bool(here & {"orders", "inventory", "payments"}),
            Promise.REAL: bool(here & {"orders", "payments"}),
            Promise.MONEY: bool(here & {"orders", "payments"}),
            Promise.STOCK: "inventory" in here,
            Promise.WHOLE: self.charges,
            Promise.CLEAN: self.holds_stock or self.charges,
            Promise.LEGAL: "orders" in here,
            Promise.PAPERS: "invoices" in here,
        }.get(promise, True)


WHOLE = Wiring()


def wiring_of(config: Config, blueprint: Blueprint | None) -> Wiring:
    """As a blueprint has it; without one, the whole shop."""
    services = runs(blueprint)
    if blueprint is None:
        return Wiring(frozenset(services))
    places = by_place(config, blueprint, services)
    stores = tuple(map(frozenset, places.values()))
    unclaimed = frozenset([name for place, some in places.items() if documents(place) for name in some])
    names = frozenset(channels(blueprint.channels, config))
    return Wiring(frozenset(services), blueprint.policies, blueprint.apart, names, stores, unclaimed)


class Here:
    """The rows of services that run; of the others there are none, and none of a join with one of theirs."""

    def __init__(self, source: Rows, services: frozenset[str]) -> None:
        self._source, self._services = source, services

    async def rows(
        self, statement: sa.Select[Any], values: Mapping[str, Any] | None = None
    ) -> list[tuple[Any, ...]]:
        for source in statement.get_final_froms():
            for part in sa.sql.visitors.iterate(source):
                if isinstance(part, sa.Table) and part.schema not in self._services:
                    return []
        return await self._source.rows(statement, values)
