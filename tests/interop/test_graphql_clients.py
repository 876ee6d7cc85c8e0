"""Clients that people use, graphql-request and Apollo Client, against our gateway, unchanged."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.interop.nest import Program, installed
from tests.support.graphql_shop import GraphqlShop, graphql_shop
from tests.support.needs import NODE_GRAPHQL

pytestmark = [
    pytest.mark.mysql,
    pytest.mark.mongodb,
    pytest.mark.redis,
    pytest.mark.rabbitmq,
    pytest.mark.node,
    pytest.mark.slow,
]
HERE = Path(__file__).with_name("graphql")
CREATE = "mutation Create($u: Float!, $p: Float!, $q: Float!) { createOrder(userId: $u, productId: $p, quantity: $q) }"
NEW = {"u": 1, "p": 101, "q": 3}
NAME = "query Name($id: Float!) { userName(id: $id) }"


@pytest.fixture(scope="module")
def modules() -> Path:
    return installed(HERE, "graphql-request", NODE_GRAPHQL)


@pytest.fixture(scope="module")
def shop(modules: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GraphqlShop]:
    with graphql_shop(tmp_path_factory.mktemp("clients")) as made:
        yield made


@pytest.fixture
async def clients(modules: Path, shop: GraphqlShop) -> AsyncIterator[Program]:
    url = f"http://127.0.0.1:{shop.port}/graphql"
    async with Program.run(modules, "graphql/clients.js", url) as program:
        yield program


BOTH = pytest.mark.parametrize("client", ["request", "apollo"])


@BOTH
async def test_an_order_is_made_and_read(clients: Program, client: str) -> None:
    made = await clients.say(client=client, document=CREATE, variables=NEW)
    said = made["data"]["createOrder"]
    number = int(said.split()[1])
    assert said == f"Order {number} created successfully"
    text = "query Get($id: Float!) { getOrder(id: $id) userName(id: 1) }"
    found = (await clients.say(client=client, document=text, variables={"id": number}))["data"]
    order = json.loads(found["getOrder"])
    assert (order["id"], order["quantity"], order["status"]) == (number, 3, "pending")
    assert found["userName"] == "Alice Johnson"


@BOTH
async def test_typed_fields(clients: Program, client: str) -> None:
    text = (
        "mutation Place($key: String) { placeOrder(userId: 2, productId: 5, quantity: 1, idempotencyKey: $key)"
        " { id user { id name email } } }"
    )
    first, second = [
        (await clients.say(client=client, document=text, variables={"key": client}))["data"]["placeOrder"]
        for _ in range(2)
    ]
    assert first == second and first["user"]["name"] == "Bob Smith"


@BOTH
async def test_reads_by_get(clients: Program, client: str) -> None:
    """Apollo Client sends the header that stands for a preflight; graphql-request the media type."""
    headers = {"content-type": "application/json"}
    found = await clients.say(client=client, document=NAME, variables={"id": 1}, get=True, headers=headers)
    assert (found["data"], found["seen"]) == ({"userName": "Alice Johnson"}, ["GET 200"])


async def test_a_persisted_query_is_sent_again_whole(clients: Program) -> None:
    found = await clients.say(client="apollo", document=NAME, variables={"id": 1}, apq=True)
    assert found["data"] == {"userName": "Alice Johnson"}
    assert found["seen"] == ["POST 200", "POST 200"]


async def test_errors_as_each_client_has_them(clients: Program) -> None:
    lost = "query Get { getOrder(id: 2147483647) }"
    by_apollo: Any = await clients.say(client="apollo", document=lost)
    (error,) = by_apollo["graphQLErrors"]
    assert (error["extensions"]["code"], error["path"]) == ("NOT_FOUND", ["getOrder"])
    by_request: Any = await clients.say(client="request", document=lost)
    assert by_request["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    wrong: Any = await clients.say(client="apollo", document="{ nothing }")
    assert wrong["network"]["status"] == 400
    (error,) = wrong["network"]["result"]["errors"]
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    fits: Any = await clients.say(client="apollo", document=NAME, variables={"id": "x"})
    assert fits["graphQLErrors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
