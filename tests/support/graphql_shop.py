"""The blueprint `graphql` with a database, a broker, documents and a Redis that nobody else uses."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.support.apart import Apart, wait
from tests.support.broker import own_vhost
from tests.support.databases import on_its_server, own_database
from tests.support.http import Answer, Connection
from tests.support.mongodb import own_database as own_documents
from tests.support.redis import RedisServer, own_redis
from tools.servers import machine
from tools.servers.mysql import PUBLISHED, RIGHTS

OPS = dict.fromkeys([f"{name}_OPS_PORT" for name in ("GATEWAY", "USERS", "ORDERS", "NOTIFICATIONS")], "0")


class GraphqlShop:
    """`ports`: gateway, users, orders, notifications, and one that is free."""

    def __init__(self, running: Apart, variables: dict[str, str], redis: RedisServer, mysql: str) -> None:
        self.running, self.variables, self.redis, self.mysql = running, variables, redis, mysql
        self.port = int(variables["PORT"])

    def call(self, method: str, path: str, body: Any = None, *, port: int = 0) -> Answer:
        with Connection(port or self.port) as connection:
            return connection.call(method, path, body)

    def query(self, text: str, **variables: Any) -> Any:
        answer = self.call("POST", "/graphql", {"query": text, "variables": variables})
        assert answer.status == 200, answer
        return answer.json

    def place(self, quantity: int = 3, user: int = 1) -> int:
        text = "mutation($u:Float!,$q:Float!){createOrder(userId:$u,productId:101,quantity:$q)}"
        said = self.query(text, u=user, q=quantity)["data"]["createOrder"]
        return int(said.split()[1])

    def told(self, number: int) -> list[Any]:
        """Its notifications, once there are any."""

        def look() -> list[Any]:
            found = self.query(f"{{notifications(orderId:{number}){{id message status userId sentAt}}}}")
            return (found["data"] or {}).get("notifications") or []

        return wait(look, f"order {number} is told of")


@contextmanager
def graphql_shop(home: Path, **more: str) -> Iterator[GraphqlShop]:
    with (
        own_database("graphql", "mysql") as database,
        own_documents("graphql") as documents,
        own_vhost() as broker,
        own_redis() as redis,
    ):
        place, (_, user, password) = urlsplit(database), PUBLISHED
        for host in ("localhost", "127.0.0.1"):
            on_its_server(database, f"GRANT {RIGHTS} ON {place.path[1:]}.* TO '{user}'@'{host}'")
        first = 20_100 + os.getpid() % 400 * 10
        ports = []
        for _ in range(4):
            ports.append(first := machine.first_free(first + 1))
        variables = {
            **OPS,
            "DB_HOST": place.hostname or "",
            "DB_PORT": str(place.port),
            "DB_NAME": place.path[1:],
            "DB_USER": user,
            "DB_PASSWORD": password,
            "MONGO_URL": documents,
            "RABBITMQ_URL": broker,
            "REDIS_HOST": "127.0.0.1",
            "REDIS_PORT": str(redis.port),
            "PORT": str(ports[0]),
            "USER_SERVICE_URL": f"http://127.0.0.1:{ports[1]}",
            "ORDER_SERVICE_URL": f"http://127.0.0.1:{ports[2]}",
            "NOTIFICATION_SERVICE_URL": f"127.0.0.1:{ports[3]}",
            "GRPC_PORT": str(ports[3]),
            "TRADEWIND_RATE_LIMIT": "0",
            **more,
        }
        running = Apart.up(home, variables, blueprint="graphql")
        try:
            yield GraphqlShop(running, variables, redis, database)
            assert running.stop() == 0, running.log.read_text()[-2_000:]
        finally:
            running.close()
