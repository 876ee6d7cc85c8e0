"""Blueprint `graphql` under faults: clients at the gateway and at orders, other teams on the queue. Every order has one
notification, and the dead letters are what was sent bad.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Sequence
from threading import Thread
from typing import Any, ClassVar

import pymongo

from tests.faults.book import Book, Wish
from tests.faults.deployment import Deployment, until
from tests.faults.ends import Findings, sql
from tests.faults.foreign import Foreign, differences, letters, too_many
from tests.faults.orders import DIRECT, EDGE, WRITERS, OrdersReader, OrdersWriter, compare, exactly_one
from tests.faults.servers import Servers
from tests.faults.system import System
from tests.support.http import Answer
from tools.servers.mysql import PUBLISHED

QUEUE, DEAD = "order.created", "order.created.dlq"
THEIRS = 1_000_000
"""The first of the numbers of others' orders."""
PACE_S, DRAINED_S = 0.25, 120.0
CREATE = "mutation($u:Float!,$q:Float!){createOrder(userId:$u,productId:101,quantity:$q)}"
ORDER = "query($i:Float!){getOrder(id:$i)}"
STATUSES = {"CONFLICT": 409, "SERVICE_UNAVAILABLE": 503, "GATEWAY_TIMEOUT": 504}
USERS = itertools.count(1)
BAD: tuple[tuple[str, Callable[[int], bytes]], ...] = (
    ("", lambda n: b"{nonsense %d" % n),
    ("", lambda n: b'{"orderId":"x%d"}' % n),
    ("", lambda n: b"\xff%d" % n),
    ("", lambda n: b"[%d]" % n),
    ("", lambda n: b'{"orderId":-%d,"userId":1}' % (n + 1)),
)


def _failed(answer: Answer) -> int:
    """The status that a service would have answered; 0: nothing failed."""
    errors = answer.json.get("errors")
    return STATUSES.get(errors[0]["extensions"]["code"], 500) if errors else 0


class GraphqlWriter(OrdersWriter):
    key_header = "Idempotency-Key"

    def mark(self) -> str:
        return str(next(USERS))

    def body(self, mark: str) -> dict[str, Any]:
        return {"userId": int(mark), "productId": 101, "quantity": self._random.randint(1, 999)}

    def request(self, wish: Wish) -> Any:
        if self._kind == DIRECT:
            return wish.body
        return {"query": CREATE, "variables": {"u": wish.body["userId"], "q": wish.body["quantity"]}}

    def status_of(self, answer: Answer) -> int:
        if self._kind == DIRECT or answer.status != 200:
            return answer.status
        return _failed(answer) or 201

    def data_of(self, answer: Answer) -> Any:
        told = answer.json
        if self.status_of(answer) != 201 or self._kind == DIRECT:
            return told
        number = re.fullmatch(r"Order (\d+) created successfully", told["data"]["createOrder"])
        assert number is not None, told
        return {"id": int(number[1])}


class GraphqlReader(OrdersReader):
    def read(self, wish: Wish) -> tuple[int, Any]:
        return self.attempt("read", "POST", "/graphql", {"query": ORDER, "variables": {"i": int(wish.id)}})

    def look(self) -> None:
        self.attempt("read", "POST", "/graphql", {"query": "{__typename}"})

    def same(self, wish: Wish, data: Any) -> bool:
        said = json.loads(data["data"]["getOrder"])
        return (str(said["id"]), str(said["userId"])) == (wish.id, wish.mark)

    def status_of(self, answer: Answer) -> int:
        return answer.status if answer.status != 200 else _failed(answer) or 200


class QueueWriter(Foreign):
    """Orders of others by their numbers, some twice, and messages that nobody can take."""

    at_once = 5

    def __init__(self, *words: Any, **more: Any) -> None:
        super().__init__(*words, **more)
        self.numbers: list[int] = []

    def _next(self) -> list[bytes]:
        random, number = self._random, len(self.bad) + len(self.numbers)
        if random.random() < 0.1:
            reason, make = random.choice(BAD)
            self.bad[body := make(number)] = reason
            return [body]
        self.numbers.append(order := THEIRS + number)
        said = {"orderId": order, "userId": 1, "productId": 101, "quantity": 3}
        body = json.dumps({**said, "timestamp": "2026-11-29T10:00:00.000Z"}).encode()
        return [body] * random.choice((1, 1, 2))


