"""Listens for the gateway, and sees to it that what the HTTP server refuses by itself looks like every other
answer of this face.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from ...core.http import Handler, Request, Response
from ...drivers.http.limits import Limits
from ...drivers.http.server import HttpServer
from ...drivers.http.shared import Shared
from ...drivers.http.writing import Writer
from .envelope import of_problem

PROBLEM = b"application/problem+json"


class EnvelopeWriter(Writer):
    def encode(self, request: Request, answer: Response, close: bool) -> bytes:
        if answer.content_type == PROBLEM:
            answer = of_problem(answer)
        return super().encode(request, answer, close)


class RpcHttpServer(HttpServer):
    """An HttpServer in every other respect."""

    def __init__(self, handler: Handler, limits: Limits, *, clock: Callable[[], float] = time.time) -> None:
        super().__init__(handler, limits, clock=clock)
        self._writer = EnvelopeWriter(clock)
        self._shared = Shared(handler, limits, self._writer)
