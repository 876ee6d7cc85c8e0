"""Makes the services of one process, and imports no others: a process is as large as what it does."""

from __future__ import annotations

from collections.abc import Iterable

from ...chassis.config import Config
from ...chassis.model import Service
from ...chassis.world import World
from ...services.payments.provider.port import Provider
from ..absent import NoProvider

LEDGER = "provider.db"


def services(names: Iterable[str], config: Config, provider: Provider) -> list[Service]:
    """As the settings wire them."""
    return [service(name, config, provider) for name in names]


def service(name: str, config: Config, provider: Provider) -> Service:
    reactions = frozenset(config.reactions)
    if name == "orders":
        from ...services.orders.service import orders

        return orders(config.order_deadline_ms, reactions=reactions, payment_token=config.payment_token, pricing=config.pricing)
    if name == "inventory":
        from ...services.inventory.service import inventory

        return inventory(reactions=reactions)
    if name == "payments":
        from ...services.payments.service import payments

        return payments(provider, reactions=reactions)
    if name == "invoices":
        from ...services.invoices.service import invoices

        return invoices(reactions=reactions)
    if name == "notifications":
        from ...services.notifications.service import notifications

        return notifications(reactions=reactions)
    from ...services.users.service import SERVICE as USERS

    return USERS


def provider(config: Config, world: World, names: Iterable[str]) -> Provider:
    """Who moves the money, where a process moves any."""
    if "payments" not in names or "payment" not in config.reactions:
        return NoProvider()
    from ...services.payments.provider.sandbox import Sandbox

    config.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = Sandbox(
        config.data / LEDGER, clock=world.now, random=world.random, timeout_s=config.provider_timeout_s, faults=config.provider_faults
    )
    made.start()
    return made
