"""Tells load balancers and operators how a process is, in the same words whatever it serves: is it alive, is
it ready, what are its figures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from ...core.http import Request, Response
from .request_context import Page

ALIVE = b'{"status":"alive"}'
READY = b'{"status":"ready"}'
LEAVING = "shutting down"
NO_STORE = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"))
FIGURES = b"text/plain; version=0.0.4; charset=utf-8"
_encode = msgspec.json.Encoder().encode


class Health:
    """`missing` names what the process lacks to accept new work and keep it; nothing: it is ready. `late`
    names what makes work late and loses none, such as a broker behind an outbox: it is told, with 200.
    """

    def __init__(
        self, missing: Callable[[], Iterable[str]], late: Callable[[], Iterable[str]] = tuple
    ) -> None:
        self._missing, self._late = missing, late
        self.closing = False

    def live(self, _: Request) -> Response:
        return Response(200, ALIVE, NO_STORE)

    def ready(self, _: Request) -> Response:
        missing = self.missing()
        if missing:
            return Response(503, _encode({"status": "not ready", "missing": missing}), NO_STORE)
        late = list(self._late())
        return Response(200, _encode({"status": "ready", "late": late}) if late else READY, NO_STORE)

    def missing(self) -> list[str]:
        return [LEAVING] if self.closing else list(self._missing())

    def pages(self) -> dict[str, Page]:
        return {"/health/live": self.live, "/health/ready": self.ready}


class OpsPages:
    """A `Handler` of the HTTP server for a process that serves no API, or serves these pages apart from it.
    `figures` renders /metrics.
    """

    def __init__(self, health: Health, figures: Callable[[], bytes]) -> None:
        self._pages: Mapping[str, Page] = {
            "/health": health.live,
            **health.pages(),
            "/metrics": lambda _: Response(200, figures(), (), FIGURES),
        }

    def __call__(self, request: Request) -> None:
        page = self._pages.get(request.path)
        if page is None:
            request.respond(_error(404, f"there is {', '.join(self._pages)}"))
        elif request.method not in ("GET", "HEAD"):
            request.respond(_error(405, "only GET"))
        else:
            request.respond(page(request))


def _error(status: int, detail: str) -> Response:
    return Response(status, _encode({"status": "error", "detail": detail}))
