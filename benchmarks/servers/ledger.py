"""Looks into Tradewind's store from outside, read-only: what is claimed to be done is counted in the rows,
not in the answers.

Ids begin with the time of their order (UUIDv7, and those derived from them). So only what came after a mark
is counted, through the primary keys: a look costs little, also where a million orders lie before it.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

MILLISECOND = 13  # characters of an id that are its time
AFTER_ALL = "~"  # sorts after every id of that millisecond


@dataclass(frozen=True)
class Counts:
    """Of the orders after the mark."""

    orders: int
    pending: int
    confirmed: int
    invoiced: int
    notified: int

    @property
    def whole(self) -> bool:
        """Every order is final, each confirmed one has its paid invoice, and each customer was told of the
        order and of its end.
        """
        return self.pending == 0 and self.invoiced >= self.confirmed and self.notified >= 2 * self.orders


class Ledger:
    def __init__(self, data: Path) -> None:
        self.path = data / "tradewind.db"
        self.mark = ""

    def one(self, query: str, *values: str) -> str | int | None:
        with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=10)) as reader:
            found: str | int | None = reader.execute(query, values).fetchone()[0]
            return found

    def count(self, table: str, status: str = "") -> int:
        found = self.one(
            f"SELECT count(*) FROM {table} WHERE id > ?" + (f" AND status = '{status}'" if status else ""),
            self.mark,
        )
        return int(found or 0)

    def set_mark(self) -> None:
        """From here on only later orders count."""
        newest = self.one("SELECT max(id) FROM orders_orders")
        self.mark = str(newest)[:MILLISECOND] + AFTER_ALL if newest else ""

    def all_orders(self) -> int:
        return int(self.one("SELECT count(*) FROM orders_orders") or 0)

    def pending(self) -> int:
        return self.count("orders_orders", "PENDING")

    def counts(self) -> Counts:
        return Counts(
            self.count("orders_orders"),
            self.pending(),
            self.count("orders_orders", "CONFIRMED"),
            self.count("invoices_invoices", "PAID"),
            self.count("notifications_notifications"),
        )

    def progress(self) -> tuple[int, int]:
        """Orders confirmed and notifications sent after the mark."""
        return self.count("orders_orders", "CONFIRMED"), self.count("notifications_notifications")

    def size_mb(self) -> float:
        return sum(path.stat().st_size for path in self.path.parent.glob("tradewind.db*")) / 1e6
