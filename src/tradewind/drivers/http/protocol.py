"""Keeps one connection in time: no client is waited for without end, and none can make the server keep more
than its share.

All time is `Shared.now`, which the server's sweep moves on: a request costs no clock reading and no timer,
and a process that was stopped for a while does not take its own absence for the clients' slowness.
"""

from __future__ import annotations

import asyncio
from typing import cast

from ...core.http import Request, Response
from . import refusals
from .pipeline import NEVER, Pipeline
from .reading import BODY, IDLE, Reader
from .refusals import Refused
from .shared import Shared
from .writing import CONTINUE

SPARE = 100  # connections past the limit that get an answer; more than these are closed at once


class Connection(Pipeline, asyncio.Protocol):
    __slots__ = ("_deaf", "_half_closed", "_paused", "_read_by", "_reader", "_stage")

    def __init__(self, shared: Shared) -> None:
        self._reader = Reader(shared.limits)
        super().__init__(shared, self._reader.ready)
        self._stage = 1  # the first head counts from the connect, not from its first byte
        self._read_by = shared.now + shared.limits.header_seconds
        self._deaf = self._half_closed = self._paused = False

    # -- called by the event loop
    # -------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        shared = self._shared
        self._transport = cast(asyncio.Transport, transport)
        # 0: `pause_writing` then means "has not taken all of it", which is what the drain deadline is about
        self._transport.set_write_buffer_limits(high=0)
        if peer := transport.get_extra_info("peername"):
            self._reader.client = peer[0]
        excess = len(shared.connections) - shared.limits.connections
        shared.connections.add(self)
        if excess >= SPARE:
            self._deaf = self._closing = True
            self._transport.abort()
        elif excess >= 0 or shared.draining:
            self._refuse(refusals.BUSY)

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        reader = self._reader
        try:
            reader.feed(data)
        except Refused as refused:
            self._refuse(refused.answer)
            return
        if reader.finished:
            self._deaf = True
        elif reader.phase != IDLE and reader.stage != self._stage:
            self._expect_rest()
        if self._ready or reader.continue_due:
            self._pump()

    def eof_received(self) -> bool:
        """A client may end its side and still read: what it has asked completely is answered."""
        self._deaf = self._half_closed = True
        return not self._closing and bool(self._inflight or self._ready)

    def pause_writing(self) -> None:
        self._drain_by = self._shared.now + self._shared.limits.drain_seconds

    def resume_writing(self) -> None:
        self._drain_by = NEVER
        self._pump()

    def connection_lost(self, error: Exception | None) -> None:
        self._deaf = self._closing = True
        self._forget()
        self._reader.close()
        shared = self._shared
        shared.connections.discard(self)
        if not shared.connections and shared.on_empty is not None:
            shared.on_empty()

    # -- called by the server
    # -----------------------------------------------------------------------------------------

    def check(self, now: float) -> None:
        """Ends what is overdue."""
        if now >= self._drain_by:
            self._transport.abort()
        elif self._inflight and now >= self._inflight[0].due and self._inflight[0].answer is None:
            overdue = self._inflight[0]
            overdue.keep_alive = False
            overdue.respond(refusals.NO_ANSWER)
            overdue.expired = True
        elif now >= self._read_by and not self._paused:
            self._give_up_reading()

    def drain(self) -> None:
        """Ends the connection now if nothing is under way, else with its last answer."""
        if not self._closing and not self._inflight and not self._ready and self._reader.phase == IDLE:
            self._close()

    def abort(self) -> None:
        self._transport.abort()

    # -- reading
    # ------------------------------------------------------------------------------------------------------

    def _expect_rest(self) -> None:
        limits = self._shared.limits
        self._stage = self._reader.stage
        self._read_by = self._shared.now + (
            limits.body_seconds if self._reader.phase == BODY else limits.header_seconds
        )

    def _give_up_reading(self) -> None:
        if self._closing:
            self._transport.abort()
        elif self._deaf:
            self._read_by = NEVER
        elif self._reader.phase != IDLE:
            self._refuse(refusals.TIMEOUT)
        elif not self._inflight:
            self._close()

    def _refuse(self, answer: Response) -> None:
        self._deaf = True
        self._ready.append(Request("", "", keep_alive=False, answer=answer))
        self._pump()

    def _pause_or_resume(self, pause: bool) -> None:
        self._paused = pause
        if pause:
            self._transport.pause_reading()
            return
        self._transport.resume_reading()
        if self._reader.phase != IDLE:
            self._expect_rest()

    # -- called by the pipeline
    # ---------------------------------------------------------------------------------------

    def _is_last(self) -> bool:
        if not self._half_closed and not self._shared.draining:
            return False
        return not self._inflight and not self._ready and (self._deaf or self._reader.phase == IDLE)

    def _settle(self) -> None:
        if self._closing:
            self._end()
            return
        shared = self._shared
        unanswered = len(self._inflight) + len(self._ready)
        if not unanswered:
            reader = self._reader
            if reader.phase == IDLE:
                self._read_by = shared.now + shared.limits.keep_alive_seconds
            elif reader.continue_due:
                reader.continue_due = False
                self._transport.write(CONTINUE)
        crowded = unanswered > shared.limits.pipeline or self._drain_by != NEVER
        if crowded != self._paused:
            self._pause_or_resume(crowded)

    # -- ending
    # -------------------------------------------------------------------------------------------------------

    def _close(self) -> None:
        self._closing = True
        self._end()

    def _end(self) -> None:
        self._deaf = True
        self._forget()
        if not self._linger or self._half_closed:
            self._read_by = NEVER  # what is still unsent has its own deadline
            self._transport.close()
            return
        self._read_by = self._shared.now + self._shared.limits.linger_seconds
        if self._paused:
            self._pause_or_resume(False)
        try:
            self._transport.write_eof()
        except OSError:  # asyncio says here that the client has gone already
            self._transport.abort()
