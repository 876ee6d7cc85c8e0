"""Tradewind behind another HTTP server: `tradewind up` with everything on, whose API v1 is on our own server,
on uvicorn, or on granian. As a program it is `tradewind` with that server.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from benchmarks.processes import Missing
from benchmarks.servers.tradewind import Tradewind
from tradewind.core.http import Handler, Request, Server
from tradewind.drivers.http.heads import gather
from tradewind.drivers.http.limits import Limits
from tradewind.drivers.http.writing import Writer
from tradewind.runtime.processes import fronts


class Own(Tradewind):
    name = "own"
    versioned = False  # the other version is not asked to serve so

    def command(self) -> list[str]:
        return [sys.executable, "-m", "benchmarks.servers.http", self.name]


class Uvicorn(Own):
    """As Tradewind uses it: with limits and deadlines."""

    name = "uvicorn"


class PlainUvicorn(Own):
    """As it is installed: no limit, no deadline, nothing checked."""

    name = "uvicorn-plain"


class Granian(Own):
    """As it is installed, in the event loop of the process."""

    name = "granian"

    def command(self) -> list[str]:
        if find_spec("granian") is None:
            raise Missing("granian is not here: .venv/bin/pip install granian")
        return super().command()


def asgi(handler: Handler) -> Any:
    """The handler as the smallest ASGI application that serves it."""
    writer = Writer(lambda: 0.0)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        request = Request(
            scope["method"],
            scope.get("raw_path", scope["path"].encode()).decode(),
            scope["query_string"],
            gather(scope["headers"]),
            body,
            scope["client"][0],
        )
        answered = asyncio.Event()
        request.listener = answered.set
        handler(request)
        if request.answer is None:
            await answered.wait()
        assert request.answer is not None
        answer, headers = writer.checked(request.answer)
        headers.append((b"content-length", b"%d" % len(answer.body)))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers[1:]})
        await send({"type": "http.response.body", "body": answer.body})

    return app


class Task:
    """A server that runs as a task."""

    connections = 0

    def __init__(self, handler: Handler, limits: Limits) -> None:
        self._app, self.port = asgi(handler), 0

    async def start(self, host: str, port: int, *, shared: bool = False) -> None:
        self.port = port
        self._task = asyncio.get_running_loop().create_task(self.serve(host, port))

    async def serve(self, host: str, port: int) -> None:
        raise NotImplementedError

    async def stop(self, grace: float) -> None:
        self._task.cancel()
        await asyncio.wait((self._task,), timeout=grace)


class GranianServer(Task):
    async def serve(self, host: str, port: int) -> None:
        from granian.constants import Interfaces
        from granian.server.embed import Server as Embedded

        await Embedded(
            self._app, address=host, port=port, interface=Interfaces.ASGINL, log_enabled=False
        ).serve()


class UvicornServer(Task):
    async def serve(self, host: str, port: int) -> None:
        from uvicorn import Config
        from uvicorn import Server as Plain

        config = Config(
            self._app, host=host, port=port, lifespan="off", log_config=None, access_log=False, loop="none"
        )
        await Plain(config)._serve()  # `serve` would take the signals


def streaming(handler: Handler, limits: Limits) -> Server:
    from tradewind.drivers.http.streaming import StreamingServer

    return StreamingServer(handler, limits)


SERVERS: dict[str, Callable[[Handler, Limits], Server]] = {
    Uvicorn.name: streaming,
    PlainUvicorn.name: UvicornServer,
    Granian.name: GranianServer,
}


def main() -> None:
    from tradewind.__main__ import main as tradewind

    chosen = sys.argv.pop(1)
    if chosen in SERVERS:
        vars(fronts)["HttpServer"] = lambda handler, limits, **_: SERVERS[chosen](handler, limits)
    tradewind()


if __name__ == "__main__":
    main()
