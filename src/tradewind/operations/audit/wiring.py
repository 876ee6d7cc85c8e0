"""Which services run and which reactions are wired, so that a promise that nothing here can keep is not
checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from ...contracts import reactions
from ...runtime.blueprint import Blueprint
from ...runtime.config import Config
from ...runtime.processes import plan
from ...runtime.registry import SERVICES
from ...runtime.schema import runs
from .findings import Promise
from .rows import Rows


class Wiring(msgspec.Struct, frozen=True):
    """`apart`: services have a broker between them, and the API rpc records orders and payments as they
    come.
    """

    services: frozenset[str] = frozenset(SERVICES)
    reactions: frozenset[str] = reactions.ALL
    pricing: str = "catalogue"
    apart: bool = False

    def sets_off(self, reaction: str) -> bool:
        return reaction in self.reactions and {"orders"} | reactions.services_of(reaction) <= self.services

    def has(self, promise: Promise) -> bool:
        """Whether a service that runs here could keep it."""
        here = self.services
        return {
            Promise.KEPT: bool(here & {"orders", "inventory", "payments"}),
            Promise.REAL: bool(here & {"orders", "payments"}),
            Promise.MONEY: bool(here & {"orders", "payments"}),
            Promise.STOCK: "inventory" in here,
            Promise.WHOLE: self.sets_off("payment"),
            Promise.CLEAN: self.sets_off("stock"),
            Promise.LEGAL: "orders" in here,
            Promise.PAPERS: "invoices" in here,
        }.get(promise, True)

    def ours(self, order_id: str) -> bool:
        """Whether this id is ours. Orders of a NestJS system keep theirs, which are no UUIDv7."""
        return not self.apart or order_id[14:15] == "7"


WHOLE = Wiring()


def wiring_of(config: Config, blueprint: Blueprint | None) -> Wiring:
    """As a blueprint and the settings have it; without one, the whole shop."""
    if blueprint is None:
        return Wiring(frozenset(runs(blueprint)))
    apart = plan.apart(blueprint)
    return Wiring(frozenset(runs(blueprint)), frozenset(config.reactions), config.pricing, apart)


class Here:
    """The rows of services that run; of the others there are none. A statement that reads several tables
    reads only such.
    """

    def __init__(self, source: Rows, services: frozenset[str]) -> None:
        self._source, self._services = source, services

    async def rows(
        self, statement: sa.Select[Any], values: Mapping[str, Any] | None = None
    ) -> list[tuple[Any, ...]]:
        (first, *_) = statement.get_final_froms()
        if isinstance(first, sa.Table) and first.schema not in self._services:
            return []
        return await self._source.rows(statement, values)
