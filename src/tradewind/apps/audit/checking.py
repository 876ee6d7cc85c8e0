"""Takes all orders past all invariants once. Apart from where the rows come from, so that a simulation can ask it after every run."""

from __future__ import annotations

from collections.abc import Iterable

from ...chassis.engine.rooms import Room
from ...services.orders.domain import PENDING
from ...services.payments.provider.ledger import LedgerEntry
from . import ends, money, orders
from .findings import Broken, Finding, Promise, Tally
from .flight import Flight, in_flight, rooms
from .letters import letters
from .papers import Papers
from .stock import Shelf
from .stories import Ledger, Rows, Story, windows
from .stuck import pending, stuck

GRACE_MS = 1_000


class Check:
    """`now` is when the ledger was read, which was before the rows: what changed later is on its way. `quiet`: nothing changes."""

    def __init__(self, source: Rows, ledger: Ledger, now: int, *, quiet: bool = False) -> None:
        self._source, self._ledger, self._now = source, ledger, now
        self._grace = 0 if quiet else GRACE_MS
        self.rooms: dict[str, Room] = rooms()
        self.tallies: dict[Promise, Tally] = {promise: Tally(promise) for promise in Promise if promise is not Promise.LETTERS}
        self.orders = self.in_flight = 0
        self._shelf, self._money, self._papers = Shelf(), money.Money(), Papers()

    async def run(self, late: Iterable[Broken]) -> list[Finding]:
        """All lines. `late`: what `stuck` has found."""
        source, tallies = self._source, self.tallies
        flight, since = await in_flight(source, self.rooms), await orders.remembered_since(source)
        async for window in windows(source, self._ledger):
            for promise, strays in window.strays.items():
                tallies[promise].take(strays, 0)
            for story in window.stories.values():
                self._judge(story, flight, since)
        forgotten, answers = await orders.forgotten_answers(source)
        tallies[Promise.KEPT].take(forgotten, 0)
        tallies[Promise.KEPT].note = f"{answers} answers"
        shelf, products = await self._shelf.compare(source)
        tallies[Promise.STOCK].take(shelf, products)
        tallies[Promise.STOCK].of = "products"
        tallies[Promise.MONEY].take(self._money.differences() if not tallies[Promise.MONEY].violations else (), 0)
        tallies[Promise.MONEY].note = self._money.note()
        tallies[Promise.PAPERS].take(await self._papers.close(source), self._papers.count)
        tallies[Promise.PAPERS].of = "papers"
        tallies[Promise.MOVES].take(late, 0)
        return [*(tally.finding() for tally in tallies.values()), await letters(source, self.rooms)]

    def _judge(self, story: Story, flight: Flight, since: int) -> None:
        tallies, order = self.tallies, story.order
        story.settled = self._settled(story, flight)
        self.orders += order is not None
        self.in_flight += order is not None and not story.settled
        tallies[Promise.KEPT].take(orders.kept(story))
        tallies[Promise.REAL].take(orders.real(story, since))
        tallies[Promise.LEGAL].take(orders.legal(story))
        tallies[Promise.MOVES].take(pending(story, flight))
        tallies[Promise.STOCK].take(self._shelf.claim(story.hold), 0)
        tallies[Promise.PAPERS].take(self._papers.enter(story), 0)
        tallies[Promise.MONEY].take(money.moved_once(story), int(story.settled))
        if story.settled and order is not None:
            self._money.count(story)
            tallies[Promise.MONEY].take(money.agreed(story), 0)
            tallies[Promise.WHOLE].take(ends.whole(story), int(order.status == "CONFIRMED"))
            tallies[Promise.CLEAN].take(ends.clean(story), int(order.status != "CONFIRMED"))

    def _settled(self, story: Story, flight: Flight) -> bool:
        if story.order is None or story.order.status == PENDING or flight.has(story):
            return False
        changed = [story.order.updated_at, *[payment.updated_at for payment in story.payments]]
        return self._grace == 0 or max(changed) < self._now - self._grace


async def check(source: Rows, entries: Iterable[LedgerEntry], now: int) -> list[Finding]:
    """All lines, for rows that nobody changes meanwhile: an open store that is at rest, and the provider's entries by key."""
    made = Check(source, Ledger(entries), now, quiet=True)
    return await made.run(await stuck(source, made.rooms, now, unread_before=now))
