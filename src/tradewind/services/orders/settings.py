"""Names what a person may set of orders."""

from __future__ import annotations

from ...contracts.currencies import DECIMALS
from ...core import readers
from ...core.settings import Setting

_USES_TOKEN = (("on-order", "jwt"), ("on-order", "open"), ("on-stock", "open"))
SETTINGS: dict[str, Setting] = {
    "order_deadline_s": Setting(
        readers.number(0.1, 30 * 86_400),
        "900",
        "seconds",
        "an order that is not settled by then fails as expired",
        only=lambda known: known["payment"] != "none",
    ),
    "payment_token": Setting(
        readers.word,
        "",
        "token",
        "what is charged where an order names none",
        secret=True,
        # who proves who he is names a token with each order, which counts once the stock is held
        only=lambda known: (known["payment"], known["access"]) in _USES_TOKEN,
    ),
    "currency": Setting(
        readers.matching(
            "|".join([code for code, places in DECIMALS.items() if places == 2]),
            "an active currency of ISO 4217 with two decimals, like EUR",
        ),
        "EUR",
        "ISO 4217",
        "of amounts that come without one, with two decimals",
        # who proves who he is names it with each amount; nobody does with the welcome order
        only=lambda known: known["access"] == "open" or known["welcome"] == "on",
    ),
}
