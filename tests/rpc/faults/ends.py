"""Compares, once all is quiet, what clients were promised with what the shop has: in its tables, over HTTP,
on the bus, in its log.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import asyncpg

from tests.rpc.faults import events
from tests.rpc.faults.book import WRITES, Book, Wish
from tests.rpc.faults.deployment import Deployment, database, until
from tests.support.http import Connection

SCHEMAS = {"orders": "order_schema", "inventory": "inventory_schema", "payments": "payment_schema"}
ROWS = {
    "orders": "SELECT id, idempotency_key, items::json->0->>'productId', total FROM order_schema.orders",
    "payments": "SELECT id, idempotency_key, order_id, amount FROM payment_schema.payments",
    "products": "SELECT id, '', sku, on_hand FROM inventory_schema.products",
}
AMOUNT = {"orders": "total", "payments": "amount"}
UNSENT_S = 60.0
SHOWN, READERS = 5, 4


def sql(deployment: Deployment, text: str) -> list[tuple[Any, ...]]:
    async def ask() -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(database(deployment.cluster))
        try:
            return [tuple(row) for row in await connection.fetch(text)]
        finally:
            await connection.close()

    return asyncio.run(ask())


class Findings:
    """`wrong` is empty where every promise is kept; `counts` for the summary."""

    def __init__(self) -> None:
        self.wrong: list[str] = []
        self.counts: dict[str, Any] = {}

    def add(self, what: str, those: Any) -> None:
        """The first few of `those`, where there are any."""
        those = list(those)
        self.counts[what] = len(those)
        if those:
            self.wrong.append(f"{len(those)} × {what}: {those[:SHOWN]}")


def look(deployment: Deployment, book: Book) -> Findings:
    """The clients have left; the shop runs."""
    found = Findings()
    found.add("answers that no client may get", book.strange)
    rows(found, deployment, book)
    _reads(found, deployment, book)
    _bus(found, deployment)
    for service, schema in SCHEMAS.items():
        found.add(
            f"dead letters of {service}", sql(deployment, f"SELECT id, name, reason FROM {schema}.parked")
        )
    found.add("processes that are not ready", deployment.unready().items())
    code, said = deployment.audit()
    found.add("broken promises that the audit has found", [said[-2000:]] if code else [])
    _log(found, deployment)
    return found


def rows(found: Findings, deployment: Deployment, book: Book) -> None:
    """What was promised is in the tables, once; nothing else is."""
    for kind in WRITES:
        wishes = [wish for wish in book.wishes if wish.kind == kind]
        kept = sql(deployment, ROWS[kind])
        ids, marks = {row[0]: row for row in kept}, Counter([row[2] for row in kept])
        keys = Counter([row[1] for row in kept if row[1]])
        accepted = [wish for wish in wishes if wish.status == 201]
        found.counts[f"accepted {kind}"], found.counts[f"rows of {kind}"] = len(accepted), len(kept)
        found.add(f"accepted {kind} that are lost", [wish for wish in accepted if wish.id not in ids])
        found.add(
            f"accepted {kind} with another content",
            [wish for wish in accepted if wish.id in ids and ids[wish.id][2] != wish.mark],
        )
        found.add(
            f"{kind} that are there twice", [mark for mark, count in (marks + keys).items() if count > 1]
        )
        found.add(
            f"keyed {kind} under another key",
            [w for w in accepted if w.key and kind != "products" and not keys[w.key]],
        )
        found.add(f"{kind} that nobody asked for", marks.keys() - {wish.mark for wish in wishes})
        found.counts[f"keyless {kind} without an answer"] = len(
            [w for w in wishes if not w.key and w.status != 201]
        )


def _reads(found: Findings, deployment: Deployment, book: Book) -> None:
    def wrong(wishes: list[Wish]) -> list[str]:
        bad = []
        with Connection(deployment.port) as connection:
            for wish in wishes:
                answer = connection.call("GET", f"/api/{wish.kind}/{wish.id}")
                if answer.status != 200 or not _same(wish, answer.json["data"]):
                    bad.append(f"{wish} reads as {answer.status} {answer.body!r}")
        return bad

    accepted = [wish for wish in book.wishes if wish.status == 201]
    with ThreadPoolExecutor(READERS) as pool:
        parts = pool.map(wrong, [accepted[n::READERS] for n in range(READERS)])
        found.add("accepted things that read otherwise", [line for part in parts for line in part])


def _same(wish: Wish, data: dict[str, Any]) -> bool:
    asked, told = wish.body, wish.data
    if wish.kind == "products":
        return bool(
            data["id"] == told["id"] and data["sku"] == asked["sku"] and data["stock"] == asked["stock"]
        )
    return bool(data == told and data[AMOUNT[wish.kind]] == asked[AMOUNT[wish.kind]])


def _bus(found: Findings, deployment: Deployment) -> None:
    def unsent() -> list[tuple[Any, ...]]:
        return [
            row
            for schema in SCHEMAS.values()
            for row in sql(deployment, f"SELECT id, lease FROM {schema}.outbox")
        ]

    try:
        until(lambda: not unsent(), "every event is sent", UNSENT_S)
    except AssertionError:
        found.add("events that are left unsent", unsent())
    heard = events.collect(deployment.broker.url)
    ids = {(source, event_id) for source, event_id, _, _ in heard}
    said = {
        (service, row[0])
        for service, schema in SCHEMAS.items()
        for row in sql(deployment, f"SELECT id FROM {schema}.log")
    }
    found.counts["events said"], found.counts["events heard"], found.counts["copies heard"] = (
        len(said),
        len(heard),
        len(heard) - len(ids),
    )
    found.add("events that were never heard", said - ids)
    found.add("events that nobody said", ids - said)
    created = Counter(
        [
            key
            for _, name, key in {(event_id, name, key) for _, event_id, name, key in heard}
            if name == "order.created"
        ]
    )
    orders = [row[0] for row in sql(deployment, "SELECT id FROM order_schema.orders")]
    found.add("orders without exactly one order.created", [order for order in orders if created[order] != 1])


def _log(found: Findings, deployment: Deployment) -> None:
    # a request that was answered 503 is told of as an error, and counted by its client
    lines = [
        line
        for line in deployment.lines()
        if line["level"] not in ("info", "debug") and line["event"] != "request"
    ]
    found.counts["warnings"] = sum(line["level"] == "warning" for line in lines)
    found.add(
        "lines in the log that nobody expects", [json.dumps(line) for line in lines if not _foreseen(line)]
    )


def _foreseen(line: dict[str, Any]) -> bool:
    """A fault is worth a warning, and never a traceback. What is no JSON is the banner, or a third copy of
    orders that is up.
    """
    if line["level"] == "raw":
        return not line["event"] or str(line["event"]).startswith(("tradewind: orders of", "  "))
    return line["level"] == "warning" and "exception" not in line
