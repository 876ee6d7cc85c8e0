"""Names what a person may set of API rpc, in a module that is light to import."""

from __future__ import annotations

from ...contracts.currencies import DECIMALS
from ...core import readers
from ...core.settings import Setting

SETTINGS: dict[str, Setting] = {
    "currency": Setting(
        readers.matching(
            "|".join([code for code, places in DECIMALS.items() if places == 2]),
            "an active currency of ISO 4217 with two decimals, like EUR",
        ),
        "EUR",
        "ISO 4217",
        "of amounts that come without one: those of the face rpc, with two decimals",
    ),
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
