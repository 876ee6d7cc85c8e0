"""Orders and invoices of an amount through real HTTP, with the six services in one process behind both servers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import pytest

from tests.policies.shop import Shop, opened
from tests.support.http import Answer, Connection
from tradewind.apis.amounts.app import AmountsSettings
from tradewind.apis.contracts import app as contracts
from tradewind.apis.fastify import http as fastify
from tradewind.apis.invoicing import app as invoicing
from tradewind.apis.nest import http as nest
from tradewind.contracts.policies import Policies
from tradewind.drivers.http.limits import Limits
from tradewind.drivers.http.server import HttpServer

CUSTOMER = "7c69ae16-a49a-4c3b-b507-88e40093a637"
CALLS = 12
Call = Callable[..., Any]


def policies(customers: Literal["any", "made-when-named"]) -> Policies:
    return Policies(
        pricing="client",
        payment="none",
        invoice="created",
        invoice_number="{number}",
        invoice_reset="never",
        customers=customers,
        products="any",
        access="open",
        ids="v4",
    )


class Served:
    def __init__(self, shop: Shop, orders: int, invoices: int) -> None:
        self.shop, self._ports = shop, {"orders": orders, "invoices": invoices}

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        port = self._ports["invoices" if path.startswith("/invoices") else "orders"]
        named = {name.replace("_", "-"): value for name, value in headers.items()}

        def send() -> Answer:
            with Connection(port) as connection:
                return connection.call(method, path, body, headers=named)

        return await asyncio.to_thread(send)

    async def invoiced(self, count: int) -> list[Any]:
        """All invoices, once there are so many."""
        async with asyncio.timeout(20):
            while len(found := (await self.call("GET", "/invoices")).json) < count:
                await asyncio.sleep(0.02)
        return list(found)


@asynccontextmanager
async def served(data: Path, name: str) -> AsyncIterator[Served]:
    apis: Any = {"invoicing": invoicing, "contracts": contracts}[name]
    problem = {"invoicing": nest.of_problem, "contracts": fastify.of_problem}[name]
    customers: Any = {"invoicing": "any", "contracts": "made-when-named"}[name]
    async with opened(data, policies(customers)) as shop:
        settings = AmountsSettings(secret=b"the secret of the tests", default_customer="1651654165")
        made = [make(shop.gateway, shop.clock, settings) for make in (apis.orders_api, apis.invoices_api)]
        servers = [HttpServer(api, Limits(body_bytes=1_048_576), problem=problem) for api in made]
        for server in servers:
            await server.start("127.0.0.1", 0)
        try:
            yield Served(shop, *[server.port for server in servers])
        finally:
            for server, api in zip(servers, made, strict=True):
                api.close()
                await server.stop(1.0)


@pytest.mark.parametrize("name", ["invoicing", "contracts"])
async def test_each_order_has_one_invoice_and_numbers_have_no_gap(tmp_path: Path, name: str) -> None:
    async with served(tmp_path / "data", name) as system:
        body = {"customerId": CUSTOMER, "amount": 5000}
        made = [await system.call("POST", "/orders", {**body, "amount": n + 1}) for n in range(CALLS)]
        assert {answer.status for answer in made} == {201}
        ids = [answer.json["id" if name == "invoicing" else "orderId"] for answer in made]
        assert all(id[14] == "4" for id in ids)
        invoices = await system.invoiced(CALLS)
        assert sorted(one["number"] for one in invoices) == list(range(1, CALLS + 1))
        assert {(one["orderId"], one["amount"], one["customerId"]) for one in invoices} == {
            (order_id, n + 1, CUSTOMER) for n, order_id in enumerate(ids)
        }
        orders = (await system.call("GET", "/orders")).json
        assert [one["id"] for one in orders] == ids[::-1]
        assert {one["status"] for one in orders} == {"pending"}
        assert (await system.call("GET", f"/orders/{ids[0]}")).json == orders[-1]
        (only,) = (await system.call("GET", f"/invoices?orderId={ids[3]}")).json
        assert (await system.call("GET", f"/invoices/{only['id']}")).json == only
        page = await system.call("GET", "/invoices?page=2&perPage=5")
        assert page.json == invoices[5:10] and page.headers["x-total-count"] == str(CALLS)
        assert (await system.call("GET", "/invoices?page=9&perPage=5")).json == []
        assert await system.shop.audit() == {}


@pytest.mark.parametrize("name", ["invoicing", "contracts"])
async def test_the_same_key_makes_one_order(tmp_path: Path, name: str) -> None:
    async with served(tmp_path / "data", name) as system:
        body = {"customerId": CUSTOMER, "amount": 7}
        one, two = [await system.call("POST", "/orders", body, idempotency_key="k") for _ in range(2)]
        assert (one.status, one.json, one.headers.get("location")) == (
            two.status,
            two.json,
            two.headers.get("location"),
        )
        other = await system.call("POST", "/orders", {**body, "amount": 8}, x_idempotency_key="k")
        assert (other.status, other.json["statusCode"]) == (422, 422)
        assert len(await system.invoiced(1)) == 1


async def test_an_order_without_a_customer_is_the_default_ones(tmp_path: Path) -> None:
    async with served(tmp_path / "data", "contracts") as system:
        for body in ({"amount": 5}, {"amount": 6, "customerId": "somebody new"}):
            assert (await system.call("POST", "/orders", body)).status == 201
        orders = (await system.call("GET", "/orders")).json
        assert [one["customerId"] for one in orders] == ["somebody new", "1651654165"]


@pytest.mark.parametrize("name", ["invoicing", "contracts"])
async def test_what_the_server_itself_refuses_has_the_form_of_the_api(tmp_path: Path, name: str) -> None:
    async with served(tmp_path / "data", name) as system:
        answer = await system.call("POST", "/orders", {"a": "x" * 1_100_000})
        assert (answer.status, answer.json["statusCode"]) == (413, 413)
        assert ("code" in answer.json) == (name == "contracts")
