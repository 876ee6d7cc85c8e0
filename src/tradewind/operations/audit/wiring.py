"""Which services run and which policies they keep, so that a promise that nothing here can keep is not
checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from ...contracts.orders import OrderCreated
from ...contracts.policies import DEFAULT, Policies
from ...core.checks import Rows
from ...core.model import wire_name
from ...runtime.blueprint import Blueprint
from ...runtime.config import defaults
from ...runtime.processes import plan
from ...runtime.registry import SERVICES, channels
from ...runtime.schema import runs
from .report import Promise


class Wiring(msgspec.Struct, frozen=True):
    """`apart`: services have a broker between them, and the API rpc records orders and payments as they
    come. `channels`: the events that travel in a form of others, without our ids.
    """

    services: frozenset[str] = frozenset(SERVICES)
    policies: Policies = DEFAULT
    apart: bool = False
    channels: frozenset[str] = frozenset()

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
        """Whether other programs publish orders too, which have invoices here and no row."""
        return wire_name(OrderCreated) in self.channels

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


def wiring_of(blueprint: Blueprint | None) -> Wiring:
    """As a blueprint has it; without one, the whole shop."""
    if blueprint is None:
        return Wiring(frozenset(runs(blueprint)))
    apart = plan.apart(blueprint)
    names = frozenset(channels(blueprint.channels, defaults()))
    return Wiring(frozenset(runs(blueprint)), blueprint.policies, apart, names)


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
