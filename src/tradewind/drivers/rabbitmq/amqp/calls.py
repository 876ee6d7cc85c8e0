"""Asks the broker for what needs an answer, one call after the other, each with a deadline."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from . import methods
from .errors import LinkDown, Malformed
from .messages import Delivery, Limits, QueueState
from .methods import Call


class Consumer:
    """A subscription. Without `take` it is cancelled, and its last deliveries are rejected."""

    __slots__ = ("no_ack", "tag", "take")

    def __init__(self, tag: str, take: Callable[[Delivery], None], *, no_ack: bool) -> None:
        self.tag, self.no_ack = tag, no_ack
        self.take: Callable[[Delivery], None] | None = take


class Calls:
    """Calls of one channel, which replies in the order of the calls. Errors of all: LinkDown; ValueError for
    a name that is too long for AMQP.
    """

    def __init__(self, name: str, limits: Limits) -> None:
        self.name, self.limits = name, limits
        self.consumers: dict[bytes, Consumer] = {}
        self._waiting: deque[tuple[str, asyncio.Future[Any]]] = deque()
        self.error: LinkDown | None = None

    def send(self, data: bytes) -> None:
        raise NotImplementedError

    async def call(self, call: Call) -> Any:
        """The method that answers it."""
        answer = self.asked(call.answer)
        self.send(call.frame)
        return await self.answer(answer)

    def asked(self, name: str) -> asyncio.Future[Any]:
        """What will be the next answer, after those that are waited for already."""
        if self.error is not None:
            raise self.error
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((name, answer))
        return answer

    async def answer(self, answer: asyncio.Future[Any]) -> Any:
        try:
            async with asyncio.timeout(self.limits.call_s):
                return await answer
        except TimeoutError:
            self.fail(
                LinkDown(
                    f"no answer in {self.limits.call_s:g} s: the broker is overloaded, or something "
                    f"between drops what we send"
                )
            )
            raise self.gone() from None

    def fail(self, error: LinkDown) -> None:
        raise NotImplementedError

    def gone(self) -> LinkDown:
        return self.error or LinkDown("the connection was lost")

    def answered(self, method: Any) -> None:
        if not self._waiting or self._waiting[0][0] != method.name:
            raise Malformed(f"{method.name}, which nobody asked for")
        answer = self._waiting.popleft()[1]
        if not answer.done():
            answer.set_result(method)

    def give_up(self, error: LinkDown) -> None:
        """Ends all calls: no reply will come."""
        waiting, self._waiting = self._waiting, deque()
        for _, answer in waiting:
            if not answer.done():
                answer.set_exception(error)

    # -- what is asked
    # ------------------------------------------------------------------------------------------------

    async def declare_queue(
        self,
        name: str,
        durable: bool,
        exclusive: bool,
        auto_delete: bool,
        passive: bool,
        arguments: dict[str, Any] | None,
    ) -> QueueState:
        answer = await self.call(
            methods.declare_queue(name, durable, exclusive, auto_delete, passive, arguments)
        )
        return QueueState(answer.queue, answer.message_count, answer.consumer_count)

    async def declare_exchange(self, name: str, kind: str, durable: bool) -> None:
        await self.call(methods.declare_exchange(name, kind, durable))

    async def bind(self, queue: str, exchange: str, key: str) -> None:
        await self.call(methods.bind(queue, exchange, key))

    async def qos(self, prefetch: int) -> None:
        await self.call(methods.qos(prefetch))

    async def consume(
        self, queue: str, take: Callable[[Delivery], None], no_ack: bool, arguments: dict[str, Any] | None
    ) -> str:
        tag = f"{self.name}.{len(self.consumers) + 1}"[
            -255:
        ]  # ours, because the first delivery may come with the answer
        self.consumers[tag.encode()] = Consumer(tag, take, no_ack=no_ack)
        await self.call(methods.consume(queue, tag, no_ack, arguments))
        return tag

    async def cancel(self, tag: str) -> None:
        consumer = self.consumers.get(tag.encode())
        if consumer is not None and consumer.take is not None:
            await self.call(methods.cancel(tag))
            consumer.take = None
