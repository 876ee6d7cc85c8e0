"""The gateway of the published system: checks who asks and what is asked, sends it on to the services as they
publish their HTTP, and keeps nothing itself.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from ...core.http import HttpAnswer
from ...core.model import Refused
from ..kernel.admission import SIGNED_IN, Rule
from ..kernel.idempotency import key_of
from ..kernel.passwords import Passwords
from ..kernel.pending_reads import PendingReads
from ..kernel.request_context import Route
from ..kernel.resilience.http_service import NONE, HttpService
from ..kernel.served import Entry
from ..nest.bodies import body_of
from ..nest.http import NAMES, NestContext
from ..nest.validator import UUID, Fields
from .rules import CHANGE, LOGIN, USER, CreateOrder, CreateUser, Login, UpdateUser, order_of, walked
from .services import FIRST_ADMIN, MOST_BODY
from .tokens import Tokens

T = TypeVar("T")
PUBLIC = Rule(reads=True, needs=False)
ADMIN = Rule(reads=True, needs=True, role="admin")
NO_FIRST = "The first user must be an admin. Please create an admin user first."
NO_TOKEN = "Authentication required to create users"
NO_RIGHT = "Admin role required to create users"
NO_SUCH_ADMIN = "An admin is made by an admin"
_encode = msgspec.json.Encoder().encode


class _Said(msgspec.Struct):
    message: Any = ""
    error: str = ""


class Person(msgspec.Struct):
    """What a login shows of a user. `password` is the hash of a service of others."""

    id: str
    email: str
    name: str
    role: str = "user"
    password: str = ""


class _Known(msgspec.Struct, rename="camel"):
    has_admin: bool


class _Owned(msgspec.Struct, rename="camel"):
    user_id: str = ""


_said = msgspec.json.Decoder(_Said).decode
_person = msgspec.json.Decoder(Person).decode
_admin = msgspec.json.Decoder(_Known).decode
_owned = msgspec.json.Decoder(_Owned).decode
_raws = msgspec.json.Decoder(list[msgspec.Raw]).decode


class Gateway:
    """The operations. `asked`: whether callers prove who they are."""

    def __init__(
        self,
        services: Mapping[str, HttpService],
        tokens: Tokens,
        passwords: Passwords,
        asks: PendingReads,
        asked: bool,
        observe: Callable[[str, str, str, float], None],
        tick: Callable[[], float],
    ) -> None:
        self._observe, self._tick = observe, tick
        self._users, self._orders = services["users"], services["orders"]
        self._payments = services["payments"]
        self._tokens, self._passwords, self._asks, self._asked = tokens, passwords, asks, asked

    def routes(self) -> Iterator[Entry]:
        def route(
            method: str,
            path: str,
            name: str,
            serve: Callable[[NestContext], Coroutine[Any, Any, None]],
            rule: Rule = SIGNED_IN,
            status: int = 200,
        ) -> Entry:
            return method, path, Route(name, path, self._run(serve), status, rule)

        users, orders = "/api/users", "/api/orders"
        yield route("POST", users, "users.create", self._create_user, PUBLIC, 201)
        yield route("GET", users, "users.list", self._list_users)
        yield route("GET", f"{users}/:id", "users.get", self._get_user)
        yield route("PUT", f"{users}/:id", "users.change", self._change_user, ADMIN)
        yield route("DELETE", f"{users}/:id", "users.delete", self._delete_user, ADMIN, 204)
        yield route("POST", orders, "orders.create", self._place, status=201)
        yield route("GET", orders, "orders.list", self._list_orders)
        yield route("GET", f"{orders}/:id", "orders.get", self._get_order)
        path = "/api/payments/order/:orderId"
        yield route("GET", path, "payments.of_order", self._payments_of)
        yield route("POST", "/api/auth/register", "auth.register", self._register, PUBLIC, 201)
        yield route("POST", "/api/auth/login", "auth.login", self._log_in, PUBLIC)

    def _run(
        self, serve: Callable[[NestContext], Coroutine[Any, Any, None]]
    ) -> Callable[[NestContext], None]:
        return lambda context: self._asks.run(serve(context), _done, context.fail)

    # -- orders and payments

    async def _place(self, context: NestContext) -> None:
        body = body_of(context.request, MOST_BODY)
        asked = order_of(body)
        if not isinstance(asked, CreateOrder):
            context.refuse(400, asked, NAMES[400])
            return
        if not self._may_see(context, asked.user_id.lower()):
            raise Refused("forbidden", 403)
        _pass(context, await self._write(context, self._orders, "POST", "/orders", _encode(asked)))

    async def _get_order(self, context: NestContext) -> None:
        order_id = _id(context)
        answer = await self._read(context, self._orders, f"/orders/{order_id}")
        if answer.status == 200 and self._limited(context) and not self._owns(context, answer.body):
            context.refuse(404, f"Order with ID {order_id} not found", NAMES[404])
            return
        _pass(context, answer)

    async def _list_orders(self, context: NestContext) -> None:
        """A service of others does not know the filter."""
        if not self._limited(context):
            _pass(context, await self._read(context, self._orders, _listed(context, "/orders")))
            return
        path = _listed(context, "/orders", f"userId={context.caller.id}")
        answer = await self._read(context, self._orders, path)
        if answer.status == 200:
            own = [raw for raw in _raws(answer.body) if self._owns(context, bytes(raw))]
            answer = HttpAnswer(200, _encode(own), answer.headers)
        _pass(context, answer)

    async def _payments_of(self, context: NestContext) -> None:
        order_id = _id(context)
        if self._limited(context):
            found = await self._read(context, self._orders, f"/orders/{order_id}")
            if found.status != 200 or not self._owns(context, found.body):
                context.refuse(404, f"Order with ID {order_id} not found", NAMES[404])
                return
        _pass(context, await self._read(context, self._payments, f"/payments/order/{order_id}"))

    # -- users

    async def _create_user(self, context: NestContext) -> None:
        asked = self._checked(context, CreateUser, USER)
        if asked is None:
            return
        headers: dict[str, str] = {}
        if self._asked and context.caller.role != "admin":
            answer = await self._read(context, self._users, "/users/admin/check")
            if answer.status != 200 or _admin(answer.body).has_admin:  # what is not known is no "none"
                without = b"authorization" not in context.request.headers
                context.refuse(403, NO_TOKEN if without else NO_RIGHT, NAMES[403])
                return
            if asked.role != "admin":
                context.refuse(400, NO_FIRST, NAMES[400])
                return
            headers[FIRST_ADMIN.decode()] = "1"
        _pass(context, await self._write(context, self._users, "POST", "/users", _encode(asked), headers))

    async def _list_users(self, context: NestContext) -> None:
        if self._limited(context):
            answer = await self._read(context, self._users, f"/users/{context.caller.id}")
            if answer.status in (200, 404):
                answer = HttpAnswer(200, b"[%b]" % (answer.body if answer.status == 200 else b""))
        else:
            answer = await self._read(context, self._users, _listed(context, "/users"))
        _pass(context, answer)

    async def _get_user(self, context: NestContext) -> None:
        user_id = _id(context)
        if not self._may_see(context, user_id):
            raise Refused("forbidden", 403)
        _pass(context, await self._read(context, self._users, f"/users/{user_id}"))

    async def _change_user(self, context: NestContext) -> None:
        user_id, asked = _id(context), self._checked(context, UpdateUser, CHANGE)
        if asked is not None:
            body = _encode(asked)
            _pass(context, await self._write(context, self._users, "PUT", f"/users/{user_id}", body))

    async def _delete_user(self, context: NestContext) -> None:
        _pass(context, await self._write(context, self._users, "DELETE", f"/users/{_id(context)}"))

    # -- accounts

    async def _register(self, context: NestContext) -> None:
        asked = self._checked(context, CreateUser, USER)
        if asked is None:
            return
        if asked.role == "admin":
            context.refuse(403, NO_SUCH_ADMIN, NAMES[403])
            return
        made = await self._write(context, self._users, "POST", "/users", _encode(asked))
        if made.status == 201:
            self._sign_in(context, _person(made.body))
        else:
            _pass(context, made)

    async def _log_in(self, context: NestContext) -> None:
        asked = self._checked(context, Login, LOGIN)
        if asked is not None and (person := await self._proven(context, asked)) is not None:
            self._sign_in(context, person)
        elif asked is not None:
            context.refuse(401, "Invalid credentials", NAMES[401])

    async def _proven(self, context: NestContext, asked: Login) -> Person | None:
        """Our own service proves the password; one of others gives its hash away."""
        answer = await self._write(context, self._users, "POST", "/users/login", _encode(asked))
        if answer.status == 200:
            return _person(answer.body)
        if answer.status == 401:
            return None
        if answer.status != 404:
            raise Refused("unavailable", 503, "users does not answer.", retry_after=1)
        answer = await self._read(context, self._users, f"/users/email/{quote(asked.email, safe='')}")
        person = _person(answer.body) if answer.status == 200 else None
        fits = await self._passwords.verify(None if person is None else person.password, asked.password)
        return person if fits else None

    def _sign_in(self, context: NestContext, person: Person) -> None:
        token = self._tokens.write(person.id, person.email, person.role)
        user = {"id": person.id, "email": person.email, "name": person.name, "role": person.role}
        context.show({"access_token": token, "user": user})

    # -- what they share

    async def _read(self, context: NestContext, service: HttpService, path: str) -> HttpAnswer:
        with self._called(context, service):
            return await service.read(
                path, deadline=context.deadline, trace=context.traceparent, headers=_named(context)
            )

    async def _write(
        self,
        context: NestContext,
        service: HttpService,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] = NONE,
    ) -> HttpAnswer:
        """Under the client's idempotency key, where it sent one, it may be sent again."""
        key = key_of(context.request.headers)
        with self._called(context, service):
            return await service.write(
                method,
                path,
                body,
                key="" if key is None else key.decode(),
                deadline=context.deadline,
                trace=context.traceparent,
                headers={**_named(context), **headers},
            )

    @contextmanager
    def _called(self, context: NestContext, service: HttpService) -> Iterator[None]:
        """Counts a call to a service, however it ends."""
        began, ended = self._tick(), "down"
        try:
            yield
            ended = "answer"
        except TimeoutError:
            ended = "timeout"
            raise
        finally:
            self._observe(service.name, context.route.name, ended, self._tick() - began)

    def _checked(self, context: NestContext, kind: type[T], fields: Fields) -> T | None:
        found = walked(body_of(context.request, MOST_BODY), kind, fields)
        if isinstance(found, list):
            context.refuse(400, found, NAMES[400])
            return None
        return found

    def _limited(self, context: NestContext) -> bool:
        """Whether the caller sees what is his own alone."""
        return context.caller.role != "admin"

    def _may_see(self, context: NestContext, user_id: str) -> bool:
        return not self._limited(context) or context.caller.id == user_id

    def _owns(self, context: NestContext, order: bytes) -> bool:
        return _owned(order).user_id == context.caller.id


