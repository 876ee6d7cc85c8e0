"""Answers the published calls about notifications through the Gateway port."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from google.protobuf.message import DecodeError, Message

from ...contracts.notifications import MOST_ORDERS, NotificationsOfOrders, OrderNotification
from ...core.gateway import Gateway
from ...core.model import NOBODY, Refused
from ...core.rpc_methods import Method, RpcCall, RpcFailed, RpcService
from ...core.store import StoreUnavailable
from .notification_pb2 import (
    GetNotificationRequest,
    GetNotificationResponse,
    GetNotificationsByOrdersRequest,
    Notification,
)

M = TypeVar("M", bound=Message)
NAME = "notification.NotificationService"
ONE, SEVERAL = "GetNotifications", "GetNotificationsByOrders"
LARGEST = 2_147_483_647


def service(gateway: Gateway) -> RpcService:
    async def of_order(call: RpcCall) -> bytes:
        return await _answer(gateway, call, [_read(GetNotificationRequest, call.body).orderId])

    async def of_orders(call: RpcCall) -> bytes:
        asked = list(dict.fromkeys(_read(GetNotificationsByOrdersRequest, call.body).orderIds))
        if len(asked) > MOST_ORDERS:
            raise RpcFailed("INVALID_ARGUMENT", f"orderIds has more than {MOST_ORDERS} entries.")
        return await _answer(gateway, call, asked)

    methods: dict[str, Method] = {ONE: of_order, SEVERAL: of_orders}
    return RpcService(name=NAME, methods=methods)


def _read(kind: Callable[[], M], body: bytes) -> M:
    try:
        message = kind()
        message.ParseFromString(body)
        return message
    except DecodeError:
        raise RpcFailed("INVALID_ARGUMENT", "The request cannot be read.") from None


async def _answer(gateway: Gateway, call: RpcCall, orders: Sequence[int]) -> bytes:
    if any(order < 1 for order in orders):
        raise RpcFailed("INVALID_ARGUMENT", f"orderId must be a whole number from 1 to {LARGEST}.")
    query = NotificationsOfOrders(tuple([str(order) for order in orders]))
    try:
        found = await gateway.ask(query, NOBODY, deadline=call.deadline, trace=call.trace)
    except StoreUnavailable:
        raise RpcFailed("UNAVAILABLE", "Notifications cannot be read now.") from None
    except Refused as error:
        raise RpcFailed("INVALID_ARGUMENT", error.says or error.code) from None
    return _reply(found)


def _reply(found: Iterable[OrderNotification]) -> bytes:
    shown = [
        Notification(
            id=told.id,
            orderId=_whole(told.order_id),
            userId=_whole(told.customer_id),
            message=told.body,
            status=told.status.lower(),
            sentAt=told.created_at,
        )
        for told in found
    ]
    reply: bytes = GetNotificationResponse(notifications=shown).SerializeToString()
    return reply


def _whole(reference: str) -> int:
    """A reference of another system as a number; what is none is absent."""
    return int(reference) if reference.isascii() and reference.isdigit() and int(reference) <= LARGEST else 0
