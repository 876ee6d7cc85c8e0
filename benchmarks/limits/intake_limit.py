"""The barest durable order intake: what Python and SQLite on this machine could do at best with the rows that
an order costs.

SQL runs in the loop's thread, COMMIT (synchronous=FULL) in another; what arrives meanwhile shares the next
commit. No access rule, no validation but types, no story: a limit, not a server.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import queue
import sqlite3
import threading
import time

import msgspec

from benchmarks.limits import rows
from benchmarks.limits.http import Request, serve


class Item(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    product_id: str
    quantity: int


class Payment(msgspec.Struct, forbid_unknown_fields=True):
    token: str


class PlaceOrder(msgspec.Struct, forbid_unknown_fields=True):
    items: list[Item]
    payment: Payment


class Intake:
    def __init__(self, database: sqlite3.Connection) -> None:
        self.database = database
        self.decoder = msgspec.json.Decoder(PlaceOrder)
        self.waiting: list[tuple[Request, PlaceOrder]] = []
        self.busy = False
        self.commits: queue.SimpleQueue[tuple[asyncio.AbstractEventLoop, list[tuple[Request, bytes]]]] = (
            queue.SimpleQueue()
        )
        threading.Thread(target=self.commit_forever, daemon=True).start()

    def handle(self, request: Request) -> None:
        if not request.path.startswith(b"/api/v1/orders"):
            request.reply(b"{}")
            return
        try:
            order = self.decoder.decode(request.body)
        except msgspec.ValidationError:
            request.reply(b"{}", "422 Unprocessable Content")
            return
        self.waiting.append((request, order))
        if not self.busy:
            self.busy = True
            asyncio.get_running_loop().call_soon(self.write)

    def write(self) -> None:
        batch, self.waiting = self.waiting, []
        orders, inbox, log, timers, replies = [], [], [], [], []
        now, moments = time.time_ns() // 1_000_000, rows.times()
        for request, asked in batch:
            order = rows.new_order(
                [(item.product_id, item.quantity) for item in asked.items], request.caller, moments
            )
            reply, fingerprint = (
                msgspec.json.encode(order),
                hashlib.blake2b(request.body, digest_size=16).hexdigest(),
            )
            event = msgspec.json.encode(
                rows.OrderCreated(order.id, order.customer_id, order.items, order.total, order.expires_at)
            )
            orders.append(rows.order_row(order))
            cause = f"{request.caller} orders.place {request.key}"
            inbox.append((cause, fingerprint, 201, reply.decode(), now))
            log.append((rows.fresh_id(), "order.created", order.id, event.decode(), cause, "", now))
            timers.append(
                (f"payment-due {order.id}", "payment-due", f'{{"orderId":"{order.id}"}}', now + 900_000)
            )
            replies.append((request, reply))
        self.database.execute("BEGIN IMMEDIATE")
        self.database.executemany(rows.ORDER, orders)
        self.database.executemany(rows.INBOX, inbox)
        self.database.executemany(rows.LOG, log)
        self.database.executemany(rows.TIMER, timers)
        self.commits.put((asyncio.get_running_loop(), replies))

    def commit_forever(self) -> None:
        while True:
            loop, replies = self.commits.get()
            self.database.execute("COMMIT")
            loop.call_soon_threadsafe(self.committed, replies)

    def committed(self, replies: list[tuple[Request, bytes]]) -> None:
        for request, reply in replies:
            request.reply(reply, "201 Created")
        if self.waiting:
            self.write()
        else:
            self.busy = False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--db", required=True)
    parser.add_argument("--port", type=int, required=True)
    chosen = parser.parse_args()
    serve(Intake(rows.connect(chosen.db)).handle, chosen.port)


if __name__ == "__main__":
    main()
