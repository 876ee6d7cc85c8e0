"""Plants a message that cannot be handled, from outside and so that it can be healed: no rule of the shop is
broken for it.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from tests.support.shop import Shop, basket, until
from tests.support.traffic import Deed

TRIES, PIECES = 5, 2


class Poison:
    """An order whose stock is no longer held when its payment arrives: inventory cannot commit what it does
    not know.
    """

    def __init__(self, shop: Shop, deeds: list[Deed], order_id: str, row: tuple[Any, ...]) -> None:
        self.shop, self.deeds, self.order_id, self._row = shop, deeds, order_id, row

    @classmethod
    def plant(cls, shop: Shop) -> Poison:
        """The shop must be running; it is left at rest. Where the payment, after 1 s, was faster than the kill,
        there is one order more, which has nothing of poison.
        """
        deeds: list[Deed] = []
        while len(deeds) < TRIES:
            deeds.append(
                Deed("/orders", basket("tok_webhook", ("TEA", PIECES)), "ada", f"poison-{len(deeds)}")
            )
            with shop.connect() as connection:
                order_id = str(deeds[-1].tell(connection, shop.token("ada")).json["id"])
            asked = partial(shop.get, f"/payments?orderId={order_id}")
            until(lambda asked=asked: asked()["data"], "the payment is asked for")  # type: ignore[misc]
            shop.kill9()
            held = f"FROM {{inventory.reservations}} WHERE id = '{order_id}' AND status = 'HELD'"
            if rows := shop.keeping.sql(f"SELECT * {held}"):
                shop.keeping.sql(f"DELETE {held}")
                return cls(shop, deeds, order_id, rows[0])
            shop.start()
        raise AssertionError(f"{TRIES} payments were faster than the kill")

    @property
    def sold(self) -> int:
        """Pieces of TEA that were committed on the way."""
        return PIECES * (len(self.deeds) - 1)

    def park(self) -> None:
        """Starts the shop, and leaves it at rest once the message is a dead letter."""
        self.shop.start()
        self.letter()
        self.shop.settle()
        assert self.shop.sigterm() == 0

    def letter(self) -> Any:
        """The one that waits for a decision."""
        return until(
            lambda: [letter for letter in self.shop.letters() if letter["status"] == "DEAD"], "a dead letter"
        )[0]

    def copy(self, data: Path) -> Poison:
        """In a shop of its own; this one must be at rest."""
        shop = Shop(self.shop.keeping.copy(data), self.shop.people.copy())
        return Poison(shop, self.deeds, self.order_id, self._row)

    def heal(self) -> None:
        """The shop must be at rest."""
        given = ["NULL" if value is None else value for value in self._row]
        values = ", ".join(
            str(value) if isinstance(value, int) or value == "NULL" else f"'{value}'" for value in given
        )
        self.shop.keeping.sql(f"INSERT INTO {{inventory.reservations}} VALUES ({values})")
