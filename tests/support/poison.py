"""Plants a message that cannot be handled, from outside and so that it can be healed: no rule of the shop is
broken for it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.shop import Shop, basket, until
from tests.support.traffic import Deed


class Poison:
    """An order whose stock is no longer held when its payment arrives: inventory cannot commit what it does
    not know.
    """

    def __init__(self, shop: Shop, deed: Deed, order_id: str, row: tuple[Any, ...]) -> None:
        self.shop, self.deed, self.order_id, self._row = shop, deed, order_id, row

    @classmethod
    def plant(cls, shop: Shop) -> Poison:
        """The shop must be running; it is left at rest."""
        deed = Deed("/orders", basket("tok_webhook", ("TEA", 2)), "ada", "poison")
        with shop.connect() as connection:
            order_id = str(deed.tell(connection, shop.token("ada")).json["id"])
        until(lambda: shop.get("/payments?orderId=" + order_id)["data"], "the payment is asked for")
        shop.kill9()
        table = "{inventory.reservations}"
        row = shop.keeping.sql(f"SELECT * FROM {table} WHERE id = '{order_id}'")[0]
        shop.keeping.sql(f"DELETE FROM {table} WHERE id = '{order_id}'")
        return cls(shop, deed, order_id, row)

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
        return Poison(shop, self.deed, self.order_id, self._row)

    def heal(self) -> None:
        """The shop must be at rest."""
        given = ["NULL" if value is None else value for value in self._row]
        values = ", ".join(
            str(value) if isinstance(value, int) or value == "NULL" else f"'{value}'" for value in given
        )
        self.shop.keeping.sql(f"INSERT INTO {{inventory.reservations}} VALUES ({values})")
