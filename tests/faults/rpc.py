"""Blueprint `rpc` under faults: what its clients ask for, and what must be there at the end, in its tables, over
HTTP and on the bus.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Thread
from typing import Any, ClassVar

from tests.faults import heard
from tests.faults.book import Book, Wish
from tests.faults.clients import UNSURE, Client, Writer
from tests.faults.deployment import Deployment, until
from tests.faults.ends import Findings, sql
from tests.faults.servers import Servers
from tests.faults.system import System
from tests.support.http import Answer, Connection
from tools.servers.postgres import PUBLISHED

WRITES = ("orders", "payments", "products")
SCHEMAS = {"orders": "order_schema", "inventory": "inventory_schema", "payments": "payment_schema"}
ROWS = {
    "orders": "SELECT id, idempotency_key, items::json->0->>'productId', total FROM order_schema.orders",
    "payments": "SELECT id, idempotency_key, order_id, amount FROM payment_schema.payments",
    "products": "SELECT id, '', sku, on_hand FROM inventory_schema.products",
}
AMOUNT = {"orders": "total", "payments": "amount"}
UNSENT_S = 60.0
READERS = 4
WRITERS = (
    *[("orders", True)] * 3,
    ("orders", False),
    ("payments", True),
    ("payments", False),
    ("products", True),
)
ALL_READERS = 2


class RpcClient(Client):
    def data_of(self, answer: Answer) -> Any:
        return answer.json["data"]


class RpcWriter(RpcClient, Writer):
    def ask(self, wish: Wish) -> tuple[int, Any]:
        key = wish.key if wish.kind != "products" else ""
        return self.attempt(wish.kind, "POST", f"/api/{wish.kind}", wish.body, key)

    def wish(self) -> Wish:
        random, mark = self._random, self.mark()
        key = f"key-{mark}" if self._keyed else ""
        cents = random.randint(1, 99_999)
        if self._kind == "orders":
            quantity = random.randint(1, 5)
            body: dict[str, Any] = {
                "items": [{"productId": mark, "quantity": quantity, "price": cents / 100}],
                "total": cents * quantity / 100,
            }
        elif self._kind == "payments":
            body = {"orderId": mark, "amount": cents / 100}
        else:
            body = {"name": f"Tea {mark[:4]}", "sku": mark, "stock": cents}
        return Wish(self._kind, mark, key, body)


class Reader(RpcClient):
    """Of what was accepted: it has to be there from then on."""

    def act(self) -> None:
        kind = self._random.choice(("orders", "payments", "products"))
        wishes = self._book.wishes
        known = next(
            (wish for wish in reversed(wishes[-200:]) if wish.kind == kind and wish.status == 201), None
        )
        if known is None:
            self.attempt("read", "GET", "/api/orders?page=1&perPage=5")
            return
        status, data = self.attempt("read", "GET", f"/api/{kind}/{known.id}")
        if status == 200 and data["id"] != known.id:
            self._book.odd(f"{known} reads as {data}")
        elif status and status not in (200, *UNSURE):
            self._book.odd(f"{known} was accepted, and its GET is answered {status} {data}")


class Rpc(System):
    """Gateway, two copies of orders, inventory and payments."""

    blueprint = "rpc"
    kinds = (*WRITES, "read")
    copies: ClassVar = {"gateway": 1, "orders": 2, "inventory": 1, "payments": 1}
    ports = ("gateway",)
    front = "gateway"
    spare = ("orders",)
    refuses = frozenset(("broker", "postgres"))
    schemas = SCHEMAS

    def variables(self, servers: Servers, ports: dict[str, int]) -> dict[str, str]:
        return {
            **servers.cluster.server.blueprint_env(servers.cluster.port, "rpc"),
            "RABBITMQ_URL": servers.broker.url,
            "API_GATEWAY_PORT": str(ports["gateway"]),
        }

    def database(self, service: str) -> str:
        return PUBLISHED

    def clients(self, place: Deployment, times: int, how: dict[str, Any]) -> Sequence[Thread]:
        port, seed = place.port, how.pop("seed")
        writers = [
            RpcWriter(port, seed=seed * 1_000 + number, kind=kind, keyed=keyed, **how)
            for number, (kind, keyed) in enumerate(WRITERS * times)
        ]
        readers = [
            Reader(port, seed=seed * 1_000 + 500 + number, **how) for number in range(ALL_READERS * times)
        ]
        return [*writers, *readers]

    def begin(self, place: Deployment) -> None:
        heard.listen(place.servers.broker.url)

    def look(self, found: Findings, place: Deployment, book: Book) -> None:
        rows(found, place, book)
        _reads(found, place, book)
        _bus(found, place)


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
    came = heard.collect(deployment.servers.broker.url)
    ids = {(source, event_id) for source, event_id, _, _ in came}
    said = {
        (service, row[0])
        for service, schema in SCHEMAS.items()
        for row in sql(deployment, f"SELECT id FROM {schema}.log")
    }
    found.counts["events said"], found.counts["events heard"], found.counts["copies heard"] = (
        len(said),
        len(came),
        len(came) - len(ids),
    )
    found.add("events that were never heard", said - ids)
    found.add("events that nobody said", ids - said)
    created = Counter(
        [
            key
            for _, name, key in {(event_id, name, key) for _, event_id, name, key in came}
            if name == "order.created"
        ]
    )
    orders = [row[0] for row in sql(deployment, "SELECT id FROM order_schema.orders")]
    found.add("orders without exactly one order.created", [order for order in orders if created[order] != 1])
