"""The settings of this API's gateway, with every bound."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..kernel.resilience.breaker import Rules
from ..kernel.resilience.presets import READ, WRITE, Preset


@dataclass(frozen=True, slots=True, kw_only=True)
class RpcSettings:
    order_queue: str = "order_queue"
    inventory_queue: str = "inventory_queue"
    payment_queue: str = "payment_queue"

    read: Preset = READ
    write: Preset = WRITE
    breaker: Rules = field(default_factory=Rules)
    in_flight: int = 1_024
    """Calls of one service that may be under way; the next one is answered 503."""
    body_bytes: int = 1024 * 1024
    """The largest body (413). The server's own limit should be a little above it."""
