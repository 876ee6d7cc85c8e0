"""The HTTP servers of orders and users, as the published gateway asks them, over the Gateway port."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import parse_qs, quote

import msgspec

from ...contracts.orders import ListOrders
from ...contracts.users import GetUser
from ...contracts.values import Page as Listed
from ...core.cache import Cache
from ...core.clock import Clock
from ...core.gateway import Gateway, Reply
from ...core.model import Caller, Query, Refused
from ..kernel.cached import Cached
from ..kernel.cors import Cors
from ..kernel.request_context import Page, Route
from ..kernel.served import Entry, ServedApi, ServedSettings
from ..kernel.serving import PAGE, Serving, gathered
from ..nest.bodies import body_of, refuse_bare
from ..nest.http import NAMES, NestContext
from ..nest.validator import Fields, every, is_int, walked, within
from .shapes import (
    LARGEST,
    MOST_PIECES,
    UNKNOWN_EMAIL,
    UNKNOWN_NAME,
    NewOrder,
    User,
    placed,
    placing,
    published,
    whole,
)

MOST_BODY = 100 * 1024
"""Express's own limit."""
CORS = Cors(("*",), methods=b"GET,HEAD,PUT,PATCH,POST,DELETE", every_options=True)
"""As Express's `cors` answers."""
USER_SECONDS = 600
NEW_ORDER: Fields = (
    ("userId", every(is_int, within(1, LARGEST))),
    ("productId", every(is_int, within(1, LARGEST))),
    ("quantity", every(is_int, within(1, MOST_PIECES))),
)
NO_NUMBER = "Validation failed (numeric string is expected)"
_NUMBER = re.compile(r"[1-9][0-9]{0,9}")
_WHOLE = re.compile(r"-?[0-9]{1,15}")
_new = msgspec.json.Decoder(NewOrder).decode
_user = msgspec.json.Decoder(User).decode
_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_encode = msgspec.json.Encoder().encode
Api = ServedApi[NestContext]


class RestSettings(ServedSettings, frozen=True, kw_only=True):
    currency: str = "EUR"


def orders_api(
    gateway: Gateway, clock: Clock, settings: RestSettings, pages: Mapping[str, Page] = {}, **more: Any
) -> Api:
    def routes(serving: Serving) -> Iterator[Entry]:
        orders = _Orders(serving, settings)
        yield "POST", "/orders", Route("orders.create", "/orders", orders.create, 201, finish=_made)
        yield "GET", "/orders/:id", Route("orders.get", "/orders/:id", orders.one)
        of_user = "/orders/user/:userId"
        yield "GET", of_user, Route("orders.of_user", of_user, orders.of_user)

    return Api(NestContext, gateway, clock, settings, routes, pages=pages, cors=CORS, loose=True, **more)


def users_api(
    gateway: Gateway,
    clock: Clock,
    settings: RestSettings,
    pages: Mapping[str, Page] = {},
    *,
    cache: Cache,
    **more: Any,
) -> Api:
    def routes(serving: Serving) -> Iterator[Entry]:
        kept = Cached(cache, "user:", USER_SECONDS, is_user)
        yield "GET", "/users/:id", Route("users.get", "/users/:id", partial(_show_user, serving, kept))

    return Api(NestContext, gateway, clock, settings, routes, pages=pages, cors=CORS, loose=True, **more)


