"""Names what a person may set of orders."""

from __future__ import annotations

from ...core import readers
from ...core.settings import Setting

# what a blueprint wires: `stock` holds what is ordered, `payment` charges it, `invoice` and `notification`
# tell of it
REACTIONS = ("stock", "payment", "invoice", "notification")

SETTINGS: dict[str, Setting] = {
    "order_deadline_s": Setting(
        readers.number(0.1, 30 * 86_400),
        "900",
        "seconds",
        "an order that is not settled by then fails as expired",
        only=lambda settings: "payment" in settings["reactions"],
    ),
    "pricing": Setting(
        readers.one_of("catalogue", "client"),
        "catalogue",
        "who",
        "whose prices count: the catalogue's, or the client's",
    ),
    "reactions": Setting(
        readers.some_of(*REACTIONS),
        ",".join(REACTIONS),
        "name,name,…",
        f"what an order sets off, of {', '.join(REACTIONS)}; or none",
    ),
    "payment_token": Setting(
        readers.word,
        "",
        "token",
        "what the reaction payment charges where an order names none",
        secret=True,
        only=lambda settings: "payment" in settings["reactions"],
    ),
}
