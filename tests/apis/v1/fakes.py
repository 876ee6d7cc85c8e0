"""API v1 with a fake behind it: a gateway that answers from memory, a clock that stands still, no
sockets.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

import msgspec

from tradewind.apis.v1.app import V1Api
from tradewind.apis.v1.settings import V1Settings
from tradewind.apis.v1.tokens import TokenWriter
from tradewind.contracts.users import FindCredentials, FindPrincipal, Principal, Role, SessionView
from tradewind.core import http
from tradewind.core.gateway import Refusal, Reply
from tradewind.core.model import NOBODY, Caller, Query, Request

START = 1_795_253_400_000  # 2026-11-21T09:30:00Z
SECRET = b"the secret of the tests, 32 bytes and more"
WEBHOOK = b"the provider's secret"
encode = msgspec.json.encode


def uuid(number: int) -> str:
    return f"019aa000-0000-7000-8000-{number:012x}"


CUSTOMER, OTHER, ADMIN, ORDER = uuid(1), uuid(2), uuid(3), uuid(9)


class FakeWorld:
    def __init__(self) -> None:
        self.random = random.Random(7)
        self.at = START
        self.made = 0x1000

    def now(self) -> int:
        return self.at

    def uuid(self) -> str:
        self.made += 1
        return uuid(self.made)

    def business_id(self) -> str:
        return self.uuid()

    def business_id_of(self, internal: str) -> str:
        return internal

    def past(self, uuid: str) -> None:
        """They only ever increase."""


class Submitted(msgspec.Struct):
    message: Request
    caller: Caller
    deliver: Callable[[Reply], None]
    claim: str
    fingerprint: str
    trace: str
    deadline: int = 0


class Shown(msgspec.Struct):
    """Whatever was asked for."""

    id: str
    version: int = 1


class FakeDoor:
    """`replies` and `views` say what comes of a message, by its type; a callable is called, an exception
    raised.
    """

    def __init__(self) -> None:
        self.submitted: list[Submitted] = []
        self.asked: list[tuple[Query, Caller]] = []
        self.replies: dict[type, Any] = {}
        self.views: dict[type, Any] = {}
        self.sessions: dict[str, Role] = {}
        self.lacks: list[str] = []
        self.silent = False
        self.waits: Callable[[str, float], Any] | None = None

    def submit(
        self,
        message: Request,
        caller: Caller,
        deliver: Callable[[Reply], None],
        *,
        deadline: int = 0,
        claim: str = "",
        fingerprint: str = "",
        trace: str = "",
        again: bool = False,
    ) -> None:
        self.submitted.append(Submitted(message, caller, deliver, claim, fingerprint, trace, deadline))
        if not self.silent:
            made = self.replies.get(type(message), {"id": uuid(77)})
            made = made(message) if callable(made) else made
            deliver(made if isinstance(made, Reply) else Reply(0, encode(made)))

    async def ask(self, query: Query, caller: Caller = NOBODY, *, deadline: int = 0, trace: str = "") -> Any:
        self.asked.append((query, caller))
        if isinstance(query, FindPrincipal):
            role = self.sessions.get(query.session_id)
            found: Any = self.views.get(FindPrincipal, Principal(query.user_id, role) if role else None)
        else:
            found = self.views.get(
                type(query), None if isinstance(query, FindCredentials) else Shown(uuid(78))
            )
        found = found(query) if callable(found) else found
        if hasattr(found, "__await__"):
            found = await found
        if isinstance(found, BaseException):
            raise found
        return found

    async def changed(self, key: str, timeout: float) -> bool:
        assert self.waits is not None
        return bool(await self.waits(key, timeout))

    def missing(self) -> list[str]:
        return self.lacks

    async def stats(self) -> dict[str, Any]:
        return {"requestsQueued": 0, "activitiesRunning": 0, "services": {}}

    def questions(self, kind: type[Query]) -> int:
        return sum(isinstance(query, kind) for query, _ in self.asked)


class Answer:
    """An answer as a client sees it."""

    def __init__(self, response: http.Response) -> None:
        self.status, self.body = response.status, response.body
        self.type = response.content_type.decode()
        self.headers = {name.decode(): value.decode() for name, value in response.headers}

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def code(self) -> str:
        assert self.type == "application/problem+json", self.body
        return str(self.json["code"])


class Shop:
    def __init__(self, **options: Any) -> None:
        self.clock, self.gateway = FakeWorld(), FakeDoor()
        keep = {
            name: options.pop(name)
            for name in ("observe", "log", "tracer", "pages", "operations")
            if name in options
        }
        told: dict[str, Any] = {
            "rate_limit_per_minute": 0,
            "hash_memory_kib": 8,
            "hash_rounds": 1,
            "webhook_secrets": (WEBHOOK,),
        } | options
        self.settings = V1Settings(jwt_secret=SECRET, **told)
        self.edge = V1Api(self.gateway, self.clock, self.settings, tick=lambda: self.clock.at / 1_000, **keep)
        self.tokens = TokenWriter(SECRET, self.settings.key("refresh"), self.settings.access_ttl_s)

    def token(self, user: str, role: Role = "customer", session: str = "") -> str:
        """An access token whose session is alive."""
        session = session or uuid(0x100 + int(user[-4:], 16))
        self.gateway.sessions[session] = role
        return self.tokens.write(SessionView(session, user, role, 1, self.clock.at)).access_token

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str = "",
        headers: dict[str, str] | None = None,
        client: str = "192.0.2.1",
    ) -> http.Request:
        """`body` as bytes goes as it is; `headers` win over those that belong to the body and the token."""
        raw = body if isinstance(body, bytes) else b"" if body is None else encode(body)
        sent = {b"host": b"shop"}
        if raw:
            sent[b"content-type"] = b"application/json"
        if token:
            sent[b"authorization"] = b"Bearer " + token.encode()
        sent |= {name.lower().encode(): value.encode() for name, value in (headers or {}).items()}
        target, _, query = path.partition("?")
        request = http.Request(method, target, query.encode(), sent, raw, client)
        self.edge(request)
        return request

    def ask(self, method: str, path: str, body: Any = None, **how: Any) -> Answer:
        """For what is answered at once."""
        request = self.send(method, path, body, **how)
        assert request.answer is not None, "not answered at once"
        return Answer(request.answer)

    async def settle(self, method: str, path: str, body: Any = None, **how: Any) -> Answer:
        """For what takes a thread or a wait."""
        return await settled(self.send(method, path, body, **how))


async def settled(request: http.Request) -> Answer:
    async with asyncio.timeout(60):
        while request.answer is None:
            await asyncio.sleep(0.001)
    return Answer(request.answer)


def refusal(status: int, code: str, says: str = "", **detail: Any) -> Reply:
    return Reply(status, encode(Refusal(code, says, detail)))


BASKET = {"items": [{"sku": "TEA-100", "quantity": 2}], "payment": {"token": "tok_ok"}}
