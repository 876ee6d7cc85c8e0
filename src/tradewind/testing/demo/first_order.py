"""Places one paid order and tells each step of it with its time, so that a newcomer sees what the platform
does.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Callable
from datetime import datetime
from typing import Any

from ...runtime.config import Config
from ...runtime.local import NotReachable, running
from ..http import Http
from . import first_order_events, first_order_graphql, first_order_rpc
from .buying import FINAL, ORDERS
from .persistence import Client
from .platform import admin_token, reach, there
from .telling import Step, Teller, Told, taken

PATIENCE_S, WAIT_S, END_S, LOOK_S = 10.0, 10, 30.0, 0.05
PRICE, PIECES = {"amount": 1_999, "currency": "EUR"}, 100
STEPS = {
    "stock.reserved": "stock reserved",
    "payment.requested": "payment requested",
    "payment.completed": "paid",
    "order.confirmed": "order confirmed",
    "invoice.issued": "invoice issued",
}
"""The events of the timeline, as a person calls them; another event is told by its own name."""


class FirstOrder:
    """`say` is called with each step as soon as it is known."""

    def __init__(self, config: Config, url: str, say: Callable[[Step], None]) -> None:
        self._config, self._url, self._say = config, url, say
        self._run = os.urandom(4).hex()

    async def place(self) -> Told:
        """Errors: NotReachable, GaveUp, Unwelcome."""
        url = self._url or await there(self._config.data)
        if url is None:
            raise NotReachable(f"no platform runs on {self._config.data}: start it with `tradewind up`")
        http = Http(url)
        try:
            await reach(http)
            ours = self._config.data if running(self._config.data) == url else None

            def find() -> str | None:
                return running(ours) if ours else None

            teller = Teller(self._run, Told(url), self._say)
            if await first_order_rpc.speaks_rpc(http):
                header = first_order_rpc.HEADER
                await first_order_rpc.story(Client(http, find, random.Random(), PATIENCE_S, header), teller)
            elif await first_order_events.speaks_events(http):
                await first_order_events.story(Client(http, find, random.Random(), PATIENCE_S), teller)
            elif await first_order_graphql.speaks_graphql(http):
                await first_order_graphql.story(Client(http, find, random.Random(), PATIENCE_S), teller)
            else:
                await self._story(Client(http, find, random.Random(), PATIENCE_S), teller)
            return teller.told
        finally:
            await http.close()

    async def _story(self, client: Client, teller: Teller) -> None:
        told = teller.told
        admin = await admin_token(client, self._config, named=bool(self._url))
        sku, email = f"TEA-{self._run.upper()}", f"first.{self._run}@example.com"
        password = f"{self._run} likes tea"
        product = {"sku": sku, "name": "Assam, 100 g", "price": PRICE, "stock": PIECES}
        _, ms = await teller.ask(client, "POST", "/api/v1/products", product, admin, "add a product")
        teller.tell(Step("product added", f"{sku}, {_money(PRICE)}, {PIECES} in stock", ms))
        person = {"email": email, "name": "Ada", "password": password}
        _, ms = await teller.ask(client, "POST", "/api/v1/auth/register", person, "", "register")
        teller.tell(Step("customer registered", email, ms))
        login = {"email": email, "password": password}
        session, ms = await teller.ask(client, "POST", "/api/v1/auth/login", login, "", "log in")
        token = str(session["accessToken"])
        teller.tell(Step("signed in", "with an access token", ms))
        body = {"items": [{"sku": sku, "quantity": 2}], "payment": {"token": "tok_ok"}}
        order, ms = await teller.ask(client, "POST", ORDERS, body, token, "place an order")
        told.order_id, told.number = order["id"], order["number"]
        says = f"number {order['number']}, 2 x {sku}, {_money(order['total'])}"
        teller.tell(Step("order placed", says, ms))
        await self._follow(client, teller, token)

    async def _follow(self, client: Client, teller: Teller, token: str) -> None:
        """To the end of the order, then to its invoice and the notification of its end."""
        told = teller.told
        path, clock = f"{ORDERS}/{told.order_id}", asyncio.get_running_loop().time
        until = clock() + END_S
        while told.status not in FINAL and clock() < until:
            answer = await client.ask("GET", path, token=token, wait_s=WAIT_S)
            told.status = taken(answer, "show the order")["status"]
        invoices: list[Any] = []
        notes: list[Any] = []
        confirmed = told.status == "CONFIRMED"
        while confirmed and not (_issued(invoices) and _last_note(notes)) and clock() < until:
            invoices = await self._list(client, "invoices", told, token)
            notes = await self._list(client, "notifications", told, token)
            await asyncio.sleep(LOOK_S)
        timeline = taken(await client.ask("GET", f"{path}/timeline", token=token), "show the timeline")[
            "data"
        ]
        told.invoice = str(invoices[0]["number"]) if _issued(invoices) else ""
        begun = _ms(timeline[0]["at"]) if timeline else 0
        steps = []
        for entry in timeline[1:]:
            says = told.invoice if entry["name"] == "invoice.issued" else f"by {entry['service']}"
            name = STEPS.get(entry["name"], entry["name"])
            steps.append(Step(name, says, after_ms=_ms(entry["at"]) - begun))
        for note in reversed(notes):
            says = f"{note['template']}: {note['subject']}"
            steps.append(Step("customer notified", says, after_ms=_ms(note["createdAt"]) - begun))
        for step in sorted(steps, key=lambda step: step.after_ms or 0):
            teller.tell(step)
        if confirmed and not (told.invoice and _last_note(notes)):
            told.missing = "notification" if told.invoice else "invoice"

    async def _list(self, client: Client, what: str, told: Told, token: str) -> list[Any]:
        answer = await client.ask("GET", f"/api/v1/{what}?orderId={told.order_id}", token=token)
        found: list[Any] = taken(answer, f"list {what}")["data"]
        return found


def _issued(invoices: list[Any]) -> bool:
    """It is a draft before."""
    return bool(invoices) and invoices[0]["number"] is not None


def _last_note(notes: list[Any]) -> bool:
    return any(note["template"] == "order_confirmed" for note in notes)


def _money(money: Any) -> str:
    return f"{money['amount'] / 100:.2f} {money['currency']}"


def _ms(stamp: str) -> int:
    return round(datetime.fromisoformat(stamp).timestamp() * 1_000)
