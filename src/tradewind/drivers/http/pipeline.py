"""Keeps the requests of one connection in order: handed on when their turn has come, answered in the order of
their arrival.

Apart from the protocol, which is about time and about the client's manners.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque

from ...core.http import Request, logger
from . import refusals
from .shared import Shared

SAFE = frozenset({"GET", "HEAD", "OPTIONS", ""})  # "" is a refusal in its place of the pipeline
NEVER = math.inf


class Pipeline:
    __slots__ = (
        "_closing",
        "_drain_by",
        "_inflight",
        "_linger",
        "_pumping",
        "_ready",
        "_shared",
        "_transport",
    )

    _transport: asyncio.Transport

    def __init__(self, shared: Shared, ready: deque[Request]) -> None:
        self._shared = shared
        self._ready = ready
        self._inflight: deque[Request] = deque()
        self._drain_by = NEVER  # set while the client has not taken all that was written
        self._closing = self._linger = self._pumping = False

    def _pump(self) -> None:
        """Writes the answers that are due and hands on the requests whose turn it is, until neither can go
        on.
        """
        if self._pumping or self._closing:
            return
        self._pumping = True
        inflight, ready, out = self._inflight, self._ready, b""
        while self._drain_by == NEVER:
            if inflight and inflight[0].answer is not None:
                request = inflight.popleft()
                last = not request.keep_alive or self._is_last()
                out += self._encode(request, last)
                if last:
                    self._closing = True
                    self._linger = not request.method
                    break
                if len(out) > 16_384:
                    self._transport.write(out)
                    out = b""
            elif ready and (not inflight or self._may_overlap(ready[0])):
                request = ready.popleft()
                inflight.append(request)
                if request.answer is None:
                    self._hand_on(request)
            else:
                break
        if out:
            self._transport.write(out)
        self._pumping = False
        self._settle()

    def _may_overlap(self, request: Request) -> bool:
        """RFC 9112 9.3.2: only safe requests may be worked on side by side."""
        inflight = self._inflight
        return (
            len(inflight) < self._shared.limits.pipeline
            and request.method in SAFE
            and inflight[-1].method in SAFE
        )

    def _hand_on(self, request: Request) -> None:
        shared = self._shared
        request.listener = self._pump
        request.due = shared.now + shared.limits.answer_seconds
        try:
            shared.handler(request)
        except (
            Exception
        ):  # whatever a handler's bug is, this client gets an answer and its neighbours do not notice
            logger.exception("the handler of a %s request failed", request.method)
            if request.answer is None:
                request.answer = refusals.INTERNAL

    def _encode(self, request: Request, last: bool) -> bytes:
        answer = request.answer
        assert answer is not None
        try:
            return self._shared.writer.encode(request, answer, last)
        except (AttributeError, KeyError, TypeError, ValueError):
            logger.exception("an answer with status %s cannot be sent", answer.status)
            return self._shared.writer.encode(request, refusals.INTERNAL, last)

    def _forget(self) -> None:
        self._inflight.clear()
        self._ready.clear()

    def _is_last(self) -> bool:
        raise NotImplementedError

    def _settle(self) -> None:
        raise NotImplementedError
