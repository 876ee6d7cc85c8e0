"""Holds the counting of stories: an order that is confirmed but not yet invoiced, or not yet told of, is not
a whole story.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from benchmarks.servers.ledger import Counts, Ledger

TABLES = ("orders_orders", "invoices_invoices", "notifications_notifications")


def shop(data: Path, rows: dict[str, list[tuple[str, str]]]) -> Ledger:
    with closing(sqlite3.connect(data / "tradewind.db")) as database:
        for table in TABLES:
            database.execute(f"CREATE TABLE IF NOT EXISTS {table}(id TEXT PRIMARY KEY, status TEXT)")
            database.executemany(f"INSERT INTO {table} VALUES(?, ?)", rows.get(table, []))
        database.commit()
    return Ledger(data)


def test_a_story_is_whole_when_its_papers_and_messages_are_there() -> None:
    whole = Counts(orders=2, pending=0, confirmed=1, invoiced=1, notified=4)
    assert whole.whole
    assert not Counts(orders=2, pending=1, confirmed=1, invoiced=1, notified=4).whole
    assert not Counts(orders=2, pending=0, confirmed=2, invoiced=1, notified=4).whole
    assert not Counts(orders=2, pending=0, confirmed=1, invoiced=1, notified=3).whole


def test_what_lies_before_the_mark_counts_no_more(tmp_path: Path) -> None:
    ledger = shop(
        tmp_path, {"orders_orders": [("01a1fcfa-ae87-7aaa", "CONFIRMED"), ("01a1fcfa-ae87-7bbb", "FAILED")]}
    )
    assert ledger.counts().orders == 2
    ledger.set_mark()
    assert ledger.counts() == Counts(0, 0, 0, 0, 0)
    shop(
        tmp_path,
        {
            "orders_orders": [("01a1fcfa-ae88-7000", "PENDING")],
            "notifications_notifications": [("01a1fcfa-ae88-7001", "SENT")],
        },
    )
    assert (ledger.counts().orders, ledger.pending(), ledger.counts().notified) == (1, 1, 1)
    assert ledger.all_orders() == 3
