"""Takes all orders past all invariants once. Apart from where the rows come from, so that a simulation can
ask it after every run.
"""

from __future__ import annotations

from collections.abc import Iterable

from ...services.orders.domain import CONFIRMED, PENDING
from ...services.payments.provider.ledger import LedgerEntry
from . import answers, ends, money, orders
from .findings import Broken, Finding, Promise, Tally
from .flight import Flight, in_flight
from .letters import letters
from .papers import Papers
from .recorded import recorded
from .rows import OrderRow, Rows
from .stock import Shelf
from .stories import Ledger, Story, windows
from .stuck import pending, stuck
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
        self.tallies: dict[Promise, Tally] = {
            promise: Tally(promise, wired=wiring.has(promise))
            for promise in Promise
            if promise is not Promise.LETTERS
        }
        self.orders = self.in_flight = 0
        self._shelf, self._money, self._papers = Shelf(), money.Money(), Papers(wiring.policies)

    async def run(self, late: Iterable[Broken]) -> list[Finding]:
        """All lines. `late`: what `stuck` has found."""
        source, tallies = self._source, self.tallies
        flight, since = await in_flight(source, self._wiring), await orders.remembered_since(source)
        async for window in windows(source, self._ledger):
            for promise, strays in window.strays.items():
                tallies[promise].take(strays)
            for story in window.stories.values():
                self._judge(story, flight, since)
        forgotten, told = await answers.forgotten(source, self._wiring.services)
        tallies[Promise.KEPT].take(forgotten)
        tallies[Promise.REAL].take(await answers.made_twice(source))
        moved, noted = await recorded(source)
        tallies[Promise.MONEY].take(moved)
        shelf, products = await self._shelf.compare(source)
        tallies[Promise.STOCK].take(shelf)
        if not tallies[Promise.MONEY].violations:
            tallies[Promise.MONEY].take(self._money.differences())
        tallies[Promise.PAPERS].take(await self._papers.close(source))
        tallies[Promise.MOVES].take(late)
        self._count({Promise.STOCK: products, Promise.PAPERS: self._papers.count})
        tallies[Promise.KEPT].note = f"{told:,} answers"
        noted_down = [f"{noted:,} payments only written down"] if noted else []
        tallies[Promise.MONEY].note = ", ".join([*filter(None, [self._money.note()]), *noted_down])
        return [*(tally.finding() for tally in tallies.values()), await letters(source, self._wiring)]

    def _count(self, others: dict[Promise, int]) -> None:
        """How many each line has seen: all orders, those that are settled, or those of an end."""
        for promise in (Promise.KEPT, Promise.REAL, Promise.MOVES, Promise.LEGAL):
            self.tallies[promise].checked = self.orders
        self.tallies[Promise.MONEY].checked = self.orders - self.in_flight
        for promise, count in others.items():
            self.tallies[promise].checked = count
            self.tallies[promise].of = "products" if promise is Promise.STOCK else "papers"

    def _judge(self, story: Story, flight: Flight, since: int) -> None:
        tallies, order, wiring = self.tallies, story.order, self._wiring
        tallies[Promise.STOCK].take(self._shelf.claim(story.hold))
        tallies[Promise.PAPERS].take(self._papers.enter(story))
        tallies[Promise.MONEY].take(money.moved_once(story))
        if "orders" not in wiring.services:
            return
        tallies[Promise.KEPT].take(orders.kept(story))
        tallies[Promise.LEGAL].take(orders.legal(story))
        tallies[Promise.MOVES].take(pending(story, flight, wiring))
        if wiring.ours(story.id):
            tallies[Promise.REAL].take(orders.real(story, since))
        if order is None:
            return
        self.orders += 1
        if not wiring.ours(story.id):
            return  # what it became, it became elsewhere
        if not self._settled(story, flight):
            self.in_flight += not self._rests(order, story, flight)
            return
        self._money.count(story)
        if wiring.charges:
            tallies[Promise.MONEY].take(money.agreed(story))
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


async def check(source: Rows, entries: Iterable[LedgerEntry], now: int) -> list[Finding]:
    """All lines, for rows that do not change meanwhile: an open store that is at rest, and the provider's
    entries by key.
    """
    made = Check(source, Ledger(entries), now, quiet=True)
    return await made.run(await stuck(source, now, unread_before=now))
