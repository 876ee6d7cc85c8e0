"""One message to a queue's handler, and what was answered: no broker."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from itertools import count
from typing import Any

import msgspec

from tradewind.apis.nest import wire
from tradewind.apis.rpc.queues import Handler
from tradewind.core.request_queue import Ask

_ids = count(1)


class Asked:
    """`answer` sends a message as NestJS's client would and waits for the packet that comes back."""

    def __init__(self, handlers: Mapping[str, Handler]) -> None:
        self.handlers = handlers

    async def packet(
        self, pattern: str, data: Any, message_id: str = "", *, redelivered: bool = False
    ) -> bytes:
        """The whole reply, without the id that it repeats."""
        answered: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        name = msgspec.json.encode(message_id or f"message-{next(_ids)}")
        raw = data if isinstance(data, bytes) else msgspec.json.encode(data)

        def reply(ask: Ask, body: bytes, refused: bool) -> None:
            pack = wire.pack_refusal if refused else wire.pack_answer
            answered.set_result(pack(body, name))

        ask = Ask(pattern, raw, name, reply, redelivered=redelivered)
        self.handlers[pattern](ask)
        async with asyncio.timeout(60):
            return (await answered).replace(name, b'"id"')

    async def answer(
        self, pattern: str, data: Any, message_id: str = "", *, redelivered: bool = False
    ) -> Any:
        """Of one that must not be refused."""
        reply = msgspec.json.decode(await self.packet(pattern, data, message_id, redelivered=redelivered))
        assert reply.keys() == {"response", "isDisposed", "id"}, reply
        return reply["response"]

    async def err(self, pattern: str, data: Any, message_id: str = "") -> Any:
        """Of one that must be refused."""
        reply = msgspec.json.decode(await self.packet(pattern, data, message_id))
        assert "err" in reply, reply
        return reply["err"]
