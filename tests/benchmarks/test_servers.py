"""What a bench reads back of its servers: a figure that was made without durability is none."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from benchmarks.processes import Failed
from benchmarks.servers import durability, published

ON = {
    "SHOW fsync": "on",
    "SHOW synchronous_commit": "on",
    "SHOW full_page_writes": "on",
    "SHOW server_version": "15.18 (Debian 15.18-0)",
}


def test_postgres_is_told_and_refused_where_a_crash_loses_commits() -> None:
    told = durability.of_postgres(ON.__getitem__)
    assert told == "PostgreSQL 15.18, fsync=on, synchronous_commit=on, full_page_writes=on"
    for name in ("fsync", "synchronous_commit", "full_page_writes"):
        with pytest.raises(Failed, match=f"PostgreSQL is not durable: .*{name}=off"):
            durability.of_postgres((ON | {f"SHOW {name}": "off"}).__getitem__)


def test_rabbitmq_tells_queues_and_confirms() -> None:
    said = {
        "list_queues": "name\ttype\tdurable\none\tclassic\ttrue\ntwo\tquorum\ttrue\n",
        "list_channels": "confirm\ntrue\nfalse\nfalse\n",
    }
    told = durability.of_rabbitmq(lambda command, *_: said[command], "host")
    assert told == "RabbitMQ, 2 queues (classic durable, quorum durable), 1 of 3 channels with confirms"


def test_sqlite_is_told() -> None:
    assert durability.of_sqlite(sqlite3.connect(":memory:")).endswith("journal_mode=memory, synchronous=FULL")


def test_what_is_published_is_told_by_exchange() -> None:
    def trace(exchange: str, mode: int) -> dict[str, Any]:
        return {"exchange_name": exchange, "properties": {"delivery_mode": mode}}

    traces = [trace("", 1), trace("shop.events", 2), trace("", 1), {"exchange_name": ""}]
    told = published.told(traces)
    assert told == "0 of 3 messages to queues persistent, 1 of 1 messages to shop.events persistent"
