"""Programs of other teams on a published queue: orders of their own in both spellings, some twice, some with two
amounts, and messages that nobody can take. What was sent bad is what must lie among the dead letters.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

from tests.faults.book import Book
from tradewind.drivers.rabbitmq.amqp import Delivery, Link, LinkDown, LinkFull, Properties

AT_ONCE = 50
AGAIN_S = 0.1
LONGEST_S = 600.0
CONFLICT = "conflict"
KEPT = Properties(delivery_mode=2)


def spelled(order: str, amount: Any, customer: Any, *, nested: bool = False) -> bytes:
    bare = {"orderId": order, "amount": amount, "customer": customer}
    text = {"pattern": "orders.created", "data": bare} if nested else bare
    return json.dumps(text, separators=(",", ":")).encode()


CUSTOMER = {"id": "another team's"}
BAD: tuple[tuple[str, Callable[[int], bytes]], ...] = (
    ("not-json", lambda n: b"order %d" % n),
    ("not-json", lambda n: b'{"orderId":"%d"' % n),
    ("not-json", lambda n: b'{"orderId":"\xff%d"}' % n),
    ("not-json", lambda n: b"{" * 5_000 + b"%d" % n),
    ("invalid", lambda n: b"[" * 5_000 + b"%d" % n),
    ("unknown-pattern", lambda n: b'{"pattern":"orders.deleted","data":{"orderId":"%d"}}' % n),
    ("unknown-pattern", lambda n: b'{"pattern":{"cmd":"%d"},"data":null}' % n),
    ("invalid", lambda n: b"[%d]" % n),
    ("invalid", lambda n: b"%d" % n),
    ("invalid", lambda n: spelled(f"bad-{n}", 0, CUSTOMER)),
    ("invalid", lambda n: spelled(f"bad-{n}", -1, CUSTOMER, nested=True)),
    ("invalid", lambda n: spelled(f"bad-{n}", 5.5, CUSTOMER)),
    ("invalid", lambda n: spelled(f"bad-{n}", True, CUSTOMER)),
    ("invalid", lambda n: spelled(f"bad-{n}", "5", CUSTOMER)),
    ("invalid", lambda n: spelled(f"bad-{n}", 2**31, CUSTOMER)),
    ("invalid", lambda n: spelled(f"bad-{n}", 5, {"id": ""})),
    ("invalid", lambda n: spelled(f"bad-{n}", 5, {"id": 7})),
    ("invalid", lambda n: spelled(f"bad-{n}", 5, None)),
    ("invalid", lambda n: spelled(f"{'x' * 255}{n}", 5, CUSTOMER)),
    ("invalid", lambda n: spelled(f"\0{n}", 5, CUSTOMER)),
)
"""The reason that a dead letter's must begin with, and the n-th message of its kind: no two are the same."""


class Letter(NamedTuple):
    """`attempts`: how often the message had been delivered."""

    body: bytes
    reason: str
    attempts: int


