"""What is measured of two services of an amount behind an edge, alike: intake direct and through the edge,
and the time until an order's invoice is stored.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import uvloop

from benchmarks.bench import Figures
from benchmarks.client import Client
from benchmarks.load import Load
from benchmarks.openloop import percentile
from benchmarks.options import Options
from benchmarks.orders import Orders
from benchmarks.processes import Failed
from benchmarks.rpc.subject import Subject
from benchmarks.servers import published
from benchmarks.servers.backends import Backends, Database

AMOUNT = '{"amount":5000}'
RATE = 300.0
"""Orders a second while the time until the invoice is taken: neither system is near its limit."""
END_S = 120.0
EDGE_WARM_S = 4.0


class Pair(Subject):
    """A subclass starts `processes`, sets `port` (that of orders), `edge` and the tables. Nobody repeats an
    order here: the header of the key is one that no system reads.
    """

    bills = ""
    invoices: Database
    edge = 0

    def __init__(self, options: Options, folder: Path, backends: Backends) -> None:
        super().__init__(options, folder, backends)
        self.orders = Orders("/orders", "X-Bench", (AMOUNT,))
        self._amounts = itertools.count(1_000_000)

    def own(self, schema: Path | None = None) -> None:
        super().own(schema)
        self.invoices = self.backends.new_database(f"{self.name}_invoices")

    def durability(self) -> str:
        kept = [self.backends.durability(one, self.host) for one in (self.database, self.invoices)]
        one = partial(self._place_one, self.port, 1)
        seen = published.seen(self.host.url, self.host.name, self.backends.control, one)
        return f"{'; '.join(dict.fromkeys(kept))}, {seen}"

    def prove(self) -> None:
        """An order of either way is accepted, and has its invoice. Errors: Failed."""
        for port in (self.port, self.edge):
            self._place_one(port, 1)
        self.account()

    def _place_one(self, port: int, amount: int) -> None:
        async def place() -> None:
            async with Client(port) as client:
                body = b'{"amount":%d}' % amount
                reply = await client.request("POST", self.orders.path, body=body)
                if reply.status != 201:
                    raise Failed(f"{self.folder.name}: POST {self.orders.path} answered {reply.status}")

        uvloop.run(place())
        self.accepted += 1

    def account(self) -> None:
        """Failed too where an order has no invoice, or more than one."""
        super().account()
        until = time.monotonic() + END_S
        while (billed := self.invoices.count(self.bills)) < self.counted:
            if time.monotonic() > until:
                raise Failed(
                    f"{self.folder.name}: {self.counted} orders, {billed} invoices after {END_S:.0f} s"
                )
            time.sleep(0.1)
        if billed > self.stored():
            raise Failed(f"{self.folder.name}: {billed} invoices of {self.stored()} orders")

    def warm_up(self, play: Callable[[float], Load] | None = None) -> None:
        super().warm_up(play)
        chosen = self.options.warm_up
        self.place(EDGE_WARM_S if chosen is None else chosen, port=self.edge)
        self.settle()

    def lag(self) -> Figures:
        """From the moment before an order is sent to that of the commit of its invoice, in an open loop.
        PostgreSQL says when it committed: nothing polls.
        """
        self.settle()
        sent = uvloop.run(self._sent())
        self.settle()
        bounds = f"amount BETWEEN {min(sent)} AND {max(sent)}"
        orders = self.database.run("-c", f"SELECT amount, id FROM public.orders WHERE {bounds}")
        began = {order: sent[int(amount)] for amount, order in _rows(orders)}
        kept, billed = (
            [(at - began[order]) * 1000 for order, at in committed.items() if order in began]
            for committed in (
                _committed(self.database, self.table, "id"),
                _committed(self.invoices, self.bills, "order_id"),
            )
        )
        return {
            "invoices": len(billed),
            "order_p50_ms": percentile(kept, 50),
            "invoice_p50_ms": percentile(billed, 50),
            "invoice_p99_ms": percentile(billed, 99),
        }

    async def _sent(self) -> dict[int, float]:
        """When the order of each amount was sent."""
        rate, sent = self.options.rate or RATE, dict[int, float]()

        async def place(client: Client, amount: int) -> None:
            sent[amount] = time.time()
            reply = await client.request("POST", self.orders.path, body=b'{"amount":%d}' % amount)
            if reply.status != 201:
                raise Failed(f"{self.folder.name}: POST {self.orders.path} answered {reply.status}")
            self.accepted += 1

        began = time.perf_counter()
        async with Client(self.port) as client, asyncio.TaskGroup() as placing:
            for number in range(max(1, int(rate * self.options.seconds))):
                await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
                placing.create_task(place(client, next(self._amounts)))
        return sent


def _rows(text: str) -> list[list[str]]:
    return [line.split("|") for line in text.splitlines()]


def _committed(database: Database, table: str, order: str) -> dict[str, float]:
    """When the row of each order was committed, in seconds since 1970."""
    moment = "extract(epoch FROM pg_xact_commit_timestamp(xmin))"
    return {key: float(at) for key, at in _rows(database.run("-c", f"SELECT {order}, {moment} FROM {table}"))}
