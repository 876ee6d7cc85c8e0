"""A bad network in front of a server: it cuts, resets, stalls and slices what goes through."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close tells the other side that all is lost


class Proxy:
    """`piece`: at most so many bytes at once; 0 swallows them. `accepting`: whether a new connection is let
    in, or closed at once.
    """

    def __init__(self, port: int) -> None:
        self._target = port
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._near: list[asyncio.StreamWriter] = []
        self._pumps: set[asyncio.Task[None]] = set()
        self.port, self.piece, self.accepting = 0, 65_536, True
        self.connections = 0
        self.heard = bytearray()  # what the clients have said

    def stall(self) -> None:
        """All stays open, and nothing goes through."""
        self._flowing.clear()

    def resume(self) -> None:
        self._flowing.set()

    def inject(self, data: bytes) -> None:
        """To those who connected to us."""
        for writer in self._near:
            writer.write(data)

    def cut(self) -> None:
        for writer in list(self._writers):
            writer.close()

    def reset(self) -> None:
        for writer in list(self._writers):
            if (line := writer.get_extra_info("socket")) is not None:
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if not self.accepting:
            writer.close()
            return
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers |= {writer, far_writer}
        self._near = [each for each in self._near if not each.is_closing()] + [writer]
        for source, sink, log in ((reader, far_writer, self.heard), (far_reader, writer, None)):
            pump = asyncio.create_task(self._pump(source, sink, log))
            self._pumps.add(pump)
            pump.add_done_callback(self._pumps.discard)

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, log: bytearray | None
    ) -> None:
        with suppress(OSError):
            while data := await source.read(65_536):
                if log is not None:
                    log += data
                if not self.piece:
                    continue
                for at in range(0, len(data), self.piece):
                    await self._flowing.wait()
                    sink.write(data[at : at + self.piece])
                    await sink.drain()
                    await asyncio.sleep(0)
        sink.close()
        self._writers.discard(sink)

    def end(self) -> None:
        for pump in self._pumps:
            pump.cancel()
        self.cut()


@asynccontextmanager
async def proxy(port: int, *, at: int = 0, security: ssl.SSLContext | None = None) -> AsyncIterator[Proxy]:
    """In front of `port`, listening `at` another; with `security` it speaks TLS to those who connect."""
    between = Proxy(port)
    server = await asyncio.start_server(between.serve, "127.0.0.1", at, ssl=security)
    between.port = server.sockets[0].getsockname()[1]
    try:
        yield between
    finally:
        server.close()
        between.end()
        await asyncio.sleep(0)
