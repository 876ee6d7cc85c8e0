"""Says which service answers which queue, and by which handlers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ...apis.rpc.queues import Values, inventory_handlers, order_handlers, payment_handlers
from ...core.gateway import Gateway
from ...core.request_queue import Ask
from ..config import Config

QUEUES = {"orders": "order_queue", "inventory": "inventory_queue", "payments": "payment_queue"}
"""The setting that names each service's queue."""


def handlers(service: str, gateway: Gateway, config: Config) -> Mapping[str, Callable[[Ask], None]]:
    """By pattern."""
    make = {"orders": order_handlers, "inventory": inventory_handlers, "payments": payment_handlers}[service]
    return make(gateway, Values(currency=config.currency))
