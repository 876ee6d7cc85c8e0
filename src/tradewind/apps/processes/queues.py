"""Says which service answers which queue, and by which handlers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ...chassis.config import Config
from ...chassis.door import Door
from ...chassis.rpc.ask import Ask
from ...edge.faces.rpc.queues import Values, inventory_handlers, order_handlers, payment_handlers

QUEUES = {"orders": "order_queue", "inventory": "inventory_queue", "payments": "payment_queue"}
"""The setting that names each service's queue."""


def handlers(service: str, door: Door, config: Config) -> Mapping[str, Callable[[Ask], None]]:
    """By pattern."""
    make = {"orders": order_handlers, "inventory": inventory_handlers, "payments": payment_handlers}[service]
    return make(door, Values(currency=config.currency))
