"""Asks until there is an answer, with the same key each time, so that a shop which is killed and comes back
still does it once.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

from ..http import LOST, Answer, Http, reason

PATIENCE_S = 60.0
FIRST_S, LONGEST_S = 0.1, 2.0
AGAIN = (502, 503, 504)


class GaveUp(Exception):
    """No answer for as long as we wait."""


class Client:
    """`find` says where the platform is now, where that can change; it may also say that there is none to
    wait for (GaveUp). `key_header`: where the API takes an idempotency key.
    """

    def __init__(
        self,
        http: Http,
        find: Callable[[], str | None],
        chance: random.Random,
        patience_s: float = PATIENCE_S,
        key_header: str = "Idempotency-Key",
    ) -> None:
        self.http, self._find, self._chance, self._patience_s = http, find, chance, patience_s
        self._key_header = key_header
        self.retries = self.held_back = 0

    async def ask(
        self, method: str, path: str, body: Any = None, *, token: str = "", key: str = "", wait_s: int = 0
    ) -> Answer:
        """An answer that is final. Too many requests: waits as long as it is told to. Errors: GaveUp."""
        return (await self.timed(method, path, body, token=token, key=key, wait_s=wait_s))[0]

    async def timed(
        self, method: str, path: str, body: Any = None, *, token: str = "", key: str = "", wait_s: int = 0
    ) -> tuple[Answer, float]:
        """And what the answer took, without the tries before it."""
        headers = {
            **({self._key_header: key} if key else {}),
            **({"Prefer": f"wait={wait_s}"} if wait_s else {}),
        }
        clock = asyncio.get_running_loop().time
        until, pause = clock() + self._patience_s, FIRST_S
        while True:
            begun = clock()
            try:
                answer = await self.http.ask(
                    method, path, body, token=token, headers=headers, seconds=15.0 + wait_s
                )
            except LOST as error:
                why, least = reason(error, 15.0 + wait_s), 0.0
            else:
                if answer.status == 429:
                    self.held_back += 1
                    until += (held := _after(answer, 1.0))
                    await asyncio.sleep(held)
                    continue
                if answer.status not in AGAIN and answer.code != "request_in_progress":
                    return answer, clock() - begun
                why, least = f"it answers {answer.status} {answer.code}", min(_after(answer, 0.0), LONGEST_S)
            if clock() > until:
                raise GaveUp(f"{self.http.url}: no answer for {self._patience_s:.0f} s ({why})")
            self.retries += 1
            await asyncio.sleep(max(least, pause * self._chance.uniform(0.5, 1.0)))
            pause = min(pause * 2, LONGEST_S)
            await self._look()

    async def _look(self) -> None:
        url = self._find()
        if url is not None and url != self.http.url:
            await self.http.move(url)


def _after(answer: Answer, default: float) -> float:
    text = answer.headers.get("retry-after", "")
    return float(text) if text.isdigit() else default
