"""What all campaigns with orders share: a client with a customer of its own for each order, by whom the order is found
again, and the comparison of what was accepted with the rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from tests.faults.book import Book, Wish
from tests.faults.clients import UNSURE, Client, Writer
from tests.faults.ends import Findings

EDGE, DIRECT = "orders", "direct"
WRITERS = ((EDGE, True), (EDGE, True), (EDGE, False), (DIRECT, True), (DIRECT, True), (DIRECT, False))
KEPT = 10
"""Requests on a connection: copies share a port, and a new one finds a new connection."""


class OrdersWriter(Writer):
    def __init__(self, *words: Any, path: str, **more: Any) -> None:
        super().__init__(*words, **more)
        self._path, self._asked = path, 0

    def body(self, mark: str) -> dict[str, Any]:
        raise NotImplementedError

    def wish(self) -> Wish:
        mark = self.mark()
        return Wish(self._kind, mark, f"key-{mark}" if self._keyed else "", self.body(mark))

    def ask(self, wish: Wish) -> tuple[int, Any]:
        self._asked += 1
        if self._kind == DIRECT and self._asked % KEPT == 0:
            self.leave()
        return self.attempt(wish.kind, "POST", self._path, self.request(wish), wish.key)

    def request(self, wish: Wish) -> Any:
        return wish.body


class OrdersReader(Client):
    """Of orders that were accepted, at the edge."""

    def act(self) -> None:
        known = [wish for wish in self._book.wishes[-100:] if wish.id]
        if not known:
            self.look()
            return
        wish = self._random.choice(known)
        status, data = self.read(wish)
        if status == 200 and not self.same(wish, data):
            self._book.odd(f"{wish} reads as {data}")
        elif status and status not in (200, *UNSURE):
            self._book.odd(f"{wish} was accepted, and its GET is answered {status} {data}")

    def look(self) -> None:
        """While there is no order."""

    def read(self, wish: Wish) -> tuple[int, Any]:
        raise NotImplementedError

    def same(self, wish: Wish, data: Any) -> bool:
        raise NotImplementedError


def compare(
    found: Findings, kept: list[tuple[Any, ...]], book: Book, content: Callable[[Wish], Any]
) -> list[str]:
    """Ids of all rows: of each its id, its mark and its content, as `content` has it of what was asked for."""
    ids = {str(order): (str(mark), what) for order, mark, what in kept}
    marks = Counter([mark for mark, _ in ids.values()])
    accepted = [wish for wish in book.wishes if wish.id]
    found.counts["accepted orders"], found.counts["rows of orders"] = len(accepted), len(kept)
    found.add("accepted orders that are lost", [wish for wish in accepted if wish.id not in ids])
    found.add(
        "accepted orders with another content",
        [w for w in accepted if w.id in ids and ids[w.id] != (w.mark, content(w))],
    )
    found.add("orders that are there twice", [mark for mark, count in marks.items() if count > 1])
    found.add("orders that nobody asked for", marks.keys() - {wish.mark for wish in book.wishes})
    return list(ids)


def exactly_one(found: Findings, what: str, orders: Iterable[str], ends: Iterable[str]) -> None:
    """Of each order: ours, and others'. `ends`: the order of each end that there is."""
    wanted, many = set(orders), Counter(ends)
    found.counts[what] = many.total()
    found.add(f"orders without exactly one of {what}", [order for order in wanted if many[order] != 1])
    found.add(f"{what} that nobody asked for", [order for order in many if order not in wanted])
