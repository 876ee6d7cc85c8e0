"""Puts a process together from its parts: the one place that knows every service, the provider and the
store.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec
import sqlalchemy as sa

from ..contracts.operation import Operation
from ..contracts.ops import timeline_of
from ..contracts.orders import GetOrder, GetTimeline, Timeline
from ..core.bus import ListEvents
from ..core.clock import Clock
from ..core.model import Caller, Service
from ..core.store import Reader, Store
from ..engine.observers import NO_HOOKS, Hooks
from ..engine.platform import Platform
from ..services.inventory import service as inventory
from ..services.inventory import storage as inventory_rows
from ..services.invoices import service as invoices
from ..services.invoices import storage as invoice_rows
from ..services.notifications import service as notifications
from ..services.notifications import storage as notification_rows
from ..services.orders import service as orders
from ..services.orders import storage as order_rows
from ..services.payments import service as payments
from ..services.payments import storage as payment_rows
from ..services.payments.provider.port import Provider
from ..services.users import service as users
from ..services.users import storage as user_rows
from .config import Config
from .migrations import ServiceSchema

METADATA: dict[str, sa.MetaData] = {
    "users": user_rows.MD,
    "inventory": inventory_rows.MD,
    "orders": order_rows.MD,
    "payments": payment_rows.MD,
    "invoices": invoice_rows.MD,
    "notifications": notification_rows.MD,
}
SERVICES = tuple(METADATA)
BLUEPRINTS = Path(__file__).with_name("blueprints")
LEDGER = "provider.db"
DAY_MS = 86_400_000


class GuestService(msgspec.Struct, frozen=True):
    """A service that is not ours and runs beside ours: its rules, its corner of the store, its part of the
    API.
    """

    service: Service
    corner: ServiceSchema
    operations: tuple[Operation, ...] = ()


def services(provider: Provider, deadline_ms: int, names: Iterable[str] = SERVICES) -> list[Service]:
    """The services of these names, ready to run."""
    made = {
        "users": lambda: users.SERVICE,
        "inventory": lambda: inventory.SERVICE,
        "orders": lambda: orders.orders(deadline_ms),
        "payments": lambda: payments.payments(provider),
        "invoices": lambda: invoices.SERVICE,
        "notifications": lambda: notifications.SERVICE,
    }
    return [made[name]() for name in names]


def platform(
    config: Config,
    store: Store,
    clock: Clock,
    provider: Provider,
    names: Iterable[str] = SERVICES,
    additions: Iterable[GuestService] = (),
    hooks: Hooks = NO_HOOKS,
) -> Platform:
    """All of a process behind one gateway."""
    made = Platform(
        store,
        [*services(provider, config.order_deadline_ms, names), *(addition.service for addition in additions)],
        clock,
        delays_ms=config.retry_delays_ms,
        retention_ms=config.retention_days * DAY_MS,
        hooks=hooks,
    )
    return with_timeline(made)


def with_timeline(made: Platform) -> Platform:
    """The story of an order is in the logs of all services, so no single one can tell it."""

    async def timeline(reader: Reader, query: GetTimeline, caller: Caller) -> Timeline:
        await made.ask(GetOrder(query.order_id), caller)
        return timeline_of(await made.ask(ListEvents(query.order_id)))

    made.answer(GetTimeline, timeline)
    return made
