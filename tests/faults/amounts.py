"""Blueprints `contracts` and `invoicing` under faults: clients at the edge and at the service, other teams on the
queue. Every accepted order has one invoice, numbers have no gap, and the dead letters are what was sent bad.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from threading import Thread
from typing import Any, ClassVar

from tests.faults.book import Book, Wish
from tests.faults.deployment import Deployment, until
from tests.faults.ends import Findings, sql
from tests.faults.foreign import Foreign, differences, letters
from tests.faults.orders import DIRECT, EDGE, WRITERS, OrdersReader, OrdersWriter, compare
from tests.faults.servers import Servers
from tests.faults.system import System
from tests.support.http import Answer

FOREIGN_PACE_S = 0.25
QUEUE, DEAD = "orders", "orders.dead"
DRAINED_S = 600.0


class AmountsWriter(OrdersWriter):
    def body(self, mark: str) -> dict[str, Any]:
        return {"customerId": mark, "amount": self._random.randint(1, 99_999)}

    def data_of(self, answer: Answer) -> Any:
        told = answer.json
        return {"id": told.get("orderId") or told.get("id")} if answer.status == 201 else told


class Reader(OrdersReader):
    def look(self) -> None:
        self.attempt("read", "GET", "/orders/orders?page=1&perPage=5")

    def read(self, wish: Wish) -> tuple[int, Any]:
        return self.attempt("read", "GET", f"/orders/orders/{wish.id}")

    def same(self, wish: Wish, data: Any) -> bool:
        return bool((data["id"], data["amount"]) == (wish.id, wish.body["amount"]))


class Amounts(System):
    """The edge, two copies of orders and of invoices. `bad`: how many bad messages others send, 0: as long as the
    clients are there.
    """

    kinds = (EDGE, DIRECT, "read")
    copies: ClassVar = {"edge": 1, "orders": 2, "invoices": 2}
    ports = ("edge", "orders", "invoices")
    front = "edge"
    spare = ("invoices", "orders")
    refuses = frozenset(("postgres",))
    schemas: ClassVar = {"orders": "orders", "invoices": "invoices"}
    path = ""

    def __init__(self, bad: int = 0) -> None:
        self.bad, self.others, self.exact = bad, list[Foreign](), False

    def variables(self, servers: Servers, ports: dict[str, int]) -> dict[str, str]:
        upper = self.blueprint.upper()
        return {
            **servers.cluster.server.blueprint_env(servers.cluster.port, self.blueprint),
            "KONG_PROXY_LISTEN": f"127.0.0.1:{ports['edge']}",
            f"{upper}_ORDERS_PORT": str(ports["orders"]),
            f"{upper}_INVOICES_PORT": str(ports["invoices"]),
            "BROKER_URL": servers.broker.url,
            "ORDERS_QUEUE": QUEUE,
        }

    def database(self, service: str) -> str:
        return f"{self.blueprint}_{service}"

    def clients(self, place: Deployment, times: int, how: dict[str, Any]) -> Sequence[Thread]:
        seed = how.pop("seed")
        ways = {EDGE: (place.ports["edge"], self.path), DIRECT: (place.ports["orders"], "/orders")}
        found: list[Thread] = []
        for number, (kind, keyed) in enumerate(WRITERS * times):
            port, path = ways[kind]
            one = {"seed": seed * 1_000 + number, "kind": kind, "keyed": keyed, "path": path}
            found.append(AmountsWriter(port, **one, **how))
        found.append(Reader(place.port, seed=seed * 1_000 + 500, **how))
        others = {**how, "pace_s": 0.0 if self.bad else FOREIGN_PACE_S, "most": self.bad}
        self.others = [Foreign(place.servers.broker.url, QUEUE, seed=seed, **others)]
        return [*found, *self.others]

    def finish(self) -> None:
        for one in self.others if self.bad else ():
            one.join()

    def look(self, found: Findings, place: Deployment, book: Book) -> None:
        self._drained(place)
        orders = sql(place, "SELECT id, customer_id, total FROM orders.orders", "orders")
        invoices = sql(place, "SELECT order_id, total, number FROM invoices.invoices", "invoices")
        rows = [(order, mark, int(total)) for order, mark, total in orders]
        compare(found, rows, book, lambda wish: wish.body["amount"])
        self._invoices(found, orders, invoices)
        self._letters(found, place, {order: int(total) for order, total, _ in invoices})

    def _drained(self, place: Deployment) -> None:
        """What was accepted has been published, and what was published has been taken."""

        def left() -> bool:
            unsent = [sql(place, f"SELECT 1 FROM {name}.outbox LIMIT 1", name) for name in self.schemas]
            return any(unsent) or place.servers.messages(QUEUE) > 0

        until(lambda: not left(), f"the outboxes and the queue {QUEUE} are empty", DRAINED_S)

    def _invoices(
        self, found: Findings, orders: list[tuple[Any, ...]], invoices: list[tuple[Any, ...]]
    ) -> None:
        theirs = {order: amounts for one in self.others for order, amounts in one.orders.items()}
        wanted = {order: {int(total)} for order, _, total in orders} | {
            order: set(amounts) for order, amounts in theirs.items()
        }
        many = Counter(order for order, _, _ in invoices)
        found.counts["invoices"], found.counts["orders of others"] = len(invoices), len(theirs)
        found.add("orders without exactly one invoice", [order for order in wanted if many[order] != 1])
        found.add("invoices that nobody asked for", [order for order in many if order not in wanted])
        found.add(
            "invoices of another amount",
            [(order, total) for order, total, _ in invoices if int(total) not in wanted.get(order, ())],
        )
        numbers = sorted(int(number) for *_, number in invoices)
        gaps = [at for at, number in enumerate(numbers, 1) if at != number]
        found.add("numbers after a gap or given twice", gaps)

    def _letters(self, found: Findings, place: Deployment, invoiced: dict[str, int]) -> None:
        lie = letters(place.servers.broker.url, DEAD)
        sent, expected = Counter[bytes](), dict[bytes, str]()
        for one in self.others:
            expected |= one.expected(invoiced)
            sent += one.sent
            found.counts["messages that were sent again"] = one.repeated
        found.counts["bad messages"], found.counts["dead letters of the queue"] = len(expected), len(lie)
        for what, those in differences(lie, expected, sent, exact=self.exact).items():
            found.add(what, those)


class Contracts(Amounts):
    blueprint = "contracts"
    path = "/orders"


class Invoicing(Amounts):
    blueprint = "invoicing"
    path = "/orders/orders"
