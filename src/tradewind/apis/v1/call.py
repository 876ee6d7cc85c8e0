"""One request of API v1: its message, and the forms of its answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from ...core import http
from ...core.gateway import Reply
from ...core.http import Response
from ...core.model import Message, Request
from ..kernel import errors, preconditions
from ..kernel.admission import Rule
from ..kernel.preconditions import IF_MATCH, IF_MODIFIED, IF_NONE_MATCH, IF_UNMODIFIED
from ..kernel.request_context import Headers, RequestContext, Route
from . import refusals

COMMON: Headers = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"))
REPLAYED: Headers = (*COMMON, (b"idempotent-replayed", b"true"))


class _Versioned(msgspec.Struct):
    """A reply; one that was saved by a release without versions has none."""

    version: int = 0


_versioned = msgspec.json.Decoder(_Versioned).decode
_encode = msgspec.json.Encoder().encode
Serve = Callable[["Call"], None]
Finish = Callable[["Call", Reply], None]
Handles = Mapping[type[Any], Serve]
"""By the message that an operation asks with: what handles it in another way than most."""
Finishes = Mapping[type[Any], Finish]
"""By the same: what finishes its response in another way than most."""


class OperationRoute(Route["Call"]):
    """The route of an operation, with how its message is bound."""

    __slots__ = ("bind", "conditions", "location", "versioned")

    def __init__(
        self,
        name: str,
        path: str,
        serve: Serve,
        rule: Rule | None,
        *,
        bind: Callable[[http.Request, tuple[str, ...]], Message],
        finish: Finish,
        status: int,
        location: bytes = b"",
        versioned: bool = False,
        conditions: frozenset[bytes] = frozenset(),
    ) -> None:
        """`conditions`: the conditional headers that it knows."""
        super().__init__(name, path, serve, status, rule, finish)
        self.versioned, self.conditions, self.bind, self.location = versioned, conditions, bind, location


class Call(RequestContext):
    __slots__ = ()
    HEADERS = COMMON

    route: OperationRoute

    @property
    def instance(self) -> str | None:
        """Which thing an answer is about; the same each time, so that a refusal that is sent again has the
        same bytes.
        """
        return self.request.path if self.route.path else None

    def admitted(self) -> None:
        headers = self.request.headers
        if (
            IF_MATCH in headers
            or IF_NONE_MATCH in headers
            or IF_MODIFIED in headers
            or IF_UNMODIFIED in headers
        ):
            preconditions.refuse_unknown(headers, self.route.conditions)
        self.route.serve(self)

    def bound(self) -> Any:
        """The message. Errors: Refused, strict_json.Invalid."""
        message = self.route.bind(self.request, self.values)
        if self.route.conditions and IF_MATCH in self.request.headers and isinstance(message, Request):
            return replace(message, seen=preconditions.seen(self.request.headers))
        return message

    def send(self, response: Response, headers: Headers = COMMON) -> None:
        self.answer(response.status, response.body, (*headers, *response.headers), response.content_type)

    def show(self, view: Any, headers: Headers = COMMON) -> None:
        self.answer(self.route.status, _encode(view), headers)

    def show_versioned(self, view: Any) -> None:
        """A view with its `ETag`, as far as the request's conditions allow."""
        headers, version = self.request.headers, view.version
        preconditions.require(headers, version)
        tagged: Headers = (*COMMON, (b"etag", preconditions.tag(version)))
        if preconditions.unchanged(headers, version):
            self.answer(304, b"", tagged)
        else:
            self.show(view, tagged)

    def fail(self, error: BaseException) -> None:
        self.send(refusals.of_error(error, self.route.name, self.instance))

    def unmatched(self, methods: list[str]) -> None:
        self.fail(errors.no_route(methods))

    def refused(self, reply: Reply) -> None:
        self.send(
            refusals.of_reply(reply.status, reply.body, self.instance), REPLAYED if reply.replayed else COMMON
        )


def finish_view(call: Call, reply: Reply) -> None:
    """A reply is a view already. What was created gets a Location: its id is the first field of every
    view.
    """
    headers = REPLAYED if reply.replayed else COMMON
    route, body = call.route, reply.body
    if route.location and body.startswith(b'{"id":"'):
        headers = (*headers, (b"location", route.location + body[7 : body.index(b'"', 7)]))
    if route.versioned and (version := _versioned(body).version):
        headers = (*headers, (b"etag", preconditions.tag(version)))
    call.answer(route.status, body, headers)


def finish_nothing(call: Call, reply: Reply) -> None:
    call.answer(204, b"", REPLAYED if reply.replayed else COMMON)
