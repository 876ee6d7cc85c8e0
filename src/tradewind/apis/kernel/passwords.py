"""Hashes passwords: argon2id, in few threads with a short queue, since each hash costs 20 ms.

A log-in costs the same whether the address is known or not: its duration does not show who has an account.
"""

from __future__ import annotations

import asyncio
import base64
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

from ...core.clock import Clock
from ...core.extras import MissingExtra
from ...core.model import Refused

T = TypeVar("T")
LONGEST = 1_024
BCRYPT = "$2"
"""How the hashes of bcrypt begin."""
SALT, HASH = 16, 32


def plain(password: str) -> str:
    """One way to write each letter: keyboards differ in how they compose an é."""
    return unicodedata.normalize("NFC", password)


class Cost(msgspec.Struct, frozen=True):
    """What a hash costs, and how many are made at once: `queue` more may wait, the next one is answered
    503.
    """

    memory_kib: int = 19_456
    rounds: int = 2
    workers: int = 2
    queue: int = 64


class Passwords:
    def __init__(self, clock: Clock, cost: Cost = Cost()) -> None:  # noqa: B008
        self._clock = clock
        self._hasher = PasswordHasher(
            time_cost=cost.rounds,
            memory_cost=cost.memory_kib,
            parallelism=1,
            hash_len=HASH,
            salt_len=SALT,
            type=Type.ID,
        )
        self._dummy = f"$argon2id$v=19$m={cost.memory_kib},t={cost.rounds},p=1${_text(SALT)}${_text(HASH)}"
        self._pool = ThreadPoolExecutor(cost.workers, "hasher")
        self._under_way, self._most = 0, cost.workers + cost.queue

    async def hash(self, password: str) -> str:
        salt = self._clock.random.getrandbits(8 * SALT).to_bytes(SALT, "big")
        return await self._work(lambda: self._hasher.hash(plain(password), salt=salt))

    async def verify(self, known: str | None, password: str) -> bool:
        """False also without a known hash, after the same work."""
        return await self._work(lambda: self._fits(known or self._dummy, plain(password)))

    @staticmethod
    def outdated(known: str) -> bool:
        """Whether a hash that fits should be replaced by one of ours."""
        return known.startswith(BCRYPT)

    def _fits(self, known: str, password: str) -> bool:
        try:
            if known.startswith(BCRYPT):
                return _fits_bcrypt(known, password)
            # cut, not refused: a refusal without work would show that it was too long for any account
            return self._hasher.verify(known, password.encode()[: LONGEST + 1])
        except (VerificationError, InvalidHashError):
            return False

    async def _work(self, job: Callable[[], T]) -> T:
        if self._under_way >= self._most:
            raise Refused("overloaded", 503, retry_after=1)
        self._under_way += 1
        # released by the job itself: a caller that stops waiting has not stopped the work
        work = asyncio.get_running_loop().run_in_executor(self._pool, job)
        work.add_done_callback(self._done)
        return await asyncio.shield(work)

    def _done(self, work: asyncio.Future[T]) -> None:
        self._under_way -= 1
        if not work.cancelled():
            work.exception()  # retrieved, also where no caller waits any more

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


def _fits_bcrypt(known: str, password: str) -> bool:
    """A hash that came over from another system; bcrypt looks at 72 bytes."""
    try:
        import bcrypt
    except ImportError:
        raise MissingExtra("the password of an adopted account needs bcrypt", "bcrypt") from None

    try:
        return bcrypt.checkpw(password.encode()[:72], known.encode())
    except ValueError:
        return False


def _text(size: int) -> str:
    return base64.b64encode(bytes(size)).rstrip(b"=").decode()
