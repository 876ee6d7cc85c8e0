"""The blueprint `events` with a Kafka and a database that nobody else uses: its topics have published names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.support.apart import Apart, wait
from tests.support.databases import own_database
from tests.support.http import Answer, Connection
from tests.support.kafka import KafkaNode, own_kafka
from tools.servers import machine

NAMES = ("GATEWAY", "USERS", "ORDERS", "PAYMENTS", "PROVIDER")
ITEM = {"productId": "product-123", "quantity": 2, "price": 29.99}


class EventsShop:
    def __init__(self, running: Apart, variables: dict[str, str], kafka: KafkaNode, database: str) -> None:
        self.running, self.variables, self.kafka, self.database = running, variables, kafka, database
        self.port = int(variables["PORT"])

    def call(self, method: str, path: str, body: Any = None, *, port: int = 0, **how: Any) -> Answer:
        with Connection(port or self.port) as connection:
            return connection.call(method, path, body, **how)

    def place(self, user: str) -> Any:
        answer = self.call("POST", "/api/orders", {"userId": user, "items": [ITEM]})
        assert answer.status == 201, answer
        return answer.json

    def paid(self, order_id: str) -> Any:
        """The payment of an order, once it is completed."""

        def look() -> Any:
            found = self.call("GET", f"/api/payments/order/{order_id}").json
            done = isinstance(found, list) and found and found[0]["status"] == "completed"
            return found if done else None

        (payment,) = wait(look, f"the payment of {order_id}")
        return payment


@contextmanager
def events_shop(home: Path, **more: str) -> Iterator[EventsShop]:
    with own_database("events") as database, own_kafka() as kafka:
        place = urlsplit(database)
        ports, first = [], 20_400 + os.getpid() % 300 * 10
        for _ in range(5):
            ports.append(first := machine.first_free(first + 1))
        variables = {
            **dict.fromkeys([f"{name}_OPS_PORT" for name in NAMES], "0"),
            "PORT": str(ports[0]),
            "USER_SERVICE_URL": f"http://127.0.0.1:{ports[1]}",
            "ORDER_SERVICE_URL": f"http://127.0.0.1:{ports[2]}",
            "PAYMENT_SERVICE_URL": f"http://127.0.0.1:{ports[3]}",
            "TRADEWIND_PROVIDER_URL": f"http://127.0.0.1:{ports[4]}",
            "DB_HOST": place.hostname or "",
            "DB_PORT": str(place.port or 5432),
            "DB_DATABASE": place.path[1:],
            "DB_USERNAME": place.username or "postgres",
            "DB_PASSWORD": place.password or "",
            "KAFKA_BROKER": kafka.brokers,
            **more,
        }
        running = Apart.up(home, variables, blueprint="events")
        try:
            yield EventsShop(running, variables, kafka, database)
            assert running.stop() == 0, running.log.read_text()[-2_000:]
        finally:
            running.close()
