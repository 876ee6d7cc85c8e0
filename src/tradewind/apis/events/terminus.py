"""Tells how a process is in the words of NestJS's Terminus."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from ...core.http import Request, Response
from ..kernel.health import LEAVING, NO_STORE, Health

JSON = b"application/json; charset=utf-8"
DOWN = {"status": "down"}
LIVE = msgspec.json.encode({"status": "ok", "info": {}, "error": {}, "details": {}})


class Terminus(Health):
    """Each thing that is missing or late is an indicator."""

    def live(self, _: Request) -> Response:
        return Response(200, LIVE, NO_STORE, JSON)

    def ready(self, _: Request) -> Response:
        late = list(self._late())
        error = {self.named(one, one in late): DOWN for one in self.missing()}
        details = {**{self.named(one, True): self.told_late() for one in late}, **error}
        body = {"status": "error" if error else "ok", "info": {}, "error": error, "details": details}
        return Response(503 if error else 200, msgspec.json.encode(body), NO_STORE, JSON)

    def named(self, reason: str, late: bool) -> str:
        """The indicator of a reason: of the gateway, the service that is missing."""
        return reason.partition(":")[0]

    def told_late(self) -> Any:
        """How what makes work late is."""
        return DOWN


class ServiceTerminus(Terminus):
    """Of a service, whose work is late where Kafka is away: then `waiting` events are in its outbox."""

    def __init__(
        self,
        missing: Callable[[], Iterable[str]],
        late: Callable[[], Iterable[str]] = tuple,
        *,
        waiting: Callable[[], int],
    ) -> None:
        super().__init__(missing, late)
        self._waiting = waiting

    def told_late(self) -> Any:
        return {**DOWN, "waiting": self._waiting()}

    def named(self, reason: str, late: bool) -> str:
        return "kafka" if late else reason if reason == LEAVING else "database"
