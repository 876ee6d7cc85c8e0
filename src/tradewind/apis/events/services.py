"""The HTTP servers of the published services, over the Gateway port: users, orders and payments."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from urllib.parse import parse_qs, quote

import msgspec

from ...contracts.orders import GetOrder, Item, ListOrders, PlaceOrder
from ...contracts.payments import ListPayments
from ...contracts.users import (
    AddUser,
    Credentials,
    DeleteUser,
    FindCredentials,
    GetUser,
    HasAdmin,
    ListUsers,
    Register,
    RewriteUser,
)
from ...contracts.values import Money, Page
from ...core.gateway import Reply
from ...core.model import Caller, Query, Refused
from ..kernel.passwords import Passwords
from ..kernel.request_context import Headers, RequestContext, Route
from ..kernel.served import Entry
from ..kernel.serving import PAGE, Serving
from ..nest.bodies import body_of
from ..nest.http import NAMES
from ..nest.validator import UUID
from . import shapes
from .rules import (
    CHANGE_OF_SERVICE,
    LOGIN,
    USER,
    CreateOrder,
    CreateUser,
    Login,
    UpdateUser,
    order_of,
    walked,
)
from .service_context import ServiceContext

MOST_BODY = 10 * 1024 * 1024
FIRST_ADMIN = b"x-first-admin"
"""A header of ours: the user is made only while there is no admin."""
_encode = msgspec.json.Encoder().encode


class Users:
    def __init__(self, serving: Serving, passwords: Passwords, list_max: int) -> None:
        self._serving, self._passwords, self._most = serving, passwords, list_max

    def routes(self) -> Iterator[Entry]:
        one = "/users/:id"
        yield "POST", "/users", Route("users.create", "/users", self._create, 201, finish=_made)
        yield "GET", "/users", Route("users.list", "/users", self._list)
        yield "GET", "/users/admin/check", Route("users.admin", "/users/admin/check", self._admin)
        yield "GET", "/users/email/:email", Route("users.of_email", "/users/email/:email", self._of_email)
        yield "POST", "/users/login", Route("users.login", "/users/login", self._login)
        yield "GET", one, Route("users.get", one, self._get)
        yield "PUT", one, Route("users.change", one, self._change, finish=_changed)
        yield "DELETE", one, Route("users.delete", one, self._delete, 204, finish=_deleted)

    def _create(self, context: ServiceContext) -> None:
        asked = walked(body_of(context.request, MOST_BODY), CreateUser, USER)
        if isinstance(asked, list):
            context.refuse(400, asked, NAMES[400])
            return
        first, role = FIRST_ADMIN in context.request.headers, shapes.our_role(asked.role)

        def add(password_hash: str) -> None:
            message = AddUser(asked.email, asked.name, password_hash, role, first)
            self._serving.submit(context, message, Register(asked.email, asked.name, asked.password))

        self._serving.asks.run(self._passwords.hash(asked.password), add, context.fail)

    def _list(self, context: ServiceContext) -> None:
        _show_all(self._serving, context, ListUsers, self._most, shapes.user)

    def _admin(self, context: ServiceContext) -> None:
        self._serving.ask(context, HasAdmin())

    def _get(self, context: ServiceContext) -> None:
        self._show(context, _id(context))

    def _show(self, context: ServiceContext, user_id: str) -> None:
        found = self._serving.gateway.ask(GetUser(user_id), context.caller, deadline=context.deadline)
        missing = f"User with ID {user_id} not found"
        self._serving.asks.run(found, lambda view: context.show(shapes.user(view)), _lost(context, missing))

    def _of_email(self, context: ServiceContext) -> None:
        """Without the hash: nobody needs it who can ask /users/login."""
        email = context.values[0]

        def known(found: Credentials | None) -> None:
            if found is None:
                context.refuse(404, f"User with email {email} not found", NAMES[404])
            else:
                self._show(context, found.user_id)

        self._serving.ask(context, FindCredentials(email), known)

    def _login(self, context: ServiceContext) -> None:
        asked = walked(body_of(context.request, MOST_BODY), Login, LOGIN)
        if isinstance(asked, list):
            context.refuse(400, asked, NAMES[400])
            return

        def known(found: Credentials | None) -> None:
            if found is None:
                context.refuse(401, "Invalid credentials", NAMES[401])
            else:
                self._show(context, found.user_id)

        self._serving.asks.run(self._proven(asked), known, context.fail)

    async def _proven(self, asked: Login) -> Credentials | None:
        """A hash of another system is replaced by one of ours, now that the password is here."""
        found: Credentials | None = await self._serving.gateway.ask(FindCredentials(asked.email))
        fits = await self._passwords.verify(found.password_hash if found else None, asked.password)
        if found is None or not fits:
            return None
        if self._passwords.outdated(found.password_hash):
            again = RewriteUser(found.user_id, password_hash=await self._passwords.hash(asked.password))
            self._serving.gateway.submit(again, Caller(found.user_id, "customer"), _nothing)
        return found

    def _change(self, context: ServiceContext) -> None:
        user_id = _id(context)
        asked = walked(body_of(context.request, MOST_BODY), UpdateUser, CHANGE_OF_SERVICE)
        if isinstance(asked, list):
            context.refuse(400, asked, NAMES[400])
            return
        given: dict[str, Any] = {
            name: value
            for name, value in (("email", asked.email), ("name", asked.name))
            if value is not msgspec.UNSET
        }
        if isinstance(asked.role, str):
            given["role"] = shapes.our_role(asked.role)
        if not isinstance(asked.password, str):
            self._serving.submit(context, RewriteUser(user_id, **given))
            return

        def rewrite(password_hash: str) -> None:
            self._serving.submit(context, RewriteUser(user_id, **given, password_hash=password_hash))

        self._serving.asks.run(self._passwords.hash(asked.password), rewrite, context.fail)

    def _delete(self, context: ServiceContext) -> None:
        self._serving.submit(context, DeleteUser(_id(context)))


class Orders:
    def __init__(self, serving: Serving, currency: str, list_max: int) -> None:
        self._serving, self._currency, self._most = serving, currency, list_max

    def routes(self) -> Iterator[Entry]:
        yield "POST", "/orders", Route("orders.create", "/orders", self._place, 201, finish=_placed)
        yield "GET", "/orders", Route("orders.list", "/orders", self._list)
        yield "GET", "/orders/:id", Route("orders.get", "/orders/:id", self._get)

    def _place(self, context: ServiceContext) -> None:
        asked = order_of(body_of(context.request, MOST_BODY))
        if isinstance(asked, CreateOrder):
            context.caller = Caller(asked.user_id, "customer")
            self._serving.submit(context, self._message(asked))
        else:
            context.refuse(400, asked, NAMES[400])

    def _message(self, asked: CreateOrder) -> PlaceOrder:
        currency = self._currency
        return PlaceOrder(
            tuple(
                [
                    Item(item.quantity, item.product_id, price=Money(item.cents, currency))
                    for item in asked.items
                ]
            )
        )

    def _get(self, context: ServiceContext) -> None:
        order_id = _id(context)
        found = self._serving.gateway.ask(
            GetOrder(order_id), context.caller, deadline=context.deadline, trace=context.traceparent
        )
        missing = f"Order with ID {order_id} not found"
        self._serving.asks.run(found, lambda view: context.show(shapes.order(view)), _lost(context, missing))

    def _list(self, context: ServiceContext) -> None:
        """`userId`, of ours: those of one user."""
        if user := _parameter(context, "userId"):
            context.caller = Caller(user, "customer")
        _show_all(self._serving, context, ListOrders, self._most, shapes.order)


class Payments:
    """A route of ours: the published service has none."""

    def __init__(self, serving: Serving, list_max: int) -> None:
        self._serving, self._most = serving, list_max

    def routes(self) -> Iterator[Entry]:
        path = "/payments/order/:orderId"
        yield "GET", path, Route("payments.of_order", path, self._of_order)

    def _of_order(self, context: ServiceContext) -> None:
        query = partial(ListPayments, context.values[0][:255])
        _show_all(self._serving, context, query, self._most, shapes.payment)


def _show_all(
    serving: Serving,
    context: ServiceContext,
    query: Callable[[int, str], Query],
    most: int,
    shown: Callable[[Any], Any],
) -> None:
    """A list that is published without pages ends somewhere, and says so."""

    def show(found: tuple[list[Any], str | None]) -> None:
        views, cursor = found
        headers: Headers = ()
        if cursor is not None:
            link = f'<{context.request.path}?cursor={quote(cursor)}>; rel="next"'
            headers = ((b"link", link.encode()),)
        context.answer(200, _encode([shown(view) for view in views]), headers)

    serving.asks.run(_gathered(serving, context, query, most), show, context.fail)


async def _gathered(
    serving: Serving, context: ServiceContext, query: Callable[[int, str], Query], most: int
) -> tuple[list[Any], str | None]:
    """Newest first, with what the next page is asked by."""
    limit = _parameter(context, "limit")
    most = min(most, int(limit)) if re.fullmatch(r"[1-9][0-9]{0,8}", limit) else most
    found: list[Any] = []
    cursor: str | None = _parameter(context, "cursor")
    while cursor is not None and len(found) < most:
        asked = query(min(PAGE, most - len(found)), cursor)
        page: Page[Any] = await serving.gateway.ask(asked, context.caller, deadline=context.deadline)
        found += page.data
        cursor = page.next_cursor
    return found, cursor


def _made(context: RequestContext, reply: Reply) -> None:
    context.answer(201, _encode(shapes.new_user(reply)))


def _changed(context: RequestContext, reply: Reply) -> None:
    context.answer(200, _encode(shapes.user(shapes.replied_user(reply))))


def _deleted(context: RequestContext, reply: Reply) -> None:
    context.answer(204, b"")


def _placed(context: RequestContext, reply: Reply) -> None:
    context.answer(201, _encode(shapes.new_order(reply)))


def _nothing(_: Reply) -> None: ...


def _lost(context: ServiceContext, missing: str) -> Callable[[BaseException], None]:
    """What became of a question for one thing, in the published words."""

    def failed(error: BaseException) -> None:
        if isinstance(error, Refused) and error.status == 404:
            context.refuse(404, missing, NAMES[404])
        else:
            context.fail(error)

    return failed


def _id(context: ServiceContext) -> str:
    """Errors: Refused 400, as NestJS's ParseUUIDPipe has it."""
    value = context.values[0]
    if UUID.match(value) is None:
        raise Refused("invalid_id", 400, "Validation failed (uuid is expected)")
    return value.lower()


def _parameter(context: ServiceContext, name: str) -> str:
    query = context.request.query
    return parse_qs(query.decode("latin-1")).get(name, [""])[-1] if query else ""