class Foreign(threading.Thread):
    """Sends until `halt`, or until `most` bad ones are sent; each until the broker has confirmed it. `bad`: their
    reasons. `orders`: by id, the bodies of each amount.
    """

    at_once = AT_ONCE

    def __init__(
        self, url: str, queue: str, book: Book, halt: threading.Event, seed: int, pace_s: float, most: int = 0
    ) -> None:
        super().__init__(daemon=True)
        self._url, self._queue, self._book, self._halt = url, queue, book, halt
        self._random, self._pace_s, self._most = Random(seed), pace_s, most
        self.bad: dict[bytes, str] = {}
        self.orders: dict[str, dict[int, set[bytes]]] = {}
        self.sent = Counter[bytes]()
        self.repeated = 0

    @property
    def sent_bad(self) -> int:
        """Of two amounts of one order one is bad."""
        return len(self.bad) + sum(len(amounts) - 1 for amounts in self.orders.values())

    def run(self) -> None:
        try:
            asyncio.run(self._go())
        except Exception as error:  # a thread's own end is seen by nobody
            self._book.odd(f"another team's program: {type(error).__name__}: {error}")

    async def _go(self) -> None:
        link = Link(self._url, name="another team", confirms=True, setup=self._declare)
        await link.start(60.0)
        while not self._halt.is_set() and not (self._most and self.sent_bad >= self._most):
            left = [body for _ in range(self.at_once) for body in self._next()]
            self.sent.update(left)
            while left := await self._sent(link, left):
                self.repeated += len(left)
                self.sent.update(left)
                await asyncio.sleep(AGAIN_S)
            await asyncio.sleep(self._pace_s)
        await link.stop()

    async def _declare(self, link: Link) -> None:
        await link.declare_queue(self._queue, durable=True)

    async def _sent(self, link: Link, bodies: list[bytes]) -> list[bytes]:
        """Those that the broker has not confirmed: it may have them."""
        told: asyncio.Queue[tuple[bytes, str]] = asyncio.Queue()

        def then(body: bytes) -> Callable[[str], None]:
            return lambda trouble: told.put_nowait((body, trouble))

        for body in bodies:
            try:
                link.publish("", self._queue, body, KEPT, then=then(body))
            except (LinkDown, LinkFull) as error:
                then(body)(str(error))
        answers = [await told.get() for _ in bodies]
        return [body for body, trouble in answers if trouble]

    def _next(self) -> list[bytes]:
        """One case: a bad message, or an order, which may come again or with another amount."""
        random, number = self._random, len(self.bad) + len(self.orders)
        if random.random() < 0.5:
            reason, make = random.choice(BAD)
            self.bad[body := make(number)] = reason
            return [body]
        order, found = f"theirs-{number}", list[bytes]()
        amounts = self.orders[order] = {}
        for amount in random.sample(range(1, 100_000), 2 if random.random() < 0.3 else 1):
            amounts[amount] = {spelled(order, amount, CUSTOMER, nested=nested) for nested in (False, True)}
            found += [body for body in amounts[amount] if random.random() < 0.5] or list(amounts[amount])[:1]
            amounts[amount] &= set(found)
        if random.random() < 0.1:
            found.append(found[0])
        return found

    def expected(self, invoiced: dict[str, int]) -> dict[bytes, str]:
        """The dead letters, by the amounts of the invoices: of two amounts the first one stands."""
        lost = {
            body: CONFLICT
            for order, amounts in self.orders.items()
            for amount, bodies in amounts.items()
            if invoiced.get(order) != amount
            for body in bodies
        }
        return self.bad | lost


def letters(url: str, queue: str) -> list[Letter]:
    """All of a queue of dead letters; it is empty then. Errors: TimeoutError."""

    async def collect() -> list[Letter]:
        found: list[Letter] = []
        link = Link(url, name="looks at dead letters")
        await link.start()
        enough = (await link.declare_queue(queue, durable=True)).messages

        def take(delivery: Delivery) -> None:
            headers = delivery.properties.headers or {}
            found.append(
                Letter(delivery.body, str(headers.get("x-reason")), int(headers.get("x-attempts", 0)))
            )
            link.ack(delivery)

        await link.qos(256)
        await link.consume(queue, take)
        async with asyncio.timeout(LONGEST_S):
            while len(found) < enough:
                await asyncio.sleep(0.05)
        await link.stop()
        return found

    return asyncio.run(collect())


def differences(
    found: list[Letter], expected: dict[bytes, str], sent: Counter[bytes], *, exact: bool
) -> dict[str, list[Any]]:
    """What is wrong with dead letters. Of a message that was sent n times there are n letters, where nothing was
    killed; else at least one.
    """
    lie = Counter(letter.body for letter in found)
    wrong = {
        letter for letter in found if not letter.reason.startswith(expected.get(letter.body, letter.reason))
    }
    return {
        "bad messages without a dead letter": [body for body in expected if not lie[body]],
        "dead letters that nobody sent bad": [body for body in lie if body not in expected],
        "dead letters with another reason": list(wrong),
        "dead letters that were delivered more than once": [
            one for one in found if exact and one.attempts != 1
        ],
        "dead letters that are there too often": [
            body for body, count in lie.items() if exact and count != sent[body]
        ],
    }


def too_many(found: list[Letter], sent: Counter[bytes]) -> list[bytes]:
    """A kill may make two letters of one message, no more."""
    lie = Counter(letter.body for letter in found)
    return [body for body, count in lie.items() if count > 2 * sent[body]]
