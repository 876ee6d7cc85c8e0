"""Blueprint `events` on Kafka and PostgreSQL: its walk-through in processes of their own, what other teams read on
its topics and write there, and what becomes of orders when a process is killed.
"""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import confluent_kafka
import pytest

from tests.support.apart import wait
from tests.support.databases import rows
from tests.support.events_shop import EventsShop, events_shop
from tests.tooling.test_dashboards import DEPLOY, asked, labels_of, queries

pytestmark = [pytest.mark.postgres, pytest.mark.kafka, pytest.mark.slow]
JOHN = {"email": "john@example.com", "name": "John Doe", "password": "SecurePass123!"}
PATIENCE_S = 60.0


class Read(NamedTuple):
    topic: str
    key: str
    body: Any


class Others:
    """Programs of another team."""

    def __init__(self, brokers: str) -> None:
        self._producer = confluent_kafka.Producer({"bootstrap.servers": brokers})
        self._brokers = brokers

    def send(self, topic: str, body: Any, key: str | None = None) -> None:
        value = body if isinstance(body, bytes) else json.dumps(body).encode()
        self._producer.produce(topic, value, key=key)
        assert self._producer.flush(PATIENCE_S) == 0

    def read(self, topic: str, enough: Callable[[list[Read]], bool]) -> list[Read]:
        """All of a topic, until that is enough."""
        group = {"group.id": f"others-{uuid4()}", "auto.offset.reset": "earliest"}
        consumer = confluent_kafka.Consumer({"bootstrap.servers": self._brokers, **group})
        consumer.subscribe([topic])
        found: list[Read] = []
        until = time.monotonic() + PATIENCE_S
        try:
            while not enough(found):
                assert time.monotonic() < until, f"{topic} has {found}"
                record = consumer.poll(0.5)
                if record is not None and record.error() is None:
                    key, value = record.key(), record.value()
                    assert value is not None
                    found.append(Read(topic, (key or b"").decode(), json.loads(value)))
        finally:
            consumer.close()
        return found


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EventsShop]:
    with events_shop(tmp_path_factory.mktemp("events")) as made:
        yield made


@pytest.fixture(scope="module")
def others(shop: EventsShop) -> Others:
    return Others(shop.kafka.brokers)


def of(field: str, value: str) -> Callable[[list[Read]], bool]:
    return lambda found: any(one.body.get(field) == value for one in found)


def test_the_walk_through_and_what_others_read_of_it(shop: EventsShop, others: Others) -> None:
    user = shop.call("POST", "/api/users", JOHN).json
    order = shop.place(user["id"])
    payment = shop.paid(order["id"])
    told = next(one for one in others.read("user.created", of("userId", user["id"])) if one.key == user["id"])
    assert list(told.body) == ["userId", "email", "name", "createdAt"]
    assert (told.body["email"], told.body["name"]) == ("john@example.com", "John Doe")
    (placed,) = [
        one for one in others.read("order.created", of("orderId", order["id"])) if one.key == order["id"]
    ]
    assert placed.body == {
        "orderId": order["id"],
        "userId": user["id"],
        "items": order["items"],
        "totalAmount": 59.98,
        "createdAt": order["createdAt"],
    }
    (paid,) = [
        one for one in others.read("payment.completed", of("orderId", order["id"])) if one.key == order["id"]
    ]
    completed = paid.body.pop("completedAt")
    assert paid.body == {
        "paymentId": payment["id"],
        "orderId": order["id"],
        "userId": user["id"],
        "amount": 59.98,
        "status": "completed",
    }
    assert completed.endswith("Z")

    def welcomed() -> Any:
        orders = [one for one in shop.call("GET", "/api/orders").json if one["userId"] == user["id"]]
        return [one for one in orders if one["items"][0]["productId"] == "welcome-product"]

    (welcome,) = wait(welcomed, "the welcome order")
    assert (welcome["totalAmount"], shop.paid(welcome["id"])["amount"]) == (0, 0)


def test_records_of_others_are_taken_once_and_what_is_none_is_put_aside(
    shop: EventsShop, others: Others
) -> None:
    order, user = str(uuid4()), str(uuid4())
    event = {
        "orderId": order,
        "userId": user,
        "items": [{"productId": "product-1", "quantity": 3, "price": 0.1}],
        "totalAmount": 0.30000000000000004,
        "createdAt": "2026-01-15T10:30:00.000Z",
        "_trace": {"traceId": "0" * 32, "spanId": "0" * 16, "flags": "1"},
    }
    others.send("order.created", b"{}")
    others.send("order.created", b"no JSON")
    for _ in range(2):
        others.send("order.created", event)
    seen = others.read("payment.completed", of("orderId", order))
    (paid,) = [one.body for one in seen if one.body["orderId"] == order]
    assert (paid["amount"], paid["status"], paid["userId"]) == (0.3, "completed", user)
    registered = {"userId": user, "email": "o@example.com", "name": "Other", "createdAt": event["createdAt"]}
    for _ in range(2):
        others.send("user.created", registered)

    def welcomed() -> Any:
        return [one for one in shop.call("GET", "/api/orders").json if one["userId"] == user]

    assert len(wait(welcomed, "the welcome order of a user of others")) == 1
    text = "SELECT order_id, status FROM payments.payments WHERE order_id = '{}'"
    assert rows(shop.database, text.format(order)) == [(order, "COMPLETED")]


