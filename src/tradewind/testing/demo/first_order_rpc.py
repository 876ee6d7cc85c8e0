"""The first order through the API rpc: its published story ends with the recorded payment. Where a blueprint
lets services react, the order comes to its end as well.
"""

from __future__ import annotations

import asyncio
from typing import Any

from ..http import Http
from .persistence import Client
from .telling import Step, Teller

HEADER = "X-Idempotency-Key"
SETTLES_S, LOOK_S = 2.0, 0.05
PRICE, PIECES = 19.99, 100


async def speaks_rpc(http: Http) -> bool:
    """Whether this is the gateway of API rpc: it alone shows its circuits."""
    return (await http.ask("GET", "/health/circuits")).status == 200


async def story(client: Client, teller: Teller) -> None:
    told = teller.told
    told.api, told.ends = "rpc", ("PENDING", "CONFIRMED")
    sku = f"TEA-{teller.run.upper()}"
    product = {"name": "Assam, 100 g", "sku": sku, "stock": PIECES, "price": PRICE}
    tea, ms = await _ask(teller, client, "POST", "/api/products", product, "add a product")
    teller.tell(Step("product added", f"{sku}, {PIECES} in stock", ms))
    total = round(2 * PRICE, 2)
    item = {"productId": tea["id"], "quantity": 2, "price": PRICE}
    basket = {"items": [item], "total": total}
    order, ms = await _ask(teller, client, "POST", "/api/orders", basket, "place an order")
    told.order_id = order["id"]
    teller.tell(Step("order placed", f"2 x {sku}, {total:.2f}, {order['status']}", ms))
    payment = {"orderId": told.order_id, "amount": total}
    paid, ms = await _ask(teller, client, "POST", "/api/payments", payment, "record a payment")
    teller.tell(Step("payment recorded", f"{total:.2f}, {paid['status']}", ms))
    clock = asyncio.get_running_loop().time
    until = clock() + SETTLES_S
    while True:
        order, ms = await _ask(teller, client, "GET", f"/api/orders/{told.order_id}", None, "show the order")
        if order["status"] != "PENDING" or clock() > until:
            break
        await asyncio.sleep(LOOK_S)
    told.status = order["status"]
    teller.tell(Step("order shown", told.status, ms))


async def _ask(teller: Teller, client: Client, method: str, path: str, body: Any, what: str) -> Any:
    answer, ms = await teller.ask(client, method, path, body, "", what)
    return answer["data"], ms
