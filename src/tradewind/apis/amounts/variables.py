"""Names what a person may set of the channel of orders, in a module that is light to import."""

from __future__ import annotations

from ...core import readers
from ...core.settings import Setting

SETTINGS: dict[str, Setting] = {
    "orders_queue": Setting(
        readers.queue, "orders", "queue", "where orders are published for other programs, in their form"
    )
}
