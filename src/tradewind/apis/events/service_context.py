"""One request of a service's own HTTP: the published shape of its errors, and the key of its callers."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

import msgspec

from ...contracts.values import stamp
from ...core.gateway import Reply
from ...core.http import Request
from ..kernel.request_context import Headers, Route
from ..nest.http import NAMES, Message, NestContext

_encode = msgspec.json.Encoder().encode
MISSING, WRONG = "API key is required", "Invalid API key"


class ServiceContext(NestContext):
    __slots__ = ()

    def refused(self, reply: Reply) -> None:
        if reply.status == 404 and self.values:
            self.refuse(404, f"User with ID {self.values[0]} not found", NAMES[404])
        else:
            super().refused(reply)

    def refuse(self, status: int, message: Message, name: str = "", headers: Headers = ()) -> None:
        """The published fields, but for the stack trace."""
        request = self.request
        body = {
            "statusCode": status,
            "timestamp": stamp(self._kernel.now()),
            "path": request.path,
            "method": request.method,
            "message": message,
        }
        self.answer(status, _encode(body), headers)


class ApiKeys:
    """Those that a caller of a service may bring; none: nobody is asked for one."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._keys = [key.encode() for key in keys]

    def guard(self, route: Route[Any]) -> Route[Any]:
        """The route, for callers with a key."""
        if not self._keys:
            return route
        serve: Callable[[Any], None] = route.serve

        def guarded(context: Any) -> None:
            key = _key(context.request)
            if not key:
                context.refuse(401, MISSING, "Unauthorized")
            elif not any([hmac.compare_digest(key, known) for known in self._keys]):
                context.refuse(401, WRONG, "Unauthorized")
            else:
                serve(context)

        return Route(route.name, route.path, guarded, route.status, route.rule, route.finish)


def _key(request: Request) -> bytes:
    headers = request.headers
    found = headers.get(b"x-api-key") or headers.get(b"api-key")
    if found or not request.query:
        return found or b""
    return parse_qs(request.query.decode("latin-1")).get("apiKey", [""])[-1].encode()
