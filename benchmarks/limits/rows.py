"""The rows that one accepted order costs, as the limits write and read them: the same four as Tradewind, of
the same size.

An order (about 600 bytes), the inbox row with the reply under the caller's key, the event in the log (about
500), the deadline's timer.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

SCHEMA = """
CREATE TABLE IF NOT EXISTS orders(id TEXT PRIMARY KEY, customer_id TEXT NOT NULL, status TEXT NOT NULL, payment_status TEXT NOT NULL,
  currency TEXT NOT NULL, total INTEGER NOT NULL, items TEXT NOT NULL, payment_token TEXT, failure TEXT, expires_at TEXT NOT NULL,
  version INTEGER NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS inbox(id TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, status INTEGER NOT NULL, reply TEXT NOT NULL,
  at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS log(seq INTEGER PRIMARY KEY, id TEXT NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL,
  cause TEXT NOT NULL, trace TEXT NOT NULL, at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS timers(id TEXT PRIMARY KEY, name TEXT NOT NULL, body TEXT NOT NULL, due_at INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS timers_due ON timers(due_at);
"""
ORDER = "INSERT INTO orders VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)"
INBOX = "INSERT INTO inbox VALUES(?,?,?,?,?)"
LOG = "INSERT INTO log(id,name,key,body,cause,trace,at) VALUES(?,?,?,?,?,?,?)"
TIMER = "INSERT INTO timers VALUES(?,?,?,?)"
SELECT = """SELECT id,status,payment_status,customer_id,items,total,currency,failure,expires_at,version,created_at,updated_at
  FROM orders WHERE id=?"""


class Money(msgspec.Struct):
    amount: int
    currency: str = "EUR"


class Line(msgspec.Struct, rename="camel"):
    product_id: str
    sku: str
    name: str
    quantity: int
    unit_price: Money
    line_total: Money


class Order(msgspec.Struct, rename="camel"):
    id: str
    status: str
    payment_status: str
    customer_id: str
    items: list[Line] | msgspec.Raw
    total: Money
    failure: msgspec.Raw | None
    expires_at: str
    version: int
    created_at: str
    updated_at: str


def connect(path: str) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=64)
    database.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-65536;" + SCHEMA
    )
    return database


def fresh_id() -> str:
    """A UUIDv7: milliseconds first, so that new rows lie side by side."""
    text = f"{time.time_ns() // 1_000_000:012x}7{os.urandom(10).hex()}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-a{text[17:20]}-{text[20:32]}"


def times() -> tuple[str, str]:
    """Now, and the moment the payment is due."""
    now = datetime.now(UTC)
    return (
        now.isoformat(timespec="milliseconds")[:-6] + "Z",
        (now + timedelta(minutes=15)).isoformat(timespec="milliseconds")[:-6] + "Z",
    )


class OrderCreated(msgspec.Struct, rename="camel"):
    order_id: str
    customer_id: str
    lines: list[Line] | msgspec.Raw
    total: Money
    expires_at: str


def new_order(items: Sequence[tuple[str, int]], customer: str, moments: tuple[str, str]) -> Order:
    now, due = moments
    lines = [
        Line(product, f"SKU-{product[:8]}", "A thing that one may order", n, Money(1999), Money(1999 * n))
        for product, n in items
    ]
    total = Money(sum(line.line_total.amount for line in lines))
    return Order(fresh_id(), "PENDING", "none", customer, lines, total, None, due, 1, now, now)


def order_row(order: Order) -> tuple[object, ...]:
    items = msgspec.json.encode(order.items).decode()
    total = order.total
    moments = (order.expires_at, order.version, order.created_at, order.updated_at)
    return (
        order.id,
        order.customer_id,
        order.status,
        order.payment_status,
        total.currency,
        total.amount,
        items,
        "tok_ok",
        None,
        *moments,
    )


def from_row(row: Sequence[object]) -> bytes:
    """The order as API v1 shows it, from the columns of SELECT."""
    number, status, paid, customer, items, total, currency, failure, due, version, created, updated = row
    shown = {
        "id": number,
        "status": status,
        "paymentStatus": paid,
        "customerId": customer,
        "items": msgspec.Raw(str(items).encode()),
        "total": {"amount": total, "currency": currency},
        "failure": msgspec.Raw(str(failure).encode()) if failure else None,
        "expiresAt": due,
        "version": version,
        "createdAt": created,
        "updatedAt": updated,
    }
    return msgspec.json.encode(shown)


def fill(path: str, count: int) -> list[str]:
    """That many orders, for reads; gives their ids."""
    database, moments = connect(path), times()
    made = [new_order([(fresh_id(), 2), (fresh_id(), 1)], fresh_id(), moments) for _ in range(count)]
    database.execute("BEGIN")
    database.executemany(ORDER, (order_row(order) for order in made))
    database.execute("COMMIT")
    database.close()
    return [order.id for order in made]
