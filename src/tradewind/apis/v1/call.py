"""The context of one request: its caller, its route, its start, and that it is answered once."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import count
from typing import Any

import msgspec

from ...core.clock import Clock
from ...core.gateway import Reply
from ...core.http import Request, Response
from ...core.model import NOBODY, Caller, Message
from ..kernel import pending_reads as guard
from . import refusals
from .access import Rule
from .refusals import Headers

JSON = b"application/json"
COMMON: Headers = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"))
REPLAYED: Headers = (*COMMON, (b"idempotent-replayed", b"true"))
_VISIBLE = re.compile(rb"[\x21-\x7e]{1,128}")
_TRACEPARENT = re.compile(
    rb"(?!ff)[0-9a-f]{2}-((?!0{32})[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?"
)
_encode = msgspec.json.Encoder().encode


class Route:
    """One route: what is bound, who may call, what serves it, and how a reply is finished."""

    __slots__ = ("bind", "finish", "location", "name", "path", "rule", "serve", "status")

    def __init__(
        self,
        name: str,
        path: str,
        rule: Rule | None,
        serve: Callable[[Call], None],
        *,
        bind: Callable[[Request, tuple[str, ...]], Message] | None = None,
        finish: Callable[[Call, Reply], None] | None = None,
        status: int = 200,
        location: bytes = b"",
    ) -> None:
        self.name, self.path, self.rule, self.serve, self.status, self.location = (
            name,
            path,
            rule,
            serve,
            status,
            location,
        )
        self.bind, self.finish = bind or _unbound, finish or finish_view


def request_ids(clock: Clock) -> Callable[[], str]:
    """Makes ids for requests that came without one: a name of this start and a number. Nothing is kept under
    them, so that is enough.
    """
    start, number = clock.uuid().replace("-", "")[:20], count(1)
    return lambda: f"{start}-{next(number):x}"


class Call:
    __slots__ = (
        "_answered",
        "_ends",
        "began",
        "caller",
        "request",
        "request_id",
        "route",
        "trace_id",
        "values",
    )

    def __init__(
        self,
        request: Request,
        began: float,
        fresh: Callable[[], str],
        route: Route,
        ends: Callable[[Call, int], None],
    ) -> None:
        headers = request.headers
        given = headers.get(b"x-request-id")
        self.request_id = given if given is not None and _VISIBLE.fullmatch(given) else fresh().encode()
        traced = headers.get(b"traceparent")
        parent = _TRACEPARENT.fullmatch(traced) if traced is not None else None
        self.trace_id = parent[1].decode() if parent else ""
        self.request, self.began, self.route, self._ends = request, began, route, ends
        self.values: tuple[str, ...] = ()
        self.caller: Caller = NOBODY
        self._answered = False

    @property
    def trace(self) -> str:
        """What the stories that this request begins are found by."""
        return self.trace_id or self.request_id.decode()

    @property
    def instance(self) -> str | None:
        """Which thing an answer is about; the same each time, so that a refusal that is sent again has the
        same bytes.
        """
        return self.request.path if self.route.path else None

    # -- the message
    # ------------------------------------------------------------------------------------------------------

    def bound(self) -> Any:
        return self.route.bind(self.request, self.values)

    # -- the answer
    # -------------------------------------------------------------------------------------------------------

    def answer(self, status: int, body: bytes, headers: Headers = COMMON, content_type: bytes = JSON) -> None:
        if self._answered:
            return
        self._answered = True
        self.request.respond(
            Response(status, body, (*headers, (b"x-request-id", self.request_id)), content_type)
        )
        self._ends(self, status)

    def send(self, response: Response, headers: Headers = COMMON) -> None:
        self.answer(response.status, response.body, (*headers, *response.headers), response.content_type)

    def show(self, view: Any, headers: Headers = COMMON) -> None:
        self.answer(self.route.status, _encode(view), headers)

    def fail(self, error: BaseException) -> None:
        self.send(refusals.of_error(error, self.route.name, self.instance))

    def deliver(self, reply: Reply) -> None:
        """For the gateway: what came of our request."""
        guard.attempt(self.fail, self._deliver, reply)

    def _deliver(self, reply: Reply) -> None:
        if reply.status:
            self.send(
                refusals.of_reply(reply.status, reply.body, self.instance),
                REPLAYED if reply.replayed else COMMON,
            )
        else:
            self.route.finish(self, reply)


def _unbound(request: Request, values: tuple[str, ...]) -> Message:
    raise NotImplementedError("this route has no message")


def finish_view(call: Call, reply: Reply) -> None:
    """A reply is a view already. What was created gets a Location: its id is the first field of every
    view.
    """
    headers = REPLAYED if reply.replayed else COMMON
    route, body = call.route, reply.body
    if route.location and body.startswith(b'{"id":"'):
        headers = (*headers, (b"location", route.location + body[7 : body.index(b'"', 7)]))
    call.answer(route.status, body, headers)


def finish_nothing(call: Call, reply: Reply) -> None:
    call.answer(204, b"", REPLAYED if reply.replayed else COMMON)
