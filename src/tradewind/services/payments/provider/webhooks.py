"""Sends webhooks to the shop until they are accepted: a webhook is a row until then."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable

import msgspec

from . import signatures
from .commits import Commits, Db
from .rounds import Clock

Deliver = Callable[[bytes, dict[str, str]], Awaitable[bool]]

MOST_AT_ONCE = 32
ATTEMPTS = 10
DELIVERY_S = 15.0
FIRST_PAUSE_MS, LONGEST_PAUSE_MS = 500, 60_000
log = logging.getLogger(__name__)


class Message(msgspec.Struct, frozen=True):
    id: str
    body: bytes
    attempts: int


class Webhooks:
    def __init__(
        self, commits: Commits, deliver: Deliver, *, secret: bytes, clock: Clock, random: random.Random
    ) -> None:
        if not secret:
            raise ValueError("webhooks need a secret")
        self._commits, self._deliver, self._secret, self._clock, self._random = (
            commits,
            deliver,
            secret,
            clock,
            random,
        )

    async def tell(self) -> int | None:
        """Delivers what is due; answers when the next is."""
        due = await self._commits.ask(self._due)
        # gathered with their errors: what a receiver raises is its failed delivery, as it would be over a
        # network
        heard = await asyncio.gather(*map(self._send, due), return_exceptions=True)
        taken = [message for message, result in zip(due, heard, strict=True) if result is True]
        failed = [message for message in due if message not in taken]
        for message, result in zip(due, heard, strict=True):
            if message.attempts + 1 >= ATTEMPTS and result is not True:
                log.warning(
                    "webhook %s given up after %d attempts: %s", message.id, ATTEMPTS, type(result).__name__
                )
        return await self._commits.ask(lambda db: self._close(db, taken, failed))

    async def _send(self, message: Message) -> bool:
        at = self._clock() // 1_000
        headers = {
            "webhook-id": message.id,
            "webhook-timestamp": str(at),
            "webhook-signature": signatures.sign(self._secret, message.id, at, message.body),
        }
        async with asyncio.timeout(DELIVERY_S):
            return await self._deliver(message.body, headers)

    def _due(self, db: Db) -> list[Message]:
        select = "SELECT id, body, attempts FROM webhooks WHERE next_at <= ? ORDER BY next_at, id LIMIT ?"
        return [Message(*row) for row in db.execute(select, (self._clock(), MOST_AT_ONCE))]

    def _close(self, db: Db, taken: list[Message], failed: list[Message]) -> int | None:
        for message in taken + [message for message in failed if message.attempts + 1 >= ATTEMPTS]:
            db.execute("DELETE FROM webhooks WHERE id = ?", (message.id,))
        for message in failed:
            pause = min(FIRST_PAUSE_MS << message.attempts, LONGEST_PAUSE_MS)
            at = self._clock() + int(pause * self._random.uniform(0.8, 1.2))
            db.execute(
                "UPDATE webhooks SET attempts = attempts + 1, next_at = ? WHERE id = ?", (at, message.id)
            )
        following: tuple[int | None] = db.execute("SELECT min(next_at) FROM webhooks").fetchone()
        return following[0]
