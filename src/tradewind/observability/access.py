"""Writes one line per request, apart from the other logs because it is the only line of the hot path: about a
microsecond each.

Lines are encoded at once and written together, 50 ms later at the latest or when 32 KiB have come.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

import msgspec

from .sink import Sink, Stamps, plain

EVERY_S = 0.05
FULL = 32 * 1024


class Line(msgspec.Struct):
    ts: str
    level: str
    event: str
    logger: str
    request_id: str
    trace_id: str
    method: str
    route: str
    status: int
    ms: float
    caller: str
    client: str


_encode_into = msgspec.json.Encoder().encode_into


class AccessLog:
    """`write` is called once per request, from the event loop's thread. Nothing it does can fail the
    request.
    """

    def __init__(
        self,
        sink: Sink,
        format: str = "json",
        level: int = logging.INFO,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._sink, self._level = sink, level
        self._stamps = Stamps(clock)
        self._buffer = bytearray()
        self._scheduled = False
        self._append = self._json if format == "json" else self._console

    @property
    def dropped(self) -> int:
        """Lines that were dropped."""
        return self._sink.dropped

    def write(
        self,
        request_id: str,
        trace_id: str,
        method: str,
        route: str,
        status: int,
        ms: float,
        caller: str = "",
        client: str = "",
    ) -> None:
        if self._level > logging.INFO and (status < 500 or self._level > logging.ERROR):
            return
        buffer = self._buffer
        try:
            self._append(buffer, request_id, trace_id, method, route, status, ms, caller, client)
        except UnicodeError:  # a lone surrogate
            self._append(
                buffer,
                plain(request_id),
                plain(trace_id),
                plain(method),
                plain(route),
                status,
                ms,
                plain(caller),
                plain(client),
            )
        if len(buffer) >= FULL:
            self.flush()
        elif not self._scheduled:
            self._schedule()

    def flush(self) -> None:
        """Hands all lines on. The last thing to do before the end."""
        if self._buffer:
            self._sink.write(bytes(self._buffer))
            self._buffer.clear()
        elif self._sink.kept:
            self._sink.flush()

    def _schedule(self) -> None:
        try:
            asyncio.get_running_loop().call_later(EVERY_S, self._tick)
            self._scheduled = True
        except RuntimeError:  # no loop: a tool or a test
            self.flush()

    def _tick(self) -> None:
        self._scheduled = False
        self.flush()
        if self._sink.kept:  # the reader is slow: look again
            self._schedule()

    def _json(
        self,
        buffer: bytearray,
        request_id: str,
        trace_id: str,
        method: str,
        route: str,
        status: int,
        ms: float,
        caller: str,
        client: str,
    ) -> None:
        level = "info" if status < 500 else "error"
        line = Line(
            self._stamps.now(),
            level,
            "request",
            "access",
            request_id,
            trace_id,
            method,
            route,
            status,
            int(ms * 1000) / 1000,
            caller,
            client,
        )
        before = len(buffer)
        try:
            _encode_into(line, buffer, -1)
        except UnicodeError:
            del buffer[before:]
            raise
        buffer += b"\n"

    def _console(
        self,
        buffer: bytearray,
        request_id: str,
        trace_id: str,
        method: str,
        route: str,
        status: int,
        ms: float,
        caller: str,
        client: str,
    ) -> None:
        colour = 32 if status < 400 else 33 if status < 500 else 31
        at = self._stamps.now()[11:23]
        line = (
            f"\x1b[2m{at}\x1b[0m \x1b[{colour}m{status}\x1b[0m {method:<6} {route} \x1b[2m{ms:.1f} ms "
            f"{request_id} {caller} {client}\x1b[0m\n"
        )
        buffer += line.encode()
