"""Shows on /metrics how each connection to the broker is. Apart from the other figures, which need a
store.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...drivers.rabbitmq.amqp import Link
from ...observability.metrics import Metrics


def watch_links(metrics: Metrics, links: Mapping[str, Link]) -> None:
    """By the name that each has for people."""
    metrics.watch("link_up", lambda: {name: float(link.up) for name, link in links.items()})
    metrics.watch("link_blocked", lambda: {name: float(link.blocked) for name, link in links.items()})
    metrics.watch(
        "link_reconnects", lambda: {name: float(max(0, link.lives - 1)) for name, link in links.items()}
    )
