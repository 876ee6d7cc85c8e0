"""The operator, who replays each dead letter once its cause is gone."""

from __future__ import annotations

from ...core.dead_letters import ListDeadLetters, ReplayDeadLetter
from ...core.model import Caller
from ...core.store import StoreUnavailable
from .shop import Down, Shop
from .trace import Trace

OPERATOR = Caller("operator", "admin")


class Operator:
    def __init__(self, shop: Shop, trace: Trace) -> None:
        self._shop, self._trace = shop, trace

    async def clear(self) -> None:
        """Replays every dead letter, each twice, as a hasty operator does."""
        try:
            page = await self._shop.ask(ListDeadLetters(100), OPERATOR)
            for letter in page.data:
                if letter.status == "DEAD":
                    self._trace.note("replay", letter.id, letter.reason)
                    for copy in range(2):
                        self._shop.submit(
                            ReplayDeadLetter(letter.id),
                            OPERATOR,
                            lambda reply: None,
                            claim=f"replay-{letter.id}-{copy}",
                        )
        except (Down, StoreUnavailable):
            return
