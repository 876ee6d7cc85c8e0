"""The first order through the GraphQL gateway: its story ends when its customer was told."""

from __future__ import annotations

import asyncio
from typing import Any

from ..http import Http
from .people import Unwelcome
from .persistence import Client
from .telling import Step, Teller

PATH = "/graphql"
SETTLES_S, LOOK_S = 10.0, 2.0
"""It looks seldom: the gateway takes ten requests a minute from an address."""
WHO = "{ __typename }"
NEW = "mutation { placeOrder(userId: 1, productId: 101, quantity: 2) { id status createdAt user { name } } }"
TOLD = "query Told($id: Int!) { order(id: $id) { status notifications { message } } }"


async def speaks_graphql(http: Http) -> bool:
    answer = await http.ask("POST", PATH, {"query": WHO})
    return answer.status == 200 and answer.body == {"data": {"__typename": "Query"}}


async def story(client: Client, teller: Teller) -> None:
    told = teller.told
    told.api, told.ends = "graphql", ("pending",)
    made, ms = await _ask(teller, client, {"query": NEW}, "place an order")
    order = made["placeOrder"]
    told.order_id, told.number = str(order["id"]), order["id"]
    teller.tell(Step("order placed", f"number {order['id']}, 2 x 101, for {order['user']['name']}", ms))
    clock = asyncio.get_running_loop().time
    until = clock() + SETTLES_S
    while True:
        asked = {"query": TOLD, "variables": {"id": order["id"]}}
        found, ms = await _ask(teller, client, asked, "show the order")
        told.status = found["order"]["status"]
        notes = found["order"]["notifications"]
        if notes or clock() > until:
            break
        await asyncio.sleep(LOOK_S)
    teller.tell(Step("order shown", told.status, ms))
    for note in notes:
        teller.tell(Step("customer notified", note["message"], ms))
    told.missing = "" if notes else "notification"


async def _ask(teller: Teller, client: Client, body: Any, what: str) -> tuple[Any, float]:
    answer, ms = await teller.ask(client, "POST", PATH, body, "", what)
    if answer.get("errors"):
        raise Unwelcome(f"the shop does not let us {what}: {answer['errors'][0]['message']}")
    return answer["data"], ms
