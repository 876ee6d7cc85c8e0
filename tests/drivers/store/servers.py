"""Breaks the way between a store and PostgreSQL: a server that is killed, and a wire that is cut or goes
silent.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from urllib.parse import urlsplit

from tools.servers import machine
from tools.servers.postgres import Postgres, binaries

FIRST_PORT = 21_310


class Cluster:
    """A server of a test's own."""

    def __init__(self, home: Path) -> None:
        self.home, self.server = home, Postgres()
        self.port = machine.first_free(FIRST_PORT + os.getpid() % 500)

    @property
    def url(self) -> str:
        return self.server.url(self.port)

    def start(self) -> None:
        self.server.start(self.home, self.port)
        self.server.furnish(self.home, self.port)

    def stop(self) -> None:
        self.server.stop(self.home)

    def kill(self) -> None:
        """Without a checkpoint: what was not flushed is lost, and the log is replayed at the next start."""
        self.control("stop", "-m", "immediate")

    def control(self, *words: str) -> None:
        """pg_ctl with these words."""
        folder = binaries()
        assert folder is not None
        code, said = machine.run(
            self.server, folder / "pg_ctl", "-D", self.home / "data", "-l", self.home / "log", "-w", *words
        )
        assert code == 0, said


class Wire:
    """Stands between a store and its server. `url` leads through it."""

    def __init__(self, url: str) -> None:
        self._url, self._ends = urlsplit(url), set[asyncio.StreamWriter]()
        self._server: asyncio.Server | None = None
        self.silent = False  # nothing gets through any more
        self.swallow = b""  # cut before the answer to what contains this
        self.swallowed = asyncio.Event()

    async def __aenter__(self) -> Wire:
        self._server = await asyncio.start_server(self._join, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        assert self._server is not None
        port = self._server.sockets[0].getsockname()[1]
        return self._url._replace(netloc=f"{self._url.username or 'postgres'}@127.0.0.1:{port}").geturl()

    def cut(self) -> None:
        for end in self._ends:
            end.transport.abort()
        self._ends.clear()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(self._url.hostname, self._url.port)
        self._ends |= {writer, back}
        await asyncio.gather(
            self._pass(reader, back, outwards=True), self._pass(there, writer, outwards=False)
        )

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, outwards: bool
    ) -> None:
        try:
            while data := await reader.read(65_536):
                if self.silent:
                    continue
                if outwards and self.swallow and self.swallow in data:
                    self.swallowed.set()
                elif not outwards and self.swallowed.is_set():
                    self.swallow = b""
                    self.swallowed.clear()
                    self.cut()
                    return
                writer.write(data)
                await writer.drain()
            writer.close()
        except ConnectionError:
            writer.close()
