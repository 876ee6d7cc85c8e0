"""Buyers that do what buyers do until the shop dies under them, and write down what they asked and what they
heard.

What is written down is the other half of the audit: the shop's own books cannot know what its customers were
promised.
"""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.support.http import Answer, Connection
from tests.support.shop import FINAL, Late, Shop, basket, until

TOKENS = (
    "tok_ok",
    "tok_ok",
    "tok_charged_no_answer",
    "tok_declined",
    "tok_error_then_ok",
    "tok_no_answer",
    "tok_insufficient_funds",
)
AT_ONCE = 16
# a provider that fails every fifth call is asked up to 9 times, at last after 25 s: seen once in some 30 runs
FINAL_S = 120.0
EXPECTED = (200, 201, 404, 409)  # 404: a refund for an order that never came to a payment
BUYERS = ("ada", "bob", "eve", "ada")


@dataclass
class Deed:
    """A request that changes something. `answer` is None while nobody has said what became of it."""

    path: str
    body: Any
    who: str
    key: str
    answer: Answer | None = None

    def tell(self, connection: Connection, token: str) -> Answer:
        self.send(connection, token)
        return self.hear(connection)

    def send(self, connection: Connection, token: str) -> None:
        connection.send("POST", f"/api/v1{self.path}", self.body, token=token, key=self.key)

    def hear(self, connection: Connection) -> Answer:
        answer = connection.receive()
        if answer.status < 500:
            self.answer = answer
        return answer


@dataclass
class Ledger:
    """What was asked, in the order it was asked by each."""

    deeds: list[Deed] = field(default_factory=list)

    @property
    def accepted(self) -> dict[str, Deed]:
        """The orders that were promised, by id."""
        return {
            deed.answer.json["id"]: deed
            for deed in self.deeds
            if deed.path == "/orders" and deed.answer and deed.answer.status == 201
        }


class Buyer(threading.Thread):
    def __init__(self, shop: Shop, who: str, seed: int, deeds: int) -> None:
        super().__init__(daemon=True)
        self.who, self.ledger, self.failure = who, Ledger(), ""
        self._shop, self._seed, self._left = shop, seed, deeds
        self._tokens = {name: shop.token(name) for name in (who, "admin")}
        self.random = Random(seed)

    def run(self) -> None:
        try:
            with self._shop.connect() as connection:
                while self._left > 0:
                    self._left -= 1
                    self._act(connection)
        except OSError:
            pass  # the shop has died
        except Exception as error:  # a thread's own end is seen by nobody
            self.failure = f"{type(error).__name__}: {error}"

    def stop(self) -> None:
        """After the answer that it waits for."""
        self._left = 0

    def _act(self, connection: Connection) -> None:
        deed = self._choose()
        self.ledger.deeds.append(deed)
        answer = deed.tell(connection, self._tokens[deed.who])
        if answer.status not in EXPECTED and answer.status != 503:
            raise AssertionError(f"{deed} was answered {answer}")
        if answer.status == 201 and self.random.random() < 0.2:
            connection.call("GET", "/api/v1/orders?limit=5", token=self._tokens[self.who])

    def _choose(self) -> Deed:
        key = f"{self._seed}-{len(self.ledger.deeds)}"
        known = [
            deed.answer.json["id"]
            for deed in self.ledger.deeds
            if deed.path == "/orders" and deed.answer is not None
        ]
        chance = self.random.random()
        if not known or chance < 0.65:
            sku = "LAST" if self.random.random() < 0.1 else "TEA"
            return Deed(
                "/orders", basket(self.random.choice(TOKENS), (sku, self.random.randint(1, 3))), self.who, key
            )
        order_id = self.random.choice(known)
        if chance < 0.8:
            return Deed(f"/orders/{order_id}/cancel", {"reason": "changed my mind"}, self.who, key)
        amount = (
            {"amount": self.random.choice([100, 700]), "currency": "EUR"}
            if self.random.random() < 0.7
            else None
        )
        return Deed(
            f"/orders/{order_id}/refunds",
            {"reason": "damaged", **({"amount": amount} if amount else {})},
            "admin",
            key,
        )


def trade(shop: Shop, *, seed: int = 1, deeds: int = 25) -> Ledger:
    """Lets four buyers at the shop until they are done or it has died."""
    return gather(start(shop, seed=seed, deeds=deeds))


def start(shop: Shop, *, seed: int, deeds: int = 10_000) -> list[Buyer]:
    """They go on until they are stopped, or the shop is."""
    buyers = [Buyer(shop, who, seed * 100 + number, deeds) for number, who in enumerate(BUYERS)]
    for buyer in buyers:
        buyer.start()
    return buyers


def gather(buyers: list[Buyer], seconds: float = 120.0) -> Ledger:
    """What they wrote down. Errors: AssertionError for an answer that no buyer may get."""
    end = time.monotonic() + seconds
    for buyer in buyers:
        buyer.join(max(0.0, end - time.monotonic()))
        assert not buyer.is_alive(), "a buyer hangs"
    assert not (failures := [buyer.failure for buyer in buyers if buyer.failure]), failures
    return Ledger([deed for buyer in buyers for deed in buyer.ledger.deeds])


def assert_kept(shop: Shop, ledger: Ledger) -> None:
    """Everything that was promised is there, once, and ends: the shop runs again after whatever happened to
    it. Leaves it at rest.
    """
    _tell_again(shop, ledger.deeds)
    try:
        until(lambda: not open_orders(shop), "every order is final", FINAL_S)
    except Late as late:
        raise Late(
            f"{late}; "
            f"{[shop.get(f'/orders/{order_id}/timeline', who='admin') for order_id in open_orders(shop)[:3]]}"
        ) from late
    assert set(all_orders(shop)) == set(ledger.accepted), (
        "an order that nobody was told of, or one that is gone"
    )
    shop.settle()
    assert shop.sigterm() == 0
    shop.assert_clean()


def _tell_again(shop: Shop, deeds: list[Deed]) -> None:
    """As clients do that have heard nothing; who has heard something hears it again, to the byte."""
    with ExitStack() as open_:
        connections = [open_.enter_context(shop.connect()) for _ in range(AT_ONCE)]
        for first in range(0, len(deeds), AT_ONCE):
            some = list(zip(deeds[first : first + AT_ONCE], connections, strict=False))
            for deed, connection in some:
                deed.send(connection, shop.token(deed.who))
            for deed, connection in some:
                heard, answer = deed.answer, deed.hear(connection)
                assert answer.status in EXPECTED, (deed, answer)
                if heard is not None:
                    assert answer.replayed, deed
                    assert (answer.status, answer.body) == (heard.status, heard.body), (heard, answer)


def open_orders(shop: Shop) -> list[str]:
    return [order_id for order_id, status in all_orders(shop).items() if status not in FINAL]


def all_orders(shop: Shop) -> dict[str, str]:
    """The status of every order, by id."""
    found: dict[str, str] = {}
    cursor: str | None = ""
    while cursor is not None:
        page = shop.get("/orders?limit=100" + (f"&cursor={cursor}" if cursor else ""), who="admin")
        found |= {order["id"]: order["status"] for order in page["data"]}
        cursor = page["nextCursor"]
    return found
