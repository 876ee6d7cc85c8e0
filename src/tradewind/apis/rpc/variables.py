"""Names what a person may set of API rpc, in a module that is light to import."""

from __future__ import annotations

from ...core import readers
from ...core.settings import Setting

SETTINGS: dict[str, Setting] = {
    "order_queue": Setting(
        readers.queue, "order_queue", "queue", "where orders takes requests in NestJS's wire format"
    ),
    "inventory_queue": Setting(
        readers.queue, "inventory_queue", "queue", "where inventory takes requests in NestJS's wire format"
    ),
    "payment_queue": Setting(
        readers.queue, "payment_queue", "queue", "where payments takes requests in NestJS's wire format"
    ),
}

QUEUES = {"orders": "order_queue", "inventory": "inventory_queue", "payments": "payment_queue"}
"""By service, the setting that names its queue."""
