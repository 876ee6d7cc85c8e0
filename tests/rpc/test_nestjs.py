"""NestJS, unchanged, on either side of the real processes: what a team relies on that moves one service at a
time.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.interop.nest import ORDER as ORDERS
from tests.interop.nest import PAYMENT as PAYMENTS
from tests.interop.nest import PRODUCT as PRODUCTS
from tests.interop.nest import Program, installed
from tests.rpc.api import ITEM, MISSING, ORDER, PAYMENT, UUID, Api, fresh, invalid, product, refused
from tests.support.apart import Apart

pytestmark = pytest.mark.node

LOST = "00000000-0000-0000-0000-000000000000"
UNKNOWN = "There is no matching message handler defined in the remote service."


@pytest.fixture
async def client(vhost: str, api: Api) -> AsyncIterator[Program]:
    """A ClientProxy of NestJS; our three services run."""
    async with Program.run(installed(), "asks.js", vhost) as program:
        yield program


async def send(client: Program, queue: str, cmd: str, data: Any) -> Any:
    return await client.say(queue=queue, pattern={"cmd": cmd}, data=data)


async def test_client_proxy_asks_our_services_all_nine_patterns(client: Program) -> None:
    key, widget = fresh(), product()
    order = (await send(client, ORDERS, "create_order", {"dto": ORDER, "idempotencyKey": key, "lang": "en"}))[
        "value"
    ]
    assert UUID.fullmatch(order["id"])
    assert order | {"id": "", "createdAt": "", "updatedAt": ""} == {
        "id": "",
        "status": "PENDING",
        "items": [ITEM],
        "total": 59.98,
        "idempotencyKey": key,
        "createdAt": "",
        "updatedAt": "",
    }
    assert await send(
        client, ORDERS, "create_order", {"dto": ORDER, "idempotencyKey": key, "lang": "en"}
    ) == {"value": order}
    assert await send(client, ORDERS, "get_order_by_id", {"id": order["id"], "lang": "en"}) == {
        "value": order
    }
    page = (await send(client, ORDERS, "get_orders", {"page": 1, "perPage": 10}))["value"]
    assert page["data"][0] == order and page["meta"]["page"] == 1
    made = (await send(client, PRODUCTS, "create_product", {"dto": widget}))["value"]
    assert made["sku"] == widget["sku"] and made["reservedStock"] == 0
    assert await send(client, PRODUCTS, "get_product_by_id", {"id": made["id"], "lang": "en"}) == {
        "value": made
    }
    assert (await send(client, PRODUCTS, "get_products", {"page": 1, "perPage": 1}))["value"]["data"] == [
        made
    ]
    asked = {"dto": {"orderId": order["id"], "amount": 59.98}, "idempotencyKey": fresh(), "lang": "en"}
    paid = (await send(client, PAYMENTS, "create_payment", asked))["value"]
    assert (paid["status"], paid["amount"]) == ("PENDING", 59.98)
    assert await send(client, PAYMENTS, "get_payment_by_id", {"id": paid["id"], "lang": "en"}) == {
        "value": paid
    }
    assert await send(client, PAYMENTS, "get_payments_by_order_id", {"orderId": order["id"]}) == {
        "value": [paid]
    }


NOT_FOUND = [
    (ORDERS, "get_order_by_id", "Bestellung nicht gefunden"),
    (PRODUCTS, "get_product_by_id", "Produkt nicht gefunden"),
    (PAYMENTS, "get_payment_by_id", "Zahlung nicht gefunden"),
]


async def test_not_found_is_the_object_of_an_rpc_exception(client: Program) -> None:
    for queue, cmd, says in NOT_FOUND:
        assert await send(client, queue, cmd, {"id": MISSING, "lang": "de"}) == {
            "err": {"message": says, "statusCode": 404}
        }


async def test_validation_is_a_list_where_their_gateway_has_not_looked(client: Program) -> None:
    said = await send(client, ORDERS, "create_order", {"dto": {"items": [], "total": 1}, "lang": "en"})
    assert said == {
        "err": {
            "message": ["items must contain at least 1 elements"],
            "error": "Bad Request",
            "statusCode": 400,
        }
    }


async def test_an_unknown_pattern_is_answered_as_nestjs_does(client: Program) -> None:
    for queue in (ORDERS, PRODUCTS, PAYMENTS):
        assert await send(client, queue, "delete_everything", {}) == {"err": UNKNOWN}


@pytest.fixture
async def suffix(vhost: str) -> AsyncIterator[str]:
    """Three services of NestJS listen on the published queues, with this behind the name."""
    text = fresh("-nest")
    async with Program.run(installed(), "answers.js", vhost, text) as program:
        assert await program.hear() == {"ready": True}
        yield text


@pytest.fixture
def nest(suffix: str, variables: dict[str, str], tmp_path: Path) -> Iterator[Api]:
    """Our gateway in front of them."""
    own = {
        "ORDER_QUEUE": ORDERS + suffix,
        "INVENTORY_QUEUE": PRODUCTS + suffix,
        "PAYMENT_QUEUE": PAYMENTS + suffix,
    }
    gateway = Apart.serve(tmp_path, "gateway", variables | own)
    yield Api(gateway.ports["gateway"])
    gateway.close()


def test_our_gateway_asks_nestjs_services_all_nine_patterns(nest: Api) -> None:
    key, widget = fresh(), product()
    assert nest.made("/api/orders", ORDER, key=key) == {
        "id": "made",
        "status": "PENDING",
        "dto": ORDER,
        "idempotencyKey": key,
    }
    assert nest.got(f"/api/orders/{MISSING}") == {"id": MISSING}
    assert nest.got("/api/orders?page=2&perPage=5") == {"data": [], "meta": {"page": 2, "perPage": 5}}
    assert nest.made("/api/products", widget)["dto"] == widget
    assert nest.got(f"/api/products/{MISSING}") == {"id": MISSING}
    assert nest.got("/api/products") == {"data": [], "meta": {"page": 1, "perPage": 10}}
    assert nest.made("/api/payments", PAYMENT, key=key)["dto"] == PAYMENT
    assert nest.got(f"/api/payments/{MISSING}") == {"id": MISSING}
    assert nest.got(f"/api/payments/order/{MISSING}") == [{"orderId": MISSING}]
    for path in ("orders", "products", "payments"):
        said = refused(nest("GET", f"/api/{path}/{LOST}"), 404)
        assert said == {"message": f"{LOST} nicht gefunden: Größe", "statusCode": 404}
    assert invalid(nest("POST", "/api/orders", {"items": [], "total": 0})) == [
        "items must contain at least 1 elements"
    ]


def test_mixed_orders_of_nestjs_the_others_ours(
    suffix: str, variables: dict[str, str], api: Api, tmp_path: Path
) -> None:
    gateway = Apart.serve(tmp_path, "gateway", variables | {"ORDER_QUEUE": ORDERS + suffix})
    try:
        mixed = Api(gateway.ports["gateway"])
        assert mixed.made("/api/orders", ORDER)["id"] == "made"
        made = mixed.made("/api/products", product())
        assert api.got(f"/api/products/{made['id']}") == mixed.got(f"/api/products/{made['id']}") == made
        paid = mixed.made("/api/payments", PAYMENT)
        assert api.got(f"/api/payments/{paid['id']}") == paid
        circuits = mixed("GET", "/health/circuits").json
        assert {circuit["state"] for circuit in circuits.values()} == {"CLOSED"}
    finally:
        gateway.close()