def _named(context: NestContext) -> dict[str, str]:
    return {"x-request-id": context.request_id.decode("latin-1")}


def _done(_: None) -> None: ...


def _pass(context: NestContext, answer: HttpAnswer) -> None:
    """What the service says, as it came; its refusals in NestJS's own shape, without what only they have."""
    kept = [(name, answer.headers[name]) for name in ("link", "retry-after") if name in answer.headers]
    headers = tuple([(name.encode(), _at(context, value).encode("latin-1")) for name, value in kept])
    if answer.status < 300:
        context.answer(context.route.status, answer.body, headers)
        return
    try:
        said = _said(answer.body)
    except msgspec.MsgspecError:
        said = _Said()
    name = NAMES.get(answer.status, "")
    context.refuse(answer.status, said.message or name, name, headers)


def _at(context: NestContext, header: str) -> str:
    """A link of the service leads to the page of the gateway."""
    _, found, query = header.partition("?")
    return f"<{context.request.path}?{query}" if found else header


def _id(context: NestContext) -> str:
    """Errors: Refused 400."""
    value = context.values[0]
    if UUID.match(value) is None:
        raise Refused("invalid_id", 400, "Validation failed (uuid is expected)")
    return value.lower()


def _listed(context: NestContext, path: str, *more: str) -> str:
    """With what the client asks of the list."""
    query = context.request.query.decode("latin-1")
    asked = [part for part in query.split("&") if part.partition("=")[0] in ("cursor", "limit")]
    return "?".join(filter(None, (path, "&".join((*asked, *more)))))
