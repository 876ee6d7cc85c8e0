"""The first order through the gateway of blueprint `events`: its story ends with the payment."""

from __future__ import annotations

import asyncio

from ..http import Http
from .persistence import Client
from .telling import Step, Teller

SETTLES_S, LOOK_S = 10.0, 0.1
TITLE = "API Gateway"
PRODUCT, PRICE = "product-assam", 19.99


async def speaks_events(http: Http) -> bool:
    answer = await http.ask("GET", "/api/docs-json")
    return answer.status == 200 and answer.body.get("info", {}).get("title") == TITLE


async def story(client: Client, teller: Teller) -> None:
    told = teller.told
    told.api, told.ends = "events", ("completed",)
    person = {
        "email": f"first-{teller.run}@example.com",
        "name": "First Order",
        "password": f"first-{teller.run}",
    }
    made, ms = await teller.ask(client, "POST", "/api/auth/register", person, "", "register")
    user, token = made["user"], made["access_token"]
    teller.tell(Step("user registered", user["email"], ms))
    basket = {"userId": user["id"], "items": [{"productId": PRODUCT, "quantity": 2, "price": PRICE}]}
    order, ms = await teller.ask(client, "POST", "/api/orders", basket, token, "place an order")
    told.order_id = order["id"]
    teller.tell(Step("order placed", f"2 x {PRODUCT}, {order['totalAmount']:.2f}, {order['status']}", ms))
    clock = asyncio.get_running_loop().time
    until = clock() + SETTLES_S
    path = f"/api/payments/order/{told.order_id}"
    while True:
        found, ms = await teller.ask(client, "GET", path, None, token, "show the payment")
        told.status = found[0]["status"] if found else "not paid"
        if told.status == "completed" or clock() > until:
            break
        await asyncio.sleep(LOOK_S)
    teller.tell(Step("payment shown", told.status, ms))
