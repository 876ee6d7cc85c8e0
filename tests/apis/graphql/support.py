"""The GraphQL gateway, and the servers of orders and users, as a client sees them, without a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

from tests.apis.v1.fakes import START, Answer, FakeDoor, FakeWorld
from tradewind.apis.graphql.app import GraphqlApi, GraphqlSettings
from tradewind.apis.graphql.rest import RestSettings
from tradewind.contracts.notifications import NotificationsOfOrders, OrderNotification
from tradewind.contracts.orders import Line, ListOrders, OrderView, PlaceOrder
from tradewind.contracts.users import GetUser, UserView
from tradewind.contracts.values import Money, Page, stamp
from tradewind.core.http import Request
from tradewind.core.model import Caller, Refused
from tradewind.drivers.local.cache import LocalCache

AT = stamp(START)
FREE = Money(0, "EUR")
SECRET = b"the secret of the tests"
USERS = {"1": "Alice Johnson", "2": "Bob Smith"}


def order_view(number: int = 1, customer: int = 1, quantity: int = 3) -> OrderView:
    lines = (Line("101", "", "", quantity, FREE, FREE),)
    return OrderView(
        f"id-{number}", number, "PENDING", "none", str(customer), lines, FREE, None, AT, 1, AT, AT
    )


class Services(FakeDoor):
    """A few orders and users in memory. `kept` are the orders, by number."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[int, OrderView] = {}
        self.replies[PlaceOrder] = self._place
        self.views = {ListOrders: self._list, GetUser: self._user, NotificationsOfOrders: self._told}

    def _place(self, message: Any) -> OrderView:
        (item,) = message.items
        number = len(self.kept) + 1
        self.kept[number] = order_view(number, int(self.submitted[-1].caller.id), item.quantity)
        return self.kept[number]

    def _list(self, query: Any) -> Any:
        caller: Caller = self.asked[-1][1]
        if query.number:
            found = self.kept.get(query.number)
            return Page([found] if found is not None else [], None)
        mine = [order for order in reversed(self.kept.values()) if order.customer_id == caller.id]
        begin = int(query.cursor or 0)
        end = begin + query.limit
        return Page(mine[begin:end], str(end) if end < len(mine) else None)

    def _user(self, query: Any) -> Any:
        name = USERS.get(query.user_id)
        if name is None:
            return Refused("not_found", 404)
        return UserView(query.user_id, f"{query.user_id}@example.com", name, "customer", 1, AT)

    def _told(self, query: Any) -> Any:
        return [
            OrderNotification(f"n-{number}", number, "1", f"Order {number} created", "sent", AT)
            for number in query.order_ids
            if int(number) in self.kept
        ]


class Client:
    """`api` makes the server from a gateway, a clock and a cache."""

    def __init__(self, api: Callable[[Services, FakeWorld, LocalCache], Any]) -> None:
        self.services, self.clock = Services(), FakeWorld()
        self.cache = LocalCache(self.clock.now)
        self.api = api(self.services, self.clock, self.cache)

    async def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        named = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
        path, _, query = path.partition("?")
        request = Request(method, path, query.encode(), named, body, "192.0.2.1")
        came = asyncio.Event()
        request.listener = came.set
        self.api(request)
        if request.answer is None:
            async with asyncio.timeout(20):
                await came.wait()
        assert request.answer is not None
        return Answer(request.answer)

    async def post(self, body: Any, path: str = "/graphql", **headers: str) -> Answer:
        raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
        return await self.ask("POST", path, raw, **{"content-type": "application/json", **headers})

    async def query(self, text: str, **variables: Any) -> Any:
        """The answer's JSON."""
        answer = await self.post({"query": text, "variables": variables})
        return answer.json


def gateway(**settings: Any) -> Client:
    found = GraphqlSettings(**{"secret": SECRET, "reads_at_once": False, **settings})
    return Client(lambda services, clock, cache: GraphqlApi(services, clock, found, cache=cache))


def server(make: Callable[..., Any], **more: Any) -> Client:
    """Of orders or users."""
    found = RestSettings(secret=SECRET, **more)
    return Client(lambda services, clock, cache: make(services, clock, found))


def code(answer: Any) -> str:
    (error,) = answer["errors"]
    return str(error["extensions"]["code"])
