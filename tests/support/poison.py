"""Plants a message that cannot be handled, from outside and so that it can be healed: no rule of the shop is
broken for it.
"""

from __future__ import annotations

from tests.support.shop import Shop, basket, until
from tests.support.traffic import Deed


class Poison:
    """An order whose stock is no longer held when its payment arrives: inventory cannot commit what it does
    not know.
    """

    def __init__(self, shop: Shop) -> None:
        """The shop must be running; it is left at rest."""
        self.shop = shop
        self.deed = Deed("/orders", basket("tok_webhook", ("TEA", 2)), "ada", "poison")
        with shop.connect() as connection:
            self.order_id = str(self.deed.tell(connection, shop.token("ada")).json["id"])
        until(lambda: shop.get("/payments?orderId=" + self.order_id)["data"], "the payment is asked for")
        shop.kill9()
        table = "{inventory.reservations}"
        self._row = shop.keeping.sql(f"SELECT * FROM {table} WHERE id = '{self.order_id}'")[0]
        shop.keeping.sql(f"DELETE FROM {table} WHERE id = '{self.order_id}'")

    def heal(self) -> None:
        """The shop must be at rest."""
        given = ["NULL" if value is None else value for value in self._row]
        values = ", ".join(
            str(value) if isinstance(value, int) or value == "NULL" else f"'{value}'" for value in given
        )
        self.shop.keeping.sql(f"INSERT INTO {{inventory.reservations}} VALUES ({values})")
