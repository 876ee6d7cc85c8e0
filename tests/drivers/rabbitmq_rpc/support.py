"""A client and a server on one queue, and handlers whose answers show what they were asked."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from pamqp import commands

from tests.support.queues import PATIENCE_S, do
from tradewind.apis.nest import wire
from tradewind.core.request_queue import Ask, Outcome
from tradewind.drivers.rabbitmq.rpc.client import RpcClient
from tradewind.drivers.rabbitmq.rpc.server import RpcServer

ECHO = b'{"cmd":"echo"}'
REFUSE = b'{"cmd":"refuse"}'
HOLD = b'{"cmd":"hold"}'
BREAK = b'{"cmd":"break"}'
PID = b'{"cmd":"pid"}'


class Handlers(dict[str, Callable[[Ask], None]]):
    """`held` are those that a test answers itself."""

    def __init__(self) -> None:
        self.seen: list[Ask] = []
        self.held: list[Ask] = []
        super().__init__(
            echo=self.echo, refuse=self.refuse, hold=self.hold, pid=self.pid, **{"break": self.fail}
        )

    def echo(self, ask: Ask) -> None:
        self.seen.append(ask)
        ask.answer(ask.data)

    def refuse(self, ask: Ask) -> None:
        ask.refuse(ask.data)

    def hold(self, ask: Ask) -> None:
        self.held.append(ask)

    def pid(self, ask: Ask) -> None:
        ask.answer(str(os.getpid()).encode())

    def fail(self, ask: Ask) -> None:
        raise ZeroDivisionError("a bug")


class Both:
    def __init__(
        self, client: RpcClient, server: RpcServer, handlers: Handlers, parked: list[tuple[str, bytes]]
    ) -> None:
        self.client, self.server, self.handlers, self.parked = client, server, handlers, parked

    def ask(
        self,
        pattern: bytes,
        data: bytes = b"{}",
        timeout_s: float = PATIENCE_S,
        *,
        queue: str = "",
        traceparent: str = "",
    ) -> asyncio.Future[Outcome]:
        return ask(self.client, queue or self.server.queue, pattern, data, timeout_s, traceparent)


def ask(
    client: RpcClient, queue: str, pattern: bytes, data: bytes, timeout_s: float, traceparent: str = ""
) -> asyncio.Future[Outcome]:
    """A second outcome would raise InvalidStateError, which the client logs: tests that look for one count it
    themselves.
    """
    future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
    client.call(queue, pattern, data, timeout_s, future.set_result, traceparent=traceparent)
    return future


async def unacked(server: RpcServer) -> int:
    """Leaves, and counts what the broker had to put back: on the same channel, so that nothing is under way
    any more.
    """
    assert await server.drain(5.0)
    server._window.flush()
    await do(server._link, commands.Basic.Recover(requeue=True), "Basic.RecoverOk")
    return (await server._link.declare_queue(server.queue, passive=True)).messages


@asynccontextmanager
async def both(
    url: str,
    queue: str,
    *,
    client: Mapping[str, Any] | None = None,
    taking: str = "",
    answering: str = "",
    **server: Any,
) -> AsyncIterator[Both]:
    """`taking` and `answering`: other URLs for these links of the server."""
    handlers, parked = Handlers(), list[tuple[str, bytes]]()

    def park(reason: str, body: bytes) -> None:
        parked.append((reason, body))

    answers = RpcServer(taking or url, queue, handlers, wire, name="server", park=park, **server)
    if answering:
        answers._answers._url = answering
    asks = RpcClient(url, wire, name="client", **(client or {}))
    await answers.start()
    await asks.start()
    try:
        yield Both(asks, answers, handlers, parked)
    finally:
        await asks.stop()
        await answers.stop()
