"""Tells how a process is in the words of NestJS's Terminus."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from ...core.http import Request, Response
from ..kernel.health import NO_STORE, Health

JSON = b"application/json; charset=utf-8"
LIVE = msgspec.json.encode({"status": "ok", "info": {}, "error": {}, "details": {}})


class Terminus(Health):
    """Each thing that is missing or late is an indicator, named by what stands before the colon."""

    def live(self, _: Request) -> Response:
        return Response(200, LIVE, NO_STORE, JSON)

    def ready(self, _: Request) -> Response:
        error, late = _down(self.missing()), _down(self._late())
        body = {
            "status": "error" if error else "ok",
            "info": {},
            "error": error,
            "details": {**late, **error},
        }
        return Response(503 if error else 200, msgspec.json.encode(body), NO_STORE, JSON)


def _down(reasons: Iterable[str]) -> dict[str, dict[str, str]]:
    found = {}
    for reason in reasons:
        name, _, why = reason.rpartition(": ")
        found[name or reason] = {"status": "down", **({"message": why} if name else {})}
    return found
