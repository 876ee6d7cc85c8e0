"""Names what a person may set of API contracts, in a module that is light to import."""

from __future__ import annotations

from ...core import readers
from ...core.settings import Setting

SETTINGS: dict[str, Setting] = {
    "default_customer": Setting(
        readers.matching(r"[^\0]{1,255}", "a text of 1 to 255 characters"),
        "1651654165",
        "text",
        "whose an order is that names no customer",
    )
}
