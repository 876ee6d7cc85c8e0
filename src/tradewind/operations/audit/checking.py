"""Takes all orders past all invariants once. Apart from where the rows come from, so that a simulation can
ask it after every run.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from ...core.checks import Broken, Rows
from ...runtime.registry import SERVICES, checks
from ...services.orders.domain import CONFIRMED, PENDING
from ...services.payments.provider.ledger import LedgerEntry
from . import ends
from .answers import forgotten
from .report import Finding, Promise, Tally
from .stories import Entries, Ledger, OrderRow, Stories, Story
from .stuck import Flight, in_flight, letters, pending, stuck
from .wiring import WHOLE, Here, Wiring

GRACE_MS = 1_000


class Check:
    """`now` is when the ledger was read, which was before the rows: what changed later is under way. `quiet`:
    nothing changes.
    """

    def __init__(
        self, source: Rows, ledger: Ledger, now: int, *, quiet: bool = False, wiring: Wiring = WHOLE
    ) -> None:
        self._source: Rows = source if wiring.services >= WHOLE.services else Here(source, wiring.services)
        self._ledger, self._now, self._wiring = ledger, now, wiring
        self._grace = 0 if quiet else GRACE_MS
        self.tallies: dict[str, Tally] = {
            promise: Tally(promise, wired=wiring.has(promise))
            for promise in Promise
            if promise is not Promise.LETTERS
        }
        self.orders = self.in_flight = 0
        self._money, self._others = ends.Money(), ends.Others()

    async def run(self, late: Iterable[Broken]) -> list[Finding]:
        """All lines. `late`: what `stuck` has found."""
        source, tallies = self._source, self.tallies
        flight = await in_flight(source, self._wiring)
        stories = Stories(source, self._ledger)
        async for window in stories.windows():
            for story in window.values():
                self._judge(story, flight)
        tallies[Promise.MONEY].take(await stories.charges_of_nobody())
        if "orders" in self._wiring.services:
            if not self._wiring.orders_of_others:
                tallies[Promise.REAL].take(await stories.invoices_of_nobody())
            for promise in (Promise.KEPT, Promise.REAL, Promise.MOVES, Promise.LEGAL):
                tallies[promise].checked = self.orders
            tallies[Promise.MONEY].checked = self.orders - self.in_flight
        notes = [self._money.note(), self._others.note()]
        tallies[Promise.MONEY].note = ", ".join([*filter(None, notes)])
        await self._ask_services()
        if not tallies[Promise.MONEY].violations:
            tallies[Promise.MONEY].take(self._money.differences())
        tallies[Promise.MOVES].take(late)
        return [*(tally.finding() for tally in tallies.values()), await letters(source, self._wiring)]

    async def _ask_services(self) -> None:
        """What each service has checked of its own rows; a line that only it has comes after the others."""
        own = checks([name for name in SERVICES if name in self._wiring.services])
        missing, told = await forgotten(self._source, own)
        self.tallies[Promise.KEPT].take(missing)
        self.tallies[Promise.KEPT].note = f"{told:,} answers"
        for one in own.values():
            for invariant in one.invariants:
                for checked in await invariant(self._source, self._wiring.policies):
                    tally = self.tallies.setdefault(checked.promise, Tally(checked.promise))
                    tally.take(checked.broken)
                    tally.note = ", ".join([*filter(None, [tally.note, checked.note])])
                    if checked.of:
                        tally.checked, tally.of = checked.count, checked.of

    def _judge(self, story: Story, flight: Flight) -> None:
        tallies, order, wiring = self.tallies, story.order, self._wiring
        tallies[Promise.MONEY].take(ends.moved_once(story))
        if "orders" not in wiring.services:
            return
        tallies[Promise.MOVES].take(pending(story, flight, wiring))
        tallies[Promise.REAL].take(ends.real(story, wiring))
        before = self._now - self._grace if self._grace else math.inf
        tallies[Promise.MONEY].take(self._others.count(story, wiring, before))
        if order is None:
            return
        self.orders += 1
        if order.adopted_at is not None:
            return  # what it became, it became elsewhere
        if not self._settled(story, flight):
            if self._rests(order, story, flight):
                tallies[Promise.KEPT].take(ends.invoiced(story, wiring))
            else:
                self.in_flight += 1
            return
        self._money.count(story)
        if ends.elsewhere(story, wiring):
            return
        if wiring.charges:
            tallies[Promise.MONEY].take(ends.agreed(story))
        if order.status == CONFIRMED and wiring.has(Promise.WHOLE):
            tallies[Promise.WHOLE].checked += 1
            tallies[Promise.WHOLE].take(ends.whole(story, wiring))
        elif order.status != CONFIRMED and wiring.has(Promise.CLEAN):
            tallies[Promise.CLEAN].checked += 1
            tallies[Promise.CLEAN].take(ends.clean(story, wiring))

    def _rests(self, order: OrderRow, story: Story, flight: Flight) -> bool:
        """An order that nobody is to pay stays PENDING, and waits for nothing."""
        return (
            self._wiring.leaves_pending
            and order.status == PENDING
            and not order.expires_at
            and not flight.has(story)
        )

    def _settled(self, story: Story, flight: Flight) -> bool:
        if story.order is None or story.order.status == PENDING or flight.has(story):
            return False
        changed = [story.order.updated_at, *[payment.updated_at for payment in story.payments]]
        return self._grace == 0 or max(changed) < self._now - self._grace


async def check(
    source: Rows, entries: Iterable[LedgerEntry], now: int, wiring: Wiring = WHOLE
) -> list[Finding]:
    """All lines, for rows that do not change meanwhile: an open store that is at rest, and the provider's
    entries by key.
    """
    made = Check(source, Entries(entries), now, quiet=True, wiring=wiring)
    return await made.run(await stuck(source, now, unread_before=now, wiring=wiring))
