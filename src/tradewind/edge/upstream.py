"""Speaks HTTP/1.1 to the services, on httptools and not on aiohttp: an answer that comes before the body is
through must be read even though writing has failed by then, and headers must pass as the bytes they are.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections import deque
from typing import Any, cast

import httptools

from .declared import Service

IDLE_S = 4.0
"""Less than the 5 s after which servers on Node.js and uvicorn close: a request must not meet a closing
connection.
"""
MOST_IDLE = 256
HIGH, LOW = 256 * 1024, 64 * 1024
READ = 64 * 1024
HEAD_BYTES = 64 * 1024
NO_BODY = (204, 304)


class Failed(Exception):
    """There is no answer of the upstream. `status` and `message` are the client's. `early`: nothing of an
    answer had come, over a connection that had been used before.
    """

    def __init__(self, status: int, message: str, *, early: bool = False) -> None:
        super().__init__(message)
        self.status, self.message, self.early = status, message, early


INVALID = 502, "An invalid response was received from the upstream server"
SLOW = 504, "The upstream server is timing out"
UNKNOWN = 503, "name resolution failed"


class Connection(asyncio.Protocol):
    """Carries one request at a time: `begin`, `write`, then `head` and `chunk` until the answer is `done`."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._parser: Any = httptools.HttpResponseParser(self)
        self.transport: asyncio.Transport | None = None
        self.used, self.idle_since = 0, 0.0
        self._busy = False
        self._read_waiter: asyncio.Future[None] | None = None
        self._write_waiter: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._read_s, self._touched = 0.0, 0.0
        self._reset("")

    def _reset(self, method: str) -> None:
        self._method = method
        self.status, self.headers = 0, list[tuple[bytes, bytes]]()
        self.complete_head = self.done = False
        self._failed: Failed | None = None
        self._chunks: deque[bytes] = deque()
        self._held, self._head_bytes, self._received = 0, 0, False
        self._paused = self._excess = False
        self._keeps = True
        self._until_end = False

    # --- the request

    def begin(self, method: str, read_s: float) -> None:
        self._reset(method)
        self._busy, self._read_s = True, read_s
        self.used += 1

    def write(self, data: bytes) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(data)

    async def drain(self) -> bool:
        """Waits until more may be written. False: the connection takes no more; an answer may have come
        still.
        """
        if self._write_waiter is not None:
            await self._write_waiter
        return self.transport is not None and not self.transport.is_closing() and not self.done

    def sent(self) -> None:
        """From now on the upstream may be silent for no longer than the read timeout."""
        self._touched = self._loop.time()
        if self._timer is None and not self.done:
            self._timer = self._loop.call_later(self._read_s, self._look)

    def _look(self) -> None:
        self._timer = None
        left = self._touched + self._read_s - self._loop.time()
        if self.done or self._failed is not None:
            return
        if self._paused:  # it is the client who does not read
            left = self._read_s
        if left <= 0:
            self.fail(Failed(*SLOW))
        else:
            self._timer = self._loop.call_later(left, self._look)

    # --- the answer

    async def head(self) -> None:
        """Until `status` and `headers` are there. Errors: Failed."""
        while not self.complete_head:
            if self._failed is not None:
                raise self._failed
            await self._wait()

    async def chunk(self) -> bytes:
        """The next part of the body, empty at its end. Errors: Failed, where it is cut off."""
        while not self._chunks:
            if self.done:
                return b""
            if self._failed is not None:
                raise self._failed
            await self._wait()
        chunks = self._chunks
        data = chunks.popleft() if len(chunks) == 1 else b"".join(chunks)
        chunks.clear()
        self._held = 0
        if self._paused and self.transport is not None:
            self._paused = False
            self._touched = self._loop.time()
            self.transport.resume_reading()
        return data

    async def _wait(self) -> None:
        self._read_waiter = self._loop.create_future()
        try:
            await self._read_waiter
        finally:
            self._read_waiter = None

    def _wake(self) -> None:
        if self._read_waiter is not None and not self._read_waiter.done():
            self._read_waiter.set_result(None)

    def end(self) -> bool:
        """The request is over. True: the next one may use the connection."""
        self._busy = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        fits = self.done and self._keeps and not self._excess and self._failed is None
        if (
            not fits
            or self.transport is None
            or self.transport.is_closing()
            or self._write_waiter is not None
        ):
            self.abort()
            return False
        self.idle_since = self._loop.time()
        return True

    def fail(self, failed: Failed) -> None:
        """What waits for the answer gets this error instead."""
        if not self.done and self._failed is None:
            self._failed = failed
        self._wake()
        self.abort()

    def abort(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    # --- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is none of asyncio's

    def data_received(self, data: bytes) -> None:
        if not self._busy or self._failed is not None:  # nobody has asked
            self.abort()
            return
        self._touched = self._loop.time()
        self._received = True
        if not self.complete_head:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._excess = True
            if not self.done:
                self.fail(Failed(*INVALID))
        if not self.complete_head and self._head_bytes > HEAD_BYTES:
            self.fail(Failed(*INVALID))
        self._wake()

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None and self._busy and not self.done:
            self._read_what_is_left()
        self.transport = None
        if self._busy and not self.done:
            if self.complete_head and self._until_end and exc is None:
                self.done = True
            elif self._failed is None:
                self._failed = Failed(*INVALID, early=not self._received and self.used > 1)
        self._keeps = False
        self._wake()
        self.resume_writing()

    def _read_what_is_left(self) -> None:
        """Writing failed, and what the upstream had said before it closed still lies in the socket."""
        assert self.transport is not None
        found = self.transport.get_extra_info("socket")
        if found is None or self.transport.get_extra_info("ssl_object") is not None:
            return
        try:
            while not self.done and (data := os.read(found.fileno(), READ)):
                self.data_received(data)
        except OSError:  # nothing more
            pass

    def pause_writing(self) -> None:
        if self._write_waiter is None:
            self._write_waiter = self._loop.create_future()

    def resume_writing(self) -> None:
        waiter, self._write_waiter = self._write_waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    # --- the parser

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.complete_head:  # a trailer, or an answer that nobody has asked for
            self._excess = self._excess or self.done
            return
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        if self.done:
            self._excess = True
            return
        status = self._parser.get_status_code()
        if 100 <= status < 200 and status != 101:  # the answer itself comes after it
            return
        if sum([len(name) + len(value) for name, value in self.headers]) > HEAD_BYTES:
            raise ValueError("the head of the answer is too large")
        self.status, self.complete_head = status, True
        self._keeps = self._parser.should_keep_alive()
        framed = any(name in (b"content-length", b"transfer-encoding") for name, _ in self.headers)
        self._until_end = not framed
        if self._method == "HEAD" or status in NO_BODY:
            # the parser would wait for the body that the length announces: a new one for the next answer
            self._parser = httptools.HttpResponseParser(self)
            self.done = True

    def on_body(self, data: bytes) -> None:
        if self.done:
            self._excess = True
            return
        self._chunks.append(data)
        self._held += len(data)
        if self._held > HIGH and not self._paused and self.transport is not None:
            self._paused = True
            self.transport.pause_reading()

    def on_message_begin(self) -> None:
        if self.done:
            self._excess = True

    def on_message_complete(self) -> None:
        if not self.complete_head:
            self.headers.clear()  # of a 1xx
        else:
            self.done = True


class Pool:
    """Kept connections by service, the youngest taken first."""

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._loop = loop or asyncio.get_running_loop()
        self._idle: dict[tuple[str, str, int], list[Connection]] = {}
        self._sweeping: asyncio.TimerHandle | None = None
        self._tls: ssl.SSLContext | None = None
        self.closed = False

    def kept(self, service: Service) -> Connection | None:
        """One that is open and not old."""
        idle = self._idle.get((service.protocol, service.host, service.port))
        while idle:
            connection = idle.pop()
            fresh = self._loop.time() - connection.idle_since < IDLE_S
            if fresh and connection.transport is not None and not connection.transport.is_closing():
                return connection
            connection.abort()
        return None

    async def opened(self, service: Service) -> Connection:
        """A new one, after as many attempts as the service allows. Errors: Failed."""
        failed = Failed(*INVALID)
        for _ in range(service.retries + 1):
            try:
                async with asyncio.timeout(service.connect_s):
                    _, connection = await self._loop.create_connection(
                        lambda: Connection(self._loop),
                        service.host,
                        service.port,
                        ssl=self._context() if service.protocol == "https" else None,
                    )
                return connection
            except socket.gaierror:
                raise Failed(*UNKNOWN) from None
            except TimeoutError:
                failed = Failed(*SLOW)
            except OSError:
                failed = Failed(*INVALID)
        raise failed

    def _context(self) -> ssl.SSLContext:
        """Kong verifies no certificate of an upstream unless it is told to."""
        if self._tls is None:
            self._tls = ssl.create_default_context()
            self._tls.check_hostname = False
            self._tls.verify_mode = ssl.CERT_NONE
        return self._tls

    def release(self, service: Service, connection: Connection) -> None:
        """Keeps it for the next request if it is fit for one."""
        if not connection.end():
            return
        idle = self._idle.setdefault((service.protocol, service.host, service.port), [])
        if self.closed or len(idle) >= MOST_IDLE:
            connection.abort()
            return
        idle.append(connection)
        if self._sweeping is None:
            self._sweeping = self._loop.call_later(IDLE_S, self._sweep)

    def _sweep(self) -> None:
        self._sweeping = None
        oldest = self._loop.time() - IDLE_S
        for key, idle in self._idle.items():
            for connection in idle:
                if connection.idle_since <= oldest:
                    connection.abort()
            self._idle[key] = [connection for connection in idle if connection.idle_since > oldest]
        if any(self._idle.values()):
            self._sweeping = self._loop.call_later(IDLE_S, self._sweep)

    def close(self) -> None:
        self.closed = True
        if self._sweeping is not None:
            self._sweeping.cancel()
        for idle in self._idle.values():
            for connection in idle:
                connection.abort()
        self._idle.clear()
