"""A connection without socket, loop or clock: bytes go in by hand, time passes by hand."""

import asyncio
from typing import Any

from tradewind.core.http import Handler
from tradewind.drivers.http.limits import Limits
from tradewind.drivers.http.protocol import Connection
from tradewind.drivers.http.shared import Shared
from tradewind.drivers.http.writing import Writer


class FakeTransport(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = self.aborted = self.ended = self.paused = False

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        assert high == 0

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("192.0.2.1", 5) if name == "peername" else default

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.closed and not self.ended
        self.written += data

    def write_eof(self) -> None:
        self.ended = True

    def pause_reading(self) -> None:
        assert not self.paused
        self.paused = True

    def resume_reading(self) -> None:
        assert self.paused
        self.paused = False

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = self.aborted = True


class Loose:
    """A connection without socket, loop or clock."""

    def __init__(self, handler: Handler, limits: Limits) -> None:
        self.shared = Shared(handler, limits, Writer(lambda: 0.0))
        self.transport = FakeTransport()
        self.connection = Connection(self.shared)
        self.connection.connection_made(self.transport)

    def feed(self, *pieces: bytes) -> None:
        for piece in pieces:
            if piece and not self.transport.closed:
                self.connection.data_received(piece)

    def pass_time(self, seconds: float) -> None:
        self.shared.now += seconds
        if not self.transport.aborted:
            self.connection.check(self.shared.now)
