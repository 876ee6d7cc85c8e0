"""Asks orders and users over their published HTTP: a Gateway to processes of ours, or of the published
system, whose lists have no pages.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote, urlencode

import msgspec

from ...contracts.orders import ListOrders, OrderView, PlaceOrder
from ...contracts.users import GetUser, UserView
from ...contracts.values import Page
from ...core.gateway import Reply
from ...core.http import HttpAnswer
from ...core.model import NOBODY, Caller, Query, Refused, Request
from ...core.store import StoreUnavailable
from ..kernel.resilience.http_service import UNKNOWN, HttpService, HttpServiceGateway, not_here
from .shapes import NewOrder, Order, User, our_user, ours, whole

PLACE = "~"
"""Begins a cursor of ours into a list without pages; the number of the last order that was shown follows."""
_NEXT = re.compile(r'[?&]after=([^&>]+)[^>]*>\s*;\s*rel="?next')
_order = msgspec.json.Decoder(Order).decode
_orders = msgspec.json.Decoder(list[Order]).decode
_user = msgspec.json.Decoder(User).decode
_encode = msgspec.json.Encoder().encode


class OrdersGateway(HttpServiceGateway):
    def __init__(self, service: HttpService, currency: str) -> None:
        super().__init__(service)
        self._currency = currency

    async def done(self, message: Request, caller: Caller, *, key: str, deadline: int, trace: str) -> Reply:
        if not isinstance(message, PlaceOrder):
            not_here(message)
        (item,) = message.items
        asked = NewOrder(whole(caller.id), whole(item.product_id or ""), item.quantity)
        answer = await self.service.write(
            "POST", "/orders", _encode(asked), key=key, deadline=deadline, trace=trace
        )
        if answer.status not in (200, 201):
            raise _refused(answer)
        try:
            view = ours(_order(answer.body), self._currency)
        except msgspec.MsgspecError:
            raise Refused(UNKNOWN, 503, "The service answered what cannot be read.", retry_after=1) from None
        return Reply(0, _encode(view), view=view)

    async def ask(self, query: Query, caller: Caller = NOBODY, *, deadline: int = 0, trace: str = "") -> Any:
        if not isinstance(query, ListOrders) or query.page or query.status:
            not_here(query)
        if query.number:
            return await self._one(query.number, caller, deadline, trace)
        path = f"/orders/user/{whole(caller.id)}"
        given = {"first": query.limit} | ({"after": query.cursor} if query.cursor else {})
        answer = await self.service.read(f"{path}?{urlencode(given)}", deadline=deadline, trace=trace)
        return self._page(answer, query)

    async def _one(self, number: int, caller: Caller, deadline: int, trace: str) -> Page[OrderView]:
        answer = await self.service.read(f"/orders/{number}", deadline=deadline, trace=trace)
        if answer.status == 404 or (answer.status == 200 and not answer.body):
            return Page([], None)  # the published service finds nothing in the second way
        found = ours(self._read(answer, _order), self._currency)
        return Page([found] if caller.may_see(found.customer_id) else [], None)

    def _page(self, answer: HttpAnswer, query: ListOrders) -> Page[OrderView]:
        found: list[Order] = self._read(answer, _orders)
        after = _NEXT.search(answer.headers.get("link", ""))
        cursor = unquote(after[1]) if after else None
        if query.cursor.startswith(PLACE):
            last = whole(query.cursor[len(PLACE) :])
            at = next((index for index, order in enumerate(found) if order.id == last), -1)
            found = found[at + 1 :]
        if len(found) > query.limit:
            found = found[: query.limit]
            cursor = f"{PLACE}{found[-1].id}"
        return Page([ours(order, self._currency) for order in found], cursor)

    def _read(self, answer: HttpAnswer, decode: Any) -> Any:
        if answer.status != 200:
            raise _refused(answer)
        try:
            return decode(answer.body)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise StoreUnavailable(f"{self.service.name}: the answer cannot be read") from None


class UsersGateway(HttpServiceGateway):
    async def ask(self, query: Query, caller: Caller = NOBODY, *, deadline: int = 0, trace: str = "") -> Any:
        if not isinstance(query, GetUser):
            not_here(query)
        answer = await self.service.read(f"/users/{query.user_id}", deadline=deadline, trace=trace)
        if answer.status != 200:
            raise _refused(answer)
        try:
            found: UserView = our_user(_user(answer.body))
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise StoreUnavailable(f"{self.service.name}: the answer cannot be read") from None
        return found


class _Error(msgspec.Struct):
    message: str | list[str] = ""


_error = msgspec.json.Decoder(_Error).decode
_CODES = {404: "not_found", 409: "request_in_progress", 422: "idempotency_key_reused"}


def _refused(answer: HttpAnswer) -> Refused:
    try:
        says = _error(answer.body).message
    except (msgspec.MsgspecError, UnicodeDecodeError):
        says = ""
    text = says if isinstance(says, str) else "; ".join(says)
    return Refused(_CODES.get(answer.status, "invalid_request"), answer.status, text)
