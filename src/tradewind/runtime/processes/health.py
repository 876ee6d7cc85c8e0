"""What a process without an edge shows of itself: whether it lives, whether it is ready, and its figures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from ...core.http import Request, Response

_encode = msgspec.json.Encoder().encode
TEXT = b"text/plain; version=0.0.4; charset=utf-8"


class Ops:
    """A handler of the HTTP server. `missing`: what stands between us and readiness; `figures` renders
    /metrics.
    """

    def __init__(self, name: str, missing: Callable[[], list[str]], figures: Callable[[], bytes]) -> None:
        self._name, self._missing, self._figures = name, missing, figures

    def __call__(self, request: Request) -> None:
        if request.method not in ("GET", "HEAD"):
            request.respond(_said(405, {"status": "error", "detail": "only GET"}))
        elif request.path in ("/health", "/health/live"):
            request.respond(_said(200, {"status": "ok", "process": self._name}))
        elif request.path == "/health/ready":
            missing = self._missing()
            request.respond(
                _said(503 if missing else 200, {"status": "unready" if missing else "ok", "missing": missing})
            )
        elif request.path == "/metrics":
            request.respond(Response(200, self._figures(), (), TEXT))
        else:
            request.respond(
                _said(404, {"status": "error", "detail": "there is /health/live, /health/ready and /metrics"})
            )


def _said(status: int, what: dict[str, Any]) -> Response:
    return Response(status, _encode(what))
