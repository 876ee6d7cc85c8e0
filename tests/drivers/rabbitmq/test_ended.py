"""What is said into a connection that has just ended is lost with it, and hurts nobody."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from tradewind.drivers.rabbitmq.amqp import Limits, LinkDown
from tradewind.drivers.rabbitmq.amqp.connection import Connection
from tradewind.drivers.rabbitmq.amqp.properties import NONE


class Ended:
    """A transport as uvloop's after a write that failed: it tells of its end only in its next turn, and takes
    nothing until then.
    """

    closing = False

    def is_closing(self) -> bool:
        return self.closing

    def set_write_buffer_limits(self, high: int) -> None: ...

    def get_write_buffer_size(self) -> int:
        return 0

    def write(self, data: bytes) -> None:
        if self.closing:
            raise RuntimeError("the handler is closed")


async def test_a_message_for_a_transport_that_has_closed_itself_is_told_as_lost() -> None:
    said, told = list[dict[str, Any]](), list[str]()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: said.append(context))
    lost: list[LinkDown] = []
    connection = Connection("test", Limits(), 1, confirms=True, lost=lost.append)
    transport = Ended()
    connection.connection_made(cast(asyncio.Transport, transport))
    await asyncio.sleep(0)
    transport.closing = True
    connection.publish("", "queue", b"body", NONE, False, told.append, None)
    await asyncio.sleep(0)
    connection.connection_lost(ConnectionResetError())
    await asyncio.sleep(0)
    assert said == []
    assert len(lost) == 1 and len(told) == 1 and "lost before the broker confirmed it" in told[0]
