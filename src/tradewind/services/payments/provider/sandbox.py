"""Behaves like a payment provider on its worst days, on demand: what a shop must survive can be ordered by a
token.
"""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

from ....core.failpoints import Broken, failpoint
from . import tokens
from .charges import Charges, End, Row
from .faults import Faults
from .ledger import ENTRIES, LedgerEntry, open_ledger
from .port import Answer, Charge, NoAnswer, ProviderDown, State
from .rounds import Clock, Rounds, Sleep
from .webhooks import Deliver, Webhooks

DONE = failpoint(
    "provider.done",
    "what a call to the sandbox provider changed is on disk, and its caller does not know yet",
)


class Sandbox:
    """A `Provider`. `start` starts its timers (late charges, webhooks); without them they happen at the next
    call.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        clock: Clock,
        random: random.Random,
        secret: bytes = b"",
        deliver: Deliver | None = None,
        sleep: Sleep = asyncio.sleep,
        timeout_s: float = 1.0,
        faults: float = 0.0,
        commit_inline: bool = False,
    ) -> None:
        self._clock, self._sleep = clock, sleep
        self._faults = Faults(faults, random=random, sleep=sleep, timeout_s=timeout_s)
        self._commits = open_ledger(path, commit_inline=commit_inline)
        self._charges = Charges(self._commits, tells=deliver is not None, stirred=self._stir)
        self._rounds = [Rounds(lambda: self._charges.settle(clock()), clock=clock, sleep=sleep)]
        if deliver is not None:
            webhooks = Webhooks(self._commits, deliver, secret=secret, clock=clock, random=random)
            self._rounds.append(Rounds(webhooks.tell, clock=clock, sleep=sleep))

    @property
    def commits_made(self) -> int:
        return self._commits.made

    def start(self) -> None:
        for rounds in self._rounds:
            rounds.start()

    async def charge(self, what: Charge) -> Answer:
        return await self._faults.around(lambda: self._charge(what))

    async def find(self, key: str) -> Answer:
        return await self._faults.around(lambda: self._find(key))

    async def void(self, key: str) -> Answer:
        return await self._faults.around(lambda: self._void(key))

    async def refund(self, key: str, refund_key: str, amount: int) -> Answer:
        return await self._faults.around(lambda: self._refund(key, refund_key, amount))

    async def entries(self) -> list[LedgerEntry]:
        """All keys of the ledger from one snapshot, in order."""
        return await self._commits.ask(lambda db: [LedgerEntry(*row) for row in db.execute(ENTRIES)])

    async def close(self) -> None:
        for rounds in self._rounds:
            await rounds.stop()
        await self._commits.close()

    async def _charge(self, what: Charge) -> Answer:
        row, end = await self._charges.charge(what, self._clock())
        self._done()
        if end is End.DOWN:
            raise ProviderDown("503")
        if end is End.LOST:
            await self._faults.silence()
        if row.state == State.PENDING and tokens.manner(row.kind).waits:
            row = await self._wait(row)
        return Answer(State.DECLINED, "voided") if row.state == State.VOIDED else row.answer()

    async def _find(self, key: str) -> Answer:
        return (await self._charges.find(key, self._clock())).answer()

    async def _void(self, key: str) -> Answer:
        row = await self._charges.void(key, self._clock())
        self._done()
        return row.answer()

    async def _refund(self, key: str, refund_key: str, amount: int) -> Answer:
        row = await self._charges.refund(key, refund_key, amount, self._clock())
        self._done()
        return row.answer()

    async def _wait(self, row: Row) -> Row:
        now = self._clock()
        due_at = row.due_at or now
        await self._sleep(max(0, due_at - now) / 1_000)
        # a sleep may end a little early; a caller that waited the whole time gets the charge
        return await self._charges.find(row.key, max(self._clock(), due_at))

    def _done(self) -> None:
        try:
            DONE()
        except Broken as error:
            raise NoAnswer("connection lost") from error

    def _stir(self) -> None:
        for rounds in self._rounds:
            rounds.poke()
