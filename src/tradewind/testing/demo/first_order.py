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

import msgspec

from ...runtime.config import Config
from ...runtime.local import NotReachable, running
from ..http import Answer, Http
from .buying import FINAL, ORDERS
from .people import Unwelcome
from .persistence import Client
from .platform import admin_token, reach, there

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


class Step(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """`took_ms`: the request, as the client saw it. `after_ms`: since the order was created, by the clock of
    the platform.
    """

    name: str
    says: str
    took_ms: float | None = None
    after_ms: int | None = None


class Told(msgspec.Struct, rename="camel"):
    """What became of the order; `missing` says which part of its story did not come in time."""

    url: str
    order_id: str = ""
    number: int = 0
    status: str = ""
    invoice: str = ""
    missing: str = ""
    steps: list[Step] = msgspec.field(default_factory=list)

    @property
    def kept(self) -> bool:
        return self.status == "CONFIRMED" and not self.missing


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
            client = Client(http, lambda: running(ours) if ours else None, random.Random(), PATIENCE_S)
            return await self._story(client, Told(url))
        finally:
            await http.close()

    async def _story(self, client: Client, told: Told) -> Told:
        admin = await admin_token(client, self._config, named=bool(self._url))
        sku, email = f"TEA-{self._run.upper()}", f"first.{self._run}@example.com"
        password = f"{self._run} likes tea"
        product = {"sku": sku, "name": "Assam, 100 g", "price": PRICE, "stock": PIECES}
        _, ms = await self._ask(client, "POST", "/api/v1/products", product, admin, "add a product")
        self._tell(told, Step("product added", f"{sku}, {_money(PRICE)}, {PIECES} in stock", ms))
        person = {"email": email, "name": "Ada", "password": password}
        _, ms = await self._ask(client, "POST", "/api/v1/auth/register", person, "", "register")
        self._tell(told, Step("customer registered", email, ms))
        login = {"email": email, "password": password}
        session, ms = await self._ask(client, "POST", "/api/v1/auth/login", login, "", "log in")
        token = str(session["accessToken"])
        self._tell(told, Step("signed in", "with an access token", ms))
        body = {"items": [{"sku": sku, "quantity": 2}], "payment": {"token": "tok_ok"}}
        order, ms = await self._ask(client, "POST", ORDERS, body, token, "place an order")
        told.order_id, told.number = order["id"], order["number"]
        says = f"number {order['number']}, 2 x {sku}, {_money(order['total'])}"
        self._tell(told, Step("order placed", says, ms))
        await self._follow(client, told, token)
        return told

    async def _follow(self, client: Client, told: Told, token: str) -> None:
        """To the end of the order, then to its invoice and the notification of its end."""
        path, clock = f"{ORDERS}/{told.order_id}", asyncio.get_running_loop().time
        until = clock() + END_S
        while told.status not in FINAL and clock() < until:
            answer = await client.ask("GET", path, token=token, wait_s=WAIT_S)
            told.status = _taken(answer, "show the order")["status"]
        invoices: list[Any] = []
        notes: list[Any] = []
        confirmed = told.status == "CONFIRMED"
        while confirmed and not (invoices and _last_note(notes)) and clock() < until:
            invoices = await self._list(client, "invoices", told, token)
            notes = await self._list(client, "notifications", told, token)
            await asyncio.sleep(LOOK_S)
        timeline = _taken(await client.ask("GET", f"{path}/timeline", token=token), "show the timeline")[
            "data"
        ]
        told.invoice = str(invoices[0]["number"]) if invoices else ""
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
            self._tell(told, step)
        if confirmed and not (invoices and _last_note(notes)):
            told.missing = "notification" if invoices else "invoice"

    async def _list(self, client: Client, what: str, told: Told, token: str) -> list[Any]:
        answer = await client.ask("GET", f"/api/v1/{what}?orderId={told.order_id}", token=token)
        found: list[Any] = _taken(answer, f"list {what}")["data"]
        return found

    async def _ask(
        self, client: Client, method: str, path: str, body: Any, token: str, what: str
    ) -> tuple[Any, float]:
        key = "" if path.endswith("/login") else f"first-{self._run}-{path.rpartition('/')[2]}"
        answer, seconds = await client.timed(method, path, body, token=token, key=key)
        return _taken(answer, what), round(seconds * 1_000, 1)

    def _tell(self, told: Told, step: Step) -> None:
        told.steps.append(step)
        self._say(step)


def _taken(answer: Answer, what: str) -> Any:
    if answer.status not in (200, 201):
        raise Unwelcome(f"the shop does not let us {what}: {answer.status} {answer.code}")
    return answer.body


def _last_note(notes: list[Any]) -> bool:
    return any(note["template"] == "order_confirmed" for note in notes)


def _money(money: Any) -> str:
    return f"{money['amount'] / 100:.2f} {money['currency']}"


def _ms(stamp: str) -> int:
    return round(datetime.fromisoformat(stamp).timestamp() * 1_000)