def test_every_expression_of_the_board_finds_its_figures(shop: EventsShop) -> None:
    assert shop.paid(shop.place(str(uuid4()))["id"])
    ports = [shop.port, *[_service_port(shop, name) for name in ("USER", "ORDER", "PAYMENT")]]

    def live() -> dict[str, set[str]]:
        """By its name, the labels of each series that a process has now."""
        found: dict[str, set[str]] = {}
        for port in ports:
            for line in shop.call("GET", "/metrics", port=port).body.decode().splitlines():
                if not line.startswith("#"):
                    name, _, labels = line.partition("{")
                    found.setdefault(name.split()[0], set()).update(re.findall(r'(\w+)="', labels))
        return found

    expressions = queries(DEPLOY / "grafana" / "events.json")
    wanted = {name for _, expression in expressions for name in asked(expression)}
    wait(lambda: wanted <= live().keys(), f"all of {sorted(wanted)}")
    series = live()
    for title, expression in expressions:
        grouped = {word for by in re.findall(r"by \(([^)]*)\)", expression) for word in by.split(", ")}
        selected = {label for _, labels in labels_of(expression) for label in labels} - {"job", "instance"}
        for name in asked(expression):
            assert grouped | selected <= series[name] | {"le"}, title
    assert len(expressions) >= 10


def test_no_payment_is_lost_or_doubled_when_payments_and_orders_are_killed(shop: EventsShop) -> None:
    user = str(uuid4())
    placed = []
    for number in range(20):
        placed.append(shop.place(user)["id"])
        if number in (5, 12):
            _kill(shop, "payments" if number == 5 else "orders")
            _ready(shop)
    for order in placed:
        assert shop.paid(order)["amount"] == 59.98
    text = "SELECT count(*), count(DISTINCT order_id) FROM payments.payments WHERE customer_id = '{}'"
    assert rows(shop.database, text.format(user)) == [(20, 20)]
    _confirmed(shop, user, 20)


def test_without_kafka_orders_are_accepted_and_paid_once_it_is_back(shop: EventsShop) -> None:
    user = str(uuid4())
    shop.kafka.kill()
    try:
        down = {"kafka": {"status": "down"}}
        wait(lambda: _health(shop, "PAYMENT") == (503, down, down), "payments is not ready")
        wait(lambda: _late(shop, "ORDER") is not None, "orders says that Kafka is away")
        assert shop.call("GET", "/health/ready").status == 200
        order = shop.place(user)["id"]
        wait(lambda: _late(shop, "ORDER"), "orders says that an event waits")
    finally:
        shop.kafka.start()
    assert shop.paid(order)["amount"] == 59.98
    wait(lambda: _health(shop, "PAYMENT") == (200, {}, {}), "payments is ready again")


def _service_port(shop: EventsShop, service: str) -> int:
    return int(shop.variables[f"{service}_SERVICE_URL"].rpartition(":")[2])


def _health(shop: EventsShop, service: str) -> tuple[int, Any, Any]:
    answer = shop.call("GET", "/health/ready", port=_service_port(shop, service))
    return answer.status, answer.json["error"], answer.json["details"]


def _late(shop: EventsShop, service: str) -> int | None:
    """How many events wait for Kafka, where it is away and the service is ready."""
    status, error, details = _health(shop, service)
    if (status, error) != (200, {}) or details.get("kafka", {}).get("status") != "down":
        return None
    waiting: int = details["kafka"]["waiting"]
    return waiting


def _confirmed(shop: EventsShop, user: str, count: int) -> None:
    text = f"SELECT count(*) FROM orders.orders WHERE customer_id = '{user}' AND status = 'CONFIRMED'"
    wait(lambda: rows(shop.database, text) == [(count,)], "every order has heard of its payment")


def _kill(shop: EventsShop, process: str) -> None:
    for pid in shop.running.children:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if b"serve" in words and words[words.index(b"serve") + 1] == process.encode():
            os.kill(pid, signal.SIGKILL)
            return
    raise AssertionError(f"no process {process}")


def _ready(shop: EventsShop) -> None:
    """Orders are accepted again."""
    wait(
        lambda: shop.call("GET", "/orders", port=_port(shop)).status == 200 if _open(shop) else None,
        "orders is back",
    )


def _port(shop: EventsShop) -> int:
    return int(shop.variables["ORDER_SERVICE_URL"].rpartition(":")[2])


def _open(shop: EventsShop) -> bool:
    try:
        shop.call("GET", "/health/live", port=_port(shop))
    except OSError:
        return False
    return True
