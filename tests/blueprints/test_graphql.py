"""Blueprint `graphql` on the servers of its page: what every client, reader and operator of the published
system finds, and what happens while one of its parts is away.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pymongo
import pytest
import redis

from tests.apis.graphql.hostile import campaign, memory
from tests.support.apart import Apart, wait
from tests.support.databases import rows
from tests.support.graphql_shop import GraphqlShop, graphql_shop
from tests.support.http import Connection
from tools.servers import machine

pytestmark = [
    pytest.mark.mysql,
    pytest.mark.mongodb,
    pytest.mark.redis,
    pytest.mark.rabbitmq,
    pytest.mark.slow,
]
NESTED = "{orders(userId:%d,first:%d){nodes{id quantity user{name} notifications{message}} nextCursor}}"

CREATE = "mutation{createOrder(userId:1,productId:101,quantity:3)}"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GraphqlShop]:
    with graphql_shop(tmp_path_factory.mktemp("graphql")) as made:
        yield made


@pytest.fixture
def keys(shop: GraphqlShop) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(shop.redis.url) as client:
        yield client


def test_the_walk_of_the_page(shop: GraphqlShop, keys: redis.Redis) -> None:
    number = shop.place(quantity=3)
    text = shop.query("query($i:Float!){getOrder(id:$i)}", i=number)["data"]["getOrder"]
    order = json.loads(text)
    created = order.pop("createdAt")
    assert order == {"id": number, "userId": 1, "productId": 101, "quantity": 3, "status": "pending"}
    assert keys.get(f"order:{number}") == text.encode() and 0 < keys.ttl(f"order:{number}") <= 300
    assert shop.query("{userName(id:1)}") == {"data": {"userName": "Alice Johnson"}}
    assert json.loads(keys.get("user:1") or b"{}")["email"] == "alice@example.com"
    assert 0 < keys.ttl("user:1") <= 600
    (told,) = shop.told(number)
    assert (told["message"], told["status"], told["userId"]) == (
        f"Order {number} created with 3 items",
        "sent",
        1,
    )
    view = 'SELECT id, "userId", "productId", quantity, status FROM orders WHERE id = %d'
    (row,) = rows(shop.mysql, (view % number).replace('"', "`"))
    assert tuple(row) == (number, 1, 101, 3, "pending")
    with pymongo.MongoClient[dict[str, Any]](shop.variables["MONGO_URL"]) as client:
        (document,) = client.get_default_database().notifications.find({"orderId": number})
    assert (str(document["_id"]), document["status"]) == (told["id"], "sent")
    at = int(shop.variables["ORDER_SERVICE_URL"].rpartition(":")[2])
    assert shop.call("GET", f"/orders/{number}", port=at).json == {**order, "createdAt": created}
    assert shop.call("GET", "/orders/user/1", port=at).json[0]["id"] == number


def test_twenty_orders_with_all_that_belongs_to_them(shop: GraphqlShop) -> None:
    placed = [shop.place(quantity=n, user=2) for n in range(1, 24)]
    shop.told(placed[-1])
    wait(lambda: all(shop.told(number) for number in placed), "all are told of")
    found = shop.query(NESTED % (2, 20))["data"]["orders"]
    assert [node["id"] for node in found["nodes"]] == placed[:-21:-1]
    assert {node["user"]["name"] for node in found["nodes"]} == {"Bob Smith"}
    for node in found["nodes"]:
        assert node["notifications"] == [
            {"message": f"Order {node['id']} created with {node['quantity']} items"}
        ]
    text = f'{{orders(userId:2,first:20,after:"{found["nextCursor"]}"){{nodes{{id}} nextCursor}}}}'
    more = shop.query(text)["data"]["orders"]
    assert ([node["id"] for node in more["nodes"]], more["nextCursor"]) == (placed[2::-1], None)


def test_a_key_makes_one_order(shop: GraphqlShop) -> None:
    body = {"query": "mutation{createOrder(userId:1,productId:1,quantity:1)}"}

    def placed() -> Any:
        with Connection(shop.port) as connection:
            return connection.call("POST", "/graphql", body, key="one").json

    assert placed() == placed()
    text = 'mutation{placeOrder(userId:1,productId:1,quantity:%d,idempotencyKey:"two"){id}}'
    assert shop.query(text % 1) == shop.query(text % 1)
    (error,) = shop.query(text % 2)["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


def test_a_gateway_alone_with_the_published_limit(
    shop: GraphqlShop, keys: redis.Redis, tmp_path: Path
) -> None:
    """10 requests a minute and address, counted for all gateways under the published key."""
    port = machine.first_free(shop.port + 50)
    variables = {**shop.variables, "PORT": str(port)}
    del variables["TRADEWIND_RATE_LIMIT"]
    keys.delete("rl:::ffff:127.0.0.1")
    alone = Apart.serve(tmp_path, "gateway", variables, blueprint="graphql")
    try:
        with Connection(port) as connection:
            for status in [200] * 10 + [429] * 2:
                body = {"query": "{userName(id:1)}"}
                answer = connection.call("POST", "/graphql", body)
                assert answer.status == status
            assert answer.json == {"statusCode": 429, "message": "Too Many Requests"}
            assert connection.call("GET", "/health/ready").status == 200
        assert int(keys.get("rl:::ffff:127.0.0.1") or 0) == 12
        assert alone.stop() == 0
    finally:
        alone.close()


def test_without_redis_every_answer_comes_and_soon(shop: GraphqlShop) -> None:
    number = shop.place()
    shop.redis.stop()
    try:
        shop.query("{userName(id:1)}")  # a connection is found broken
        for _ in range(5):
            began = time.monotonic()
            found = shop.query(f"{{getOrder(id:{number}) userName(id:1)}}")["data"]
            assert json.loads(found["getOrder"])["id"] == number and found["userName"] == "Alice Johnson"
            assert time.monotonic() - began < 5
        assert shop.place() > number
    finally:
        shop.redis.start()

    def filled() -> Any:
        shop.query(f"{{getOrder(id:{number})}}")
        with redis.Redis.from_url(shop.redis.url) as client:
            return client.get(f"order:{number}")

    wait(filled, "the cache is filled again")


def test_a_service_that_is_killed_is_named_by_a_code_and_comes_back(shop: GraphqlShop) -> None:
    number = shop.place()
    port = int(shop.variables["ORDER_SERVICE_URL"].rpartition(":")[2])
    killed = next(pid for pid in shop.running.children if listens(pid, "orders"))
    os.kill(killed, signal.SIGKILL)
    codes: set[str] = set()

    def back() -> bool:
        found = shop.query(f"{{order(id:{number}){{id}}}}")
        codes.update(error["extensions"]["code"] for error in found.get("errors", ()))
        return bool(found["data"] and found["data"].get("order"))

    wait(back, "orders answers again")
    assert codes <= {"SERVICE_UNAVAILABLE", "GATEWAY_TIMEOUT"}
    assert shop.call("GET", "/health/ready", port=port).status == 200
    wait(lambda: shop.call("GET", "/health/ready").status == 200, "the gateway is ready")
    assert len(shop.told(shop.place())) == 1


def listens(pid: int, process: str) -> bool:
    words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    return b"serve" in words and words[words.index(b"serve") + 1] == process.encode()


async def test_hostile_requests_break_nothing(shop: GraphqlShop) -> None:
    """As many as fit here; `python -m tests.apis.graphql.hostile` sends 100,000, and looks at the times of
    others.
    """
    (gateway,) = [pid for pid in shop.running.children if listens(pid, "gateway")]
    url = f"http://127.0.0.1:{shop.port}"
    await campaign(url, 300, seed=1)  # what is kept of documents is filled
    before = memory(gateway)
    came = await campaign(url, 700, seed=2)
    assert [status for status in came.statuses if status >= 500] == []
    assert memory(gateway) - before < 64 * 1024 * 1024
    assert len(shop.told(shop.place())) == 1


def test_a_stop_under_load_ends_what_was_begun(tmp_path: Path) -> None:
    """By SIGTERM: exit code 0, no error of ours for a client, and every order that was accepted is there."""
    with graphql_shop(tmp_path) as ending:
        placed: list[int] = []
        wrong: list[Any] = []

        def load() -> None:
            while True:
                try:
                    answer = ending.call("POST", "/graphql", {"query": CREATE})
                except OSError:  # nobody listens any more, or the connection was not taken
                    return
                found = answer.json
                if answer.status != 200 or code_of(found) == "INTERNAL_SERVER_ERROR":
                    wrong.append(answer)
                elif "errors" not in found:
                    placed.append(int(found["data"]["createOrder"].split()[1]))

        threads = [threading.Thread(target=load) for _ in range(8)]
        for thread in threads:
            thread.start()
        wait(lambda: len(placed) >= 20, "orders are placed")
        assert ending.running.stop() == 0
        for thread in threads:
            thread.join(60)
        kept = {row[0] for row in rows(ending.mysql, "SELECT id FROM orders")}
        assert (wrong, set(placed) - kept) == ([], set())


def code_of(answer: Any) -> str:
    return str(answer["errors"][0]["extensions"]["code"]) if "errors" in answer else ""
