"""Reads what one GraphQL request needs: each user once, and the notifications of all orders that were found
in one question, before their fields are resolved.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from ...contracts.notifications import NotificationsOfOrders, OrderNotification
from ...contracts.orders import ListOrders
from ...core.gateway import Reply
from ...core.model import Caller, Refused, Request
from ..kernel import errors
from ..kernel.serving import Serving
from .rest import found_user
from .shapes import NewOrder, Order, User, placed, placing, published, whole

if TYPE_CHECKING:
    from ..kernel.request_context import RequestContext

USER, NOTIFICATIONS = "Order.user", "Order.notifications"


class Notification(msgspec.Struct, frozen=True, rename="camel", gc=False):
    id: str
    order_id: int
    user_id: int
    message: str
    status: str
    sent_at: str | None


class Orders(msgspec.Struct, frozen=True):
    nodes: list[Order]
    next_cursor: str | None


class Reading:
    """`asks` are the fields that the document names anywhere; `key` is the idempotency key of the request.
    `shapes` are those of the document (`shaping`), by the node that they are of.
    """

    def __init__(
        self,
        serving: Serving,
        context: RequestContext,
        asks: Collection[str],
        currency: str,
        key: bytes | None,
        shapes: dict[int, Any] | None = None,
    ) -> None:
        self.serving, self.context, self.key = serving, context, key
        self.shapes: dict[int, Any] = {} if shapes is None else shapes
        self._asks, self._currency = asks, currency
        self._users: dict[int, asyncio.Future[User]] = {}
        self._told: dict[int, list[Notification] | BaseException] = {}

    async def order(self, number: int) -> Order | None:
        """Errors: Refused, StoreUnavailable, TimeoutError."""
        page = await self._ask(ListOrders(1, number=number))
        if not page.data:
            return None
        order = published(page.data[0])
        await self._complete([order])
        return order

    async def orders(self, customer: int, first: int, after: str) -> Orders:
        page = await self._ask(ListOrders(first, after), Caller(str(customer), "customer"))
        orders = [published(order) for order in page.data]
        await self._complete(orders)
        return Orders(orders, page.next_cursor)

    async def user(self, number: int) -> User:
        future = self._users.get(number)
        if future is None:
            context = self.context
            asked = found_user(self.serving.gateway, number, context.deadline, context.traceparent)
            future = self._users[number] = asyncio.ensure_future(asked)
        return await future

    async def notifications(self, orders: Iterable[int]) -> dict[int, list[Notification]]:
        """By order, the oldest first."""
        found: dict[int, list[Notification]] = {number: [] for number in orders}
        query = NotificationsOfOrders(tuple([str(number) for number in found]))
        told: list[OrderNotification] = await self._ask(query)
        for one in told:
            number = whole(one.order_id)
            if number in found:
                found[number].append(_shown(one, number))
        return found

    async def place(self, asked: NewOrder, field: str, key: bytes | None) -> Order:
        """`field` tells the fields of one request apart, under the same key."""
        order = placed(await self._submit(asked, field, key))
        await self._complete([order])
        return order

    def user_of(self, order: Order) -> User:
        """Once `_complete` has read it."""
        return self._users[order.user_id].result()

    def told_of(self, order: Order) -> list[Notification]:
        found = self._told[order.id]
        if isinstance(found, BaseException):
            raise found
        return found

    async def _ask(self, query: Any, caller: Caller | None = None) -> Any:
        context = self.context
        return await self.serving.gateway.ask(
            query, caller or context.caller, deadline=context.deadline, trace=context.traceparent
        )

    async def _submit(self, asked: NewOrder, field: str, key: bytes | None) -> Reply:
        came: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        message: Request = placing(asked, self._currency)
        caller = Caller(str(asked.user_id), "customer")
        self.serving.send(self.context, message, caller, partial(_settle, came), key, field)
        reply = await came
        if reply.status:
            failure = errors.of_reply(reply.status, reply.body)
            raise Refused(failure.code, failure.status, failure.says)
        return reply

    async def _complete(self, orders: list[Order]) -> None:
        """Reads what the document asks of each order. Whoever resolves a field meets its error."""
        work: list[Any] = []
        if USER in self._asks:
            work += [self.user(number) for number in dict.fromkeys([order.user_id for order in orders])]
        if NOTIFICATIONS in self._asks and orders:
            work.append(self._tell([order.id for order in orders]))
        if work:
            await asyncio.gather(*work, return_exceptions=True)

    async def _tell(self, numbers: list[int]) -> None:
        try:
            self._told.update(await self.notifications(numbers))
        except Exception as error:  # it is the answer of the fields that need it, and of no other
            self._told.update(dict.fromkeys(numbers, error))


def _shown(told: OrderNotification, number: int) -> Notification:
    return Notification(
        told.id, number, whole(told.customer_id), told.body, told.status, told.created_at or None
    )


def _settle(came: asyncio.Future[Reply], reply: Reply) -> None:
    if not came.done():
        came.set_result(reply)
