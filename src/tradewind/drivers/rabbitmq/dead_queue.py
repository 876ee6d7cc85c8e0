"""Shows an operator what lies in the queue of dead letters of a channel, and sends one again or gives it up;
what is only looked at goes back to its place.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

from ...core.channel import ATTEMPTS, FIRST_SEEN, REASON, Channel, trace_of
from ...core.dead_letters import DeadLetter
from .amqp import Delivery, Link
from .amqp.errors import LinkDown, LinkFull

MOST = 10_000
"""Those at the head of the queue; more are not looked at."""
ANSWER_S, LOOK_S = 5.0, 30.0


class DeadQueue:
    """That of one channel. Its letters have no id of their own: one is made of queue and content, so that
    copies of a message are one letter. Errors, of all: BrokerUnusable, LinkDown.
    """

    def __init__(self, url: str, channel: Channel) -> None:
        self._url, self._channel = url, channel

    def letters(self) -> list[DeadLetter]:
        return asyncio.run(self._letters())

    def holds(self, letter: str) -> bool:
        """Whether an id is that of a letter here."""
        return letter.startswith(f"{self._channel.dead}:")

    def replay(self, letter: str) -> bool:
        """Back to the channel's queue, as it was; False: it is not here."""
        return asyncio.run(self._decide(letter, again=True))

    def discard(self, letter: str) -> bool:
        return asyncio.run(self._decide(letter, again=False))

    async def _letters(self) -> list[DeadLetter]:
        link = Link(self._url, name="operator")
        await link.start(ANSWER_S)
        try:
            return [self._letter(one) for one in await self._held(link)]
        finally:
            await link.stop(0)

    async def _decide(self, letter: str, *, again: bool) -> bool:
        link = Link(self._url, name="operator", confirms=True)
        await link.start(ANSWER_S)
        try:
            found = [one for one in await self._held(link) if self._id(one) == letter]
            if found and again:
                await self._publish(link, found[0])
            for one in found:  # copies too: they are one letter
                link.ack(one)
            return bool(found)
        finally:
            await link.stop(ANSWER_S)

    async def _held(self, link: Link) -> list[Delivery]:
        """What waits there, held until the connection ends: it goes back to its place then."""
        found: list[Delivery] = []
        there, name = asyncio.Event(), self._channel.dead
        enough = min(MOST, (await link.declare_queue(name, durable=True)).messages)

        def take(delivery: Delivery) -> None:
            found.append(delivery)
            if len(found) >= enough:
                there.set()

        if enough:
            await link.qos(enough)
            await link.consume(name, take)
            try:
                async with asyncio.timeout(LOOK_S):
                    await there.wait()
            except TimeoutError:
                pass  # somebody else takes them: those that came
        return found

    async def _publish(self, link: Link, delivery: Delivery) -> None:
        """Errors: LinkDown, where the broker does not confirm it."""
        told: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        then: Callable[[str], None] = told.set_result
        try:
            link.publish(
                "", self._channel.name, delivery.body, delivery.properties, mandatory=True, then=then
            )
        except LinkFull as error:
            raise LinkDown(str(error)) from error
        if trouble := await told:
            raise LinkDown(trouble)

    def _id(self, delivery: Delivery) -> str:
        return f"{self._channel.dead}:{hashlib.blake2b(delivery.body, digest_size=8).hexdigest()}"

    def _letter(self, delivery: Delivery) -> DeadLetter:
        headers: dict[str, Any] = delivery.properties.headers or {}
        seen = _moment(headers.get(FIRST_SEEN))
        last = (delivery.properties.timestamp or 0) * 1000
        attempts = headers.get(ATTEMPTS)
        return DeadLetter(
            self._id(delivery),
            "DEAD",
            "channel",
            self._channel.published,
            "",
            "",
            attempts if isinstance(attempts, int) else 1,
            str(headers.get(REASON, "")),
            trace_of(headers),
            seen,
            seen,
            max(seen, last),
        )


def _moment(text: Any) -> int:
    """ms since 1970; 0 where nobody has said it."""
    try:
        return int(datetime.fromisoformat(str(text)).timestamp() * 1000)
    except ValueError:
        return 0
