"""Asks for notifications over the published calls: a Gateway to a process of ours, or of the published
system, which has no call for several orders.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from ...contracts.notifications import NotificationsOfOrders, OrderNotification
from ...core.gateway import Refusal, Reply
from ...core.model import NOBODY, Caller, Query, Refused, Request
from ...core.rpc_methods import RpcClient, RpcFailed
from ...core.store import StoreUnavailable
from .notification_pb2 import (
    GetNotificationRequest,
    GetNotificationResponse,
    GetNotificationsByOrdersRequest,
    Notification,
)
from .server import LARGEST, NAME, ONE, SEVERAL

encode = msgspec.json.Encoder().encode


class NotificationsGateway:
    """Implements `core.gateway.Gateway` for the one question that the wire has."""

    def __init__(self, client: RpcClient) -> None:
        self._client = client
        self._one_by_one = False

    async def ask(self, query: Query, caller: Caller = NOBODY, *, deadline: int = 0, trace: str = "") -> Any:
        if not isinstance(query, NotificationsOfOrders):
            raise Refused("not_here", 503, f"{type(query).__name__} has no call")
        orders = [int(order) for order in query.order_ids if order.isascii() and order.isdigit()]
        orders = [order for order in dict.fromkeys(orders) if 1 <= order <= LARGEST]
        if not orders:
            return []
        try:
            return [_view(one) for one in await self._found(orders, deadline, trace)]
        except RpcFailed as error:
            if error.status == "DEADLINE_EXCEEDED":
                raise TimeoutError(error.says) from None
            if error.status == "INVALID_ARGUMENT":
                raise Refused("invalid", 400, error.says) from None
            self._one_by_one = False
            raise StoreUnavailable(f"notifications: {error.status}") from error

    async def _found(self, orders: Sequence[int], deadline: int, trace: str) -> list[Notification]:
        if not self._one_by_one:
            asked = GetNotificationsByOrdersRequest(orderIds=orders).SerializeToString()
            try:
                return await self._call(SEVERAL, asked, deadline, trace)
            except RpcFailed as error:
                if error.status != "UNIMPLEMENTED":
                    raise
                self._one_by_one = True  # until it is away, when another may come in its place
        each = [GetNotificationRequest(orderId=order).SerializeToString() for order in orders]
        found = await asyncio.gather(*[self._call(ONE, one, deadline, trace) for one in each])
        return [told for of_order in found for told in of_order]

    async def _call(self, method: str, body: bytes, deadline: int, trace: str) -> list[Notification]:
        reply = await self._client.call(f"/{NAME}/{method}", body, deadline=deadline, trace=trace)
        return list(GetNotificationResponse.FromString(reply).notifications)

    def submit(self, message: Request, caller: Caller, deliver: Callable[[Reply], None], **_: Any) -> None:
        deliver(Reply(503, encode(Refusal("not_here", f"{type(message).__name__} has no call"))))

    async def changed(self, key: str, timeout: float) -> bool:
        await asyncio.sleep(timeout)
        return False

    def missing(self) -> list[str]:
        return []

    async def stats(self) -> dict[str, Any]:
        return {}


def _view(told: Notification) -> OrderNotification:
    return OrderNotification(
        told.id, str(told.orderId), str(told.userId), told.message, told.status, told.sentAt
    )
