"""Places orders as customers do, some with cards that fail and some for what is nearly sold out, and follows
each to its end.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from typing import Any

from ..http import Answer
from .figures import Figures
from .people import Buyer, Unwelcome, log_in
from .persistence import Client, GaveUp

ORDERS = "/api/v1/orders"
PLACING, FOLLOWING = 32, 400
WAIT_S, END_S = 20, 120.0
TOKENS = {
    "tok_ok": 74,
    "tok_declined": 6,
    "tok_insufficient_funds": 4,
    "tok_error_then_ok": 5,
    "tok_charged_no_answer": 4,
    "tok_no_answer": 3,
    "tok_webhook": 4,
}
RARELY, CANCELLED = 0.06, 0.03
FINAL = ("CONFIRMED", "FAILED", "CANCELLED")


class Buying:
    """`goods` are the ids of products; of the last one there is little."""

    def __init__(
        self,
        client: Client,
        buyers: list[Buyer],
        goods: list[str],
        figures: Figures,
        chance: random.Random,
        run: str,
    ) -> None:
        self._client, self._buyers, self._goods, self.figures, self._chance = (
            client,
            buyers,
            goods,
            figures,
            chance,
        )
        self._run = run
        self._following = asyncio.Semaphore(FOLLOWING)
        self._given_up = False

    async def all(self) -> None:
        """Returns when every order has come to its end, or is given up."""
        numbers = iter(range(self.figures.wanted))
        async with asyncio.TaskGroup() as group:
            for _ in range(min(PLACING, self.figures.wanted)):
                group.create_task(self._place_some(numbers, group))

    async def _place_some(self, numbers: Iterator[int], group: asyncio.TaskGroup) -> None:
        for number in numbers:
            await self._following.acquire()
            if self._given_up:
                self._following.release()
                return
            buyer = self._buyers[number % len(self._buyers)]
            order = await self._place(number, buyer)
            if order is None:
                self._following.release()
            else:
                group.create_task(self._follow(order, buyer, self._chance.random() < CANCELLED))

    async def _place(self, number: int, buyer: Buyer) -> Any:
        try:
            answer, seconds = await self._ask(
                "POST", ORDERS, self._basket(), buyer, key=f"demo-{self._run}-order-{number}"
            )
        except (GaveUp, Unwelcome) as error:
            self._lose(error)
            return None
        if answer.status != 201:
            self.figures.refused[answer.code] += 1
            return None
        self.figures.accepted += 1
        self.figures.answer_ms.append(seconds * 1_000)
        return answer.body

    def _basket(self) -> dict[str, Any]:
        chance = self._chance
        chosen = (
            [self._goods[-1]]
            if chance.random() < RARELY
            else chance.sample(self._goods[:-1], chance.choice([1, 1, 2]))
        )
        (token,) = chance.choices(list(TOKENS), list(TOKENS.values()))
        return {
            "items": [{"productId": product, "quantity": chance.randint(1, 3)} for product in chosen],
            "payment": {"token": token},
        }

    async def _follow(self, order: Any, buyer: Buyer, cancel: bool) -> None:
        clock = asyncio.get_running_loop().time
        placed, path = clock(), f"{ORDERS}/{order['id']}"
        try:
            if cancel:
                await self._ask(
                    "POST",
                    f"{path}/cancel",
                    {"reason": "changed my mind"},
                    buyer,
                    key=f"demo-cancel-{order['id']}",
                )
            while order["status"] not in FINAL and clock() - placed < END_S:
                answer, _ = await self._ask("GET", path, None, buyer, wait_s=WAIT_S)
                order = answer.body if answer.status == 200 else order
                if answer.status != 200:
                    await asyncio.sleep(1)
        except (GaveUp, Unwelcome) as error:
            self._lose(error)
        finally:
            self._following.release()
        if order["status"] in FINAL:
            self.figures.end(order)
            self.figures.end_ms.append((clock() - placed) * 1_000)

    def _lose(self, error: Exception) -> None:
        """The platform does not answer any more: placed orders are waited for, no new one is placed."""
        self.figures.lost[str(error)] += 1
        self._given_up = True

    async def _ask(
        self, method: str, path: str, body: Any, buyer: Buyer, *, key: str = "", wait_s: int = 0
    ) -> tuple[Answer, float]:
        answer, seconds = await self._client.timed(
            method, path, body, token=buyer.token, key=key, wait_s=wait_s
        )
        if answer.status == 401:  # a long demo outlives its tokens
            await log_in(self._client, buyer)
            answer, seconds = await self._client.timed(
                method, path, body, token=buyer.token, key=key, wait_s=wait_s
            )
        return answer, seconds