class Graphql(System):
    """Two copies of orders and of notifications."""

    blueprint = "graphql"
    servers = ("mysql", "mongodb", "redis", "broker")
    first_s = 15.0
    kinds = (EDGE, DIRECT, "read")
    copies: ClassVar = {"gateway": 1, "users": 1, "orders": 2, "notifications": 2}
    ports = ("gateway", "users", "orders", "notifications")
    front = "gateway"
    spare = ("orders",)
    refuses = frozenset(("mysql",))
    schemas: ClassVar = {"users": "users", "orders": "orders"}

    def __init__(self) -> None:
        self.others = list[QueueWriter]()

    def variables(self, servers: Servers, ports: dict[str, int]) -> dict[str, str]:
        return {
            **servers.mysql.server.blueprint_env(servers.mysql.port, self.blueprint),
            **servers.redis.server.blueprint_env(servers.redis.port, self.blueprint),
            "MONGO_URL": servers.mongodb.url(self.blueprint),
            "RABBITMQ_URL": servers.broker.url,
            "PORT": str(ports["gateway"]),
            "USER_SERVICE_URL": f"http://127.0.0.1:{ports['users']}",
            "ORDER_SERVICE_URL": f"http://127.0.0.1:{ports['orders']}",
            "NOTIFICATION_SERVICE_URL": f"127.0.0.1:{ports['notifications']}",
            "GRPC_PORT": str(ports["notifications"]),
            "TRADEWIND_RATE_LIMIT": "0",
        }

    def alone(self, process: str, ports: dict[str, int]) -> dict[str, str]:
        return {"PORT": str(ports[process])}

    def url(self, servers: Servers, service: str) -> str:
        return servers.mysql.server.url(servers.mysql.port, PUBLISHED[0])

    def table(self, service: str, name: str) -> str:
        return f"tw_{service}_{name}"

    def clients(self, place: Deployment, times: int, how: dict[str, Any]) -> Sequence[Thread]:
        seed = how.pop("seed")
        ways = {EDGE: (place.port, "/graphql"), DIRECT: (place.ports["orders"], "/orders")}
        found: list[Thread] = []
        for number, (kind, keyed) in enumerate(WRITERS * times):
            port, path = ways[kind]
            one = {"seed": seed * 1_000 + number, "kind": kind, "keyed": keyed, "path": path}
            found.append(GraphqlWriter(port, **one, **how))
        found.append(GraphqlReader(place.port, seed=seed * 1_000 + 500, **how))
        self.others = [QueueWriter(place.servers.broker.url, QUEUE, seed=seed, **{**how, "pace_s": PACE_S})]
        return [*found, *self.others]

    def unended(self, place: Deployment, orders: frozenset[str]) -> frozenset[str]:
        return orders - set(self._told(place))

    def look(self, found: Findings, place: Deployment, book: Book) -> None:
        rows = sql(place, "SELECT id, userId, quantity FROM orders", "orders")
        mine = compare(found, rows, book, lambda wish: wish.body["quantity"])
        theirs = [str(number) for one in self.others for number in one.numbers]
        found.counts["orders of others"] = len(theirs)
        self._settled(found, place, frozenset([*mine, *theirs]))
        exactly_one(found, "notifications", [*mine, *theirs], self._told(place))
        self._letters(found, place)

    def _settled(self, found: Findings, place: Deployment, orders: frozenset[str]) -> None:
        def left() -> bool:
            unsent = sql(place, f"SELECT 1 FROM {self.table('orders', 'outbox')} LIMIT 1", "orders")
            return bool(unsent or self.unended(place, orders)) or place.servers.messages(QUEUE) > 0

        try:
            until(lambda: not left(), "every order is told of", DRAINED_S)
        except AssertionError as error:
            found.add("what does not come to an end", [error])

    def _told(self, place: Deployment) -> list[str]:
        """The order of each notification."""
        url = place.servers.mongodb.url(self.blueprint)
        with pymongo.MongoClient[dict[str, Any]](url) as client:
            documents = client.get_default_database().notifications.find({}, {"orderId": 1})
            return [str(document["orderId"]) for document in documents]

    def _letters(self, found: Findings, place: Deployment) -> None:
        (others,) = self.others
        lie = letters(place.servers.broker.url, DEAD)
        found.counts["bad messages"], found.counts["dead letters of the queue"] = len(others.bad), len(lie)
        for what, those in differences(lie, others.bad, others.sent, exact=self.exact).items():
            found.add(what, those)
        found.add("dead letters that are there more than twice", too_many(lie, others.sent))
