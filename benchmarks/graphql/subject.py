"""What is measured of a GraphQL gateway and its services, alike: orders, the page's two reads in one
document, and twenty orders with their users and notifications.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import uvloop

from benchmarks.bench import Figures
from benchmarks.client import Client
from benchmarks.graphql.stores import Own, Stores
from benchmarks.load import Load, wrk
from benchmarks.options import Options
from benchmarks.processes import Failed, free_port
from benchmarks.rpc.subject import BETWEEN_S, TRIES, Subject
from benchmarks.servers import published
from benchmarks.servers.backends import Backends
from benchmarks.servers.base import Server

USERS, PAGE = (1, 2, 3), 20
END_S, WARM_S = 120.0, 6.0
CREATE = "mutation { createOrder(userId: %d, productId: %d, quantity: %d) }"
BOTH = "{ getOrder(id: %d) userName(id: %d) }"
NESTED = (
    "{ orders(userId: %d, first: 20) { nodes { id userId productId quantity status createdAt "
    "user { id name email } notifications { id message status sentAt } } nextCursor } }"
)


class Shop(Subject):
    """A subclass starts `processes` and sets `port`, that of the gateway. No order has a key, as in the
    published call.
    """

    own_stores: Own
    warm_up_requests = 5_000

    def __init__(self, options: Options, folder: Path, backends: Backends, stores: Stores) -> None:
        super().__init__(options, folder, backends)
        self.stores = stores
        self.ids: list[int] = []

    def own(self, schema: Path | None = None) -> None:
        self.backends.start()
        self.stores.start()
        self.own_stores = self.stores.own(self.name)
        self.host = self.backends.new_host(self.name)

    def variables(self) -> dict[str, str]:
        """The published ones, once `port` is set; every service gets a port of its own."""
        self.users, self.taker, self.notes = free_port(), free_port(), free_port()
        return self.stores.environment(self.own_stores) | {
            "RABBITMQ_URL": self.host.url,
            "PORT": str(self.port),
            "USER_SERVICE_URL": f"http://127.0.0.1:{self.users}",
            "ORDER_SERVICE_URL": f"http://127.0.0.1:{self.taker}",
            "NOTIFICATION_SERVICE_URL": f"127.0.0.1:{self.notes}",
            "GRPC_PORT": str(self.notes),
        }

    def stored(self) -> int:
        return self.stores.count(self.own_stores, "orders")

    def durability(self) -> str:
        one = partial(uvloop.run, self._placed(1))
        seen = published.seen(self.host.url, self.host.name, self.backends.control, one)
        rabbit = self.backends.rabbit_durability(self.host)
        return f"{self.stores.durability(self.own_stores)}; {rabbit}, {seen}"

    def prove(self) -> None:
        """Each user has a page of orders, all are notified of, and every document gets what it asks for.
        Errors: Failed.
        """
        uvloop.run(self._placed(PAGE * len(USERS)))
        self.account()
        uvloop.run(self._read())
        if not self.stores.cached(self.own_stores):
            raise Failed(f"{self.folder.name}: nothing of it is in its database of Redis")

    async def _placed(self, count: int) -> None:
        async with Client(self.port) as client:
            for number in range(count):
                said = (await self._answer(client, creation(number)))["createOrder"]
                self.accepted += 1
                self.ids.append(int(str(said).split()[1]))

    async def _read(self) -> None:
        async with Client(self.port) as client:
            for _ in range(2):  # from the service, then from the cache
                both = await self._answer(client, BOTH % (self.ids[0], 1))
                if msgspec.json.decode(both["getOrder"])["id"] != self.ids[0] or not both["userName"]:
                    raise Failed(f"{self.folder.name}: the two reads gave {both}")
            nodes = (await self._answer(client, NESTED % 1))["orders"]["nodes"]
            if len(nodes) != PAGE or not all(node["user"] and node["notifications"] for node in nodes):
                raise Failed(f"{self.folder.name}: the nested query gave {nodes}")

    async def _answer(self, client: Client, query: str) -> dict[str, Any]:
        """Tried again while the gateway does not reach its services yet, until it has taken an order."""
        for left in reversed(range(TRIES)):
            reply = await client.request("POST", "/graphql", body=document(query).encode())
            found: dict[str, Any] = msgspec.json.decode(reply.body)
            if reply.status == 200 and "errors" not in found:
                data: dict[str, Any] = found["data"]
                return data
            if self.ids or not left:
                break
            await asyncio.sleep(BETWEEN_S)
        raise Failed(f"{self.folder.name}: {query} answered {reply.status}: {reply.body[:300]!r}")

    def account(self) -> None:
        """Failed too where an accepted order has no notification, or more than one."""
        Server.account(self)
        until = time.monotonic() + END_S
        while (notified := self.stores.notified(self.own_stores)) < self.counted:
            if time.monotonic() > until:
                raise Failed(
                    f"{self.folder.name}: {self.counted} orders, {notified} notifications after {END_S:.0f} s"
                )
            time.sleep(0.3)
        if notified > (stored := self.stored()):
            raise Failed(f"{self.folder.name}: {notified} notifications of {stored} orders")

    def place(self, seconds: float, connections: int | None = None, port: int = 0) -> Load:
        load = self._send([creation(number) for number in range(97)], seconds, connections)
        self.accepted += load.requests - load.refused
        return load

    def both(self, seconds: float) -> Load:
        return self._send([BOTH % (one, USERS[at % len(USERS)]) for at, one in enumerate(self.ids)], seconds)

    def nested(self, seconds: float) -> Load:
        return self._send([NESTED % user for user in USERS], seconds)

    def _send(self, queries: Sequence[str], seconds: float, connections: int | None = None) -> Load:
        """An answer that holds errors counts as refused."""
        bodies = self.folder / "load" / "documents"
        bodies.parent.mkdir(parents=True, exist_ok=True)
        bodies.write_text("\n".join(map(document, queries)))
        many = connections or self.options.connections
        load = wrk(
            "graphql",
            self.port,
            {"BODIES": str(bodies)},
            seconds=seconds,
            connections=many,
            cores=self.options.client_cores,
        )
        return replace(load, refused=load.refused + load.other)

    def warm_up(self, play: Callable[[float], Load] | None = None) -> None:
        super().warm_up(play)
        chosen = self.options.warm_up
        for read in (self.both, self.nested):
            read(WARM_S if chosen is None else chosen)

    def reads(self, play: Callable[[float], Load]) -> Figures:
        return self.round(play)[1]


def creation(number: int) -> str:
    return CREATE % (USERS[number % len(USERS)], 101 + number % 50, 1 + number % 5)


def document(query: str) -> str:
    return msgspec.json.encode({"query": query}).decode()