class _Orders:
    def __init__(self, serving: Serving, settings: RestSettings) -> None:
        self._serving, self._currency, self._most = serving, settings.currency, settings.list_max

    def create(self, context: NestContext) -> None:
        """Errors: Refused, for a malformed key; NotJson, BodyRefused."""
        asked = _asked(context)
        if asked is not None:
            message = placing(asked, self._currency)
            self._serving.submit(context, message, None, Caller(str(asked.user_id), "customer"))

    def one(self, context: NestContext) -> None:
        number = _number(context)
        if number:
            self._serving.ask(context, ListOrders(1, number=number), partial(_show_one, context, number))

    def of_user(self, context: NestContext) -> None:
        """All of them, as published; a page at a time with the parameters `first` and `after`."""
        number = _number(context)
        if not number:
            return
        caller = Caller(str(number), "customer")
        given = parse_qs(context.request.query.decode("latin-1")) if context.request.query else {}
        gateway, deadline = self._serving.gateway, context.deadline
        if "first" in given:
            first = _number_of(given["first"][-1])
            if not 1 <= first <= PAGE:
                context.refuse(400, f"first must be a whole number from 1 to {PAGE}", NAMES[400])
                return
            query = ListOrders(first, given.get("after", [""])[-1])
            asked = gateway.ask(query, caller, deadline=deadline, trace=context.traceparent)
            self._serving.asks.run(asked, partial(_show_page, context, first), context.fail)
            return
        every_one = gathered(gateway, _page_of, caller, self._most, deadline)
        self._serving.asks.run(every_one, partial(_show_all, context), context.fail)


def _page_of(limit: int, cursor: str) -> Query:
    return ListOrders(limit, cursor)


def _asked(context: NestContext) -> NewOrder | None:
    """None: it was refused. Errors: NotJson, BodyRefused."""
    body = body_of(context.request, MOST_BODY)
    try:
        return _new(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        refuse_bare(body)
    made = walked(body, NewOrder, NEW_ORDER)
    if isinstance(made, list):
        context.refuse(400, made, NAMES[400])
        return None
    return made


def _made(context: NestContext, reply: Reply) -> None:
    context.answer(201, _encode(placed(reply)))


def _show_one(context: NestContext, number: int, page: Listed[Any]) -> None:
    if page.data:
        context.answer(200, _encode(published(page.data[0])))
    else:
        context.refuse(404, f"Order {number} not found", NAMES[404])


def _show_page(context: NestContext, first: int, page: Listed[Any]) -> None:
    headers: tuple[tuple[bytes, bytes], ...] = ()
    if page.next_cursor is not None:
        after = quote(page.next_cursor, safe="")
        headers = ((b"link", f'<{context.request.path}?first={first}&after={after}>; rel="next"'.encode()),)
    context.answer(200, _encode([published(order) for order in page.data]), headers)


def _show_all(context: NestContext, found: tuple[list[Any], bool]) -> None:
    orders, more = found
    headers: tuple[tuple[bytes, bytes], ...] = ()
    if more:
        headers = ((b"link", f'<{context.request.path}?first={PAGE}>; rel="next"'.encode()),)
    context.answer(200, _encode([published(order) for order in orders]), headers)


def _show_user(serving: Serving, kept: Cached, context: NestContext) -> None:
    text = context.values[0]
    if not _WHOLE.fullmatch(text):
        context.refuse(400, NO_NUMBER, NAMES[400])
        return
    number = int(text)

    async def load() -> bytes:
        return _encode(await found_user(serving.gateway, number, context.deadline, context.traceparent))

    def show(body: bytes | None) -> None:
        context.answer(200, body or b"")

    serving.asks.run(kept.read(number, load), show, context.fail)


async def found_user(gateway: Gateway, number: int, deadline: int = 0, trace: str = "") -> User:
    """Whoever is not known is the unknown user. Errors: StoreUnavailable, TimeoutError, Refused."""
    try:
        query = GetUser(str(number))
        user = await gateway.ask(query, Caller(str(number), "customer"), deadline=deadline, trace=trace)
    except Refused as error:
        if error.status != 404:
            raise
        return User(number, UNKNOWN_NAME, UNKNOWN_EMAIL)
    return User(whole(user.id), user.name, user.email)


def is_user(body: bytes) -> bool:
    try:
        _user(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return False
    return True


def is_order(body: bytes) -> bool:
    """What an original gateway has kept is served as it is, where it is an object at all."""
    try:
        _object(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return True


def _number_of(text: str) -> int:
    """0: it is none."""
    found = int(text) if _NUMBER.fullmatch(text) else 0
    return found if found <= LARGEST else 0


def _number(context: NestContext) -> int:
    """That in the path; 0: it was refused."""
    number = _number_of(context.values[0])
    if not number:
        context.refuse(400, NO_NUMBER, NAMES[400])
    return number
