"""Blueprint `events` under faults: clients at the gateway and at orders, other teams on the topics. Every order has one
payment, and the dead letters are what was sent bad.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Thread
from typing import Any, ClassVar

from tests.faults.book import Book, Wish
from tests.faults.deployment import Deployment, until
from tests.faults.ends import Findings, sql
from tests.faults.foreign import differences, too_many
from tests.faults.orders import DIRECT, EDGE, WRITERS, OrdersReader, OrdersWriter, compare, exactly_one
from tests.faults.servers import Servers
from tests.faults.system import System
from tests.faults.topics import ORDERS, PAYMENTS, TopicWriter, dead_letters

DRAINED_S = 120.0
SERVICES = ("users", "orders", "payments")


class EventsWriter(OrdersWriter):
    key_header = "Idempotency-Key"

    def body(self, mark: str) -> dict[str, Any]:
        price = self._random.randint(1, 99_999) / 100
        return {"userId": mark, "items": [{"productId": "product-123", "quantity": 1, "price": price}]}


class EventsReader(OrdersReader):
    def read(self, wish: Wish) -> tuple[int, Any]:
        return self.attempt("read", "GET", f"/api/orders/{wish.id}")

    def look(self) -> None:
        self.attempt("read", "GET", "/api/orders")

    def same(self, wish: Wish, data: Any) -> bool:
        return (data["id"], data["userId"], data["totalAmount"]) == (wish.id, wish.mark, _cents(wish) / 100)


def _cents(wish: Wish) -> int:
    price: float = wish.body["items"][0]["price"]
    return round(price * 100)


class Events(System):
    """Two copies of orders and of payments."""

    blueprint = "events"
    servers = ("kafka", "postgres")
    first_s = 15.0
    kinds = (EDGE, DIRECT, "read")
    copies: ClassVar = {"gateway": 1, "users": 1, "orders": 2, "payments": 2, "provider": 1}
    ports = ("gateway", "users", "orders", "payments", "provider")
    front = "gateway"
    spare = ("payments", "orders")
    refuses = frozenset(("postgres",))
    schemas: ClassVar = {name: name for name in SERVICES}

    def __init__(self) -> None:
        self.others = list[TopicWriter]()

    def variables(self, servers: Servers, ports: dict[str, int]) -> dict[str, str]:
        at = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
        return {
            **servers.cluster.server.blueprint_env(servers.cluster.port, self.blueprint),
            "KAFKA_BROKER": servers.kafka.brokers,
            "PORT": str(ports["gateway"]),
            "USER_SERVICE_URL": at["users"],
            "ORDER_SERVICE_URL": at["orders"],
            "PAYMENT_SERVICE_URL": at["payments"],
            "TRADEWIND_PROVIDER_URL": at["provider"],
        }

    def alone(self, process: str, ports: dict[str, int]) -> dict[str, str]:
        return {"PORT": str(ports[process])}

    def database(self, service: str) -> str:
        return self.blueprint

    def clients(self, place: Deployment, times: int, how: dict[str, Any]) -> Sequence[Thread]:
        seed = how.pop("seed")
        ways = {EDGE: (place.port, "/api/orders"), DIRECT: (place.ports["orders"], "/orders")}
        found: list[Thread] = []
        for number, (kind, keyed) in enumerate(WRITERS * times):
            port, path = ways[kind]
            one = {"seed": seed * 1_000 + number, "kind": kind, "keyed": keyed, "path": path}
            found.append(EventsWriter(port, **one, **how))
        found.append(EventsReader(place.port, seed=seed * 1_000 + 500, **how))
        self.others = [TopicWriter(place.servers.kafka.brokers, how["book"], how["halt"], seed)]
        return [*found, *self.others]

    def unended(self, place: Deployment, orders: frozenset[str]) -> frozenset[str]:
        return orders - {order for order, status in self._payments(place) if status == "COMPLETED"}

    def look(self, found: Findings, place: Deployment, book: Book) -> None:
        rows = sql(place, "SELECT id, customer_id, total FROM orders.orders", "orders")
        mine = compare(found, rows, book, _cents)
        theirs = [order for one in self.others for order in one.orders]
        found.counts["orders of others"] = len(theirs)
        self._settled(found, place, frozenset([*mine, *theirs]))
        payments = self._payments(place)
        exactly_one(found, "payments", [*mine, *theirs], [order for order, _ in payments])
        found.add("payments that are not completed", [one for one in payments if one[1] != "COMPLETED"])
        unpaid = "SELECT id, status FROM orders.orders WHERE status <> 'CONFIRMED'"
        found.add("orders that have not heard of their payment", sql(place, unpaid, "orders"))
        self._letters(found, place)

    def _settled(self, found: Findings, place: Deployment, orders: frozenset[str]) -> None:
        def left() -> bool:
            unsent = [sql(place, f"SELECT 1 FROM {name}.outbox LIMIT 1", name) for name in SERVICES]
            pending = "SELECT 1 FROM orders.orders WHERE status = 'PENDING' LIMIT 1"
            return any(unsent) or bool(self.unended(place, orders) or sql(place, pending, "orders"))

        try:
            until(lambda: not left(), "every story has its end", DRAINED_S)
        except AssertionError as error:
            found.add("what does not come to an end", [error])

    def _payments(self, place: Deployment) -> list[tuple[Any, ...]]:
        return sql(place, "SELECT order_id, status FROM payments.payments", "payments")

    def _letters(self, found: Findings, place: Deployment) -> None:
        (others,) = self.others
        topics = [f"{name}.dead" for name in (ORDERS, PAYMENTS)]

        def all_there() -> bool:
            lie = {letter.body for letter in dead_letters(place.servers.kafka.brokers, topics)}
            return others.bad.keys() <= lie

        try:
            until(all_there, "every bad record is a dead letter", DRAINED_S)
        except AssertionError as error:
            found.add("what is not put aside", [error])
        lie = dead_letters(place.servers.kafka.brokers, topics)
        found.counts["bad records"], found.counts["dead letters of topics"] = len(others.bad), len(lie)
        for what, those in differences(lie, others.bad, others.sent, exact=self.exact).items():
            found.add(what, those)
        found.add("dead letters that are there more than twice", too_many(lie, others.sent))
