"""The texts of notifications by language. They are read once, at the start, since one is used at every step
of every order.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from importlib.resources import files
from typing import Any

from ...contracts.currencies import decimals
from ...contracts.inventory import Shortage
from ...contracts.values import Money
from .settings import DEFAULT, NAMES

__all__ = ["DEFAULT", "LOCALES", "Locale"]


Write = Callable[..., str]


class Locale:
    """One language: its texts by name (`order_failed.expired`), each a subject and a body, and the pieces
    they are made of.
    """

    def __init__(self, sections: Mapping[str, Mapping[str, Any]]) -> None:
        pieces = sections["pieces"]
        self._group, self._point = pieces["group"], pieces["point"]
        self._shortages: Write = pieces["shortages"].format
        self._shortage: Write = pieces["shortage"].format
        self._because: Write = pieces["because"].format
        self.texts: dict[str, tuple[Write, Write]] = {}
        for name, section in sections.items():
            variants = (
                {name: section}
                if "body" in section
                else {f"{name}.{variant}": text for variant, text in section.items()}
            )
            if name != "pieces":
                self.texts.update(
                    {
                        variant: (text["subject"].format, text["body"].format)
                        for variant, text in variants.items()
                    }
                )

    def text(self, name: str, facts: Mapping[str, str]) -> tuple[str, str]:
        """Subject and body."""
        subject, body = self.texts[name]
        return subject(**facts), body(**facts)

    def price(self, money: Money) -> str:
        digits = decimals(money.currency)
        whole, rest = divmod(money.amount, 10**digits)
        text = f"{whole:,}".replace(",", self._group) if whole > 999 else str(whole)
        return (
            f"{text}{self._point}{rest:0{digits}d} {money.currency}" if digits else f"{text} {money.currency}"
        )

    def shortages(self, short: Iterable[Shortage]) -> str:
        named = [self._shortage(sku=one.sku, wanted=one.wanted, available=one.available) for one in short]
        return self._shortages(list=", ".join(named)) if named else ""

    def because(self, reason: str) -> str:
        return self._because(reason=reason.rstrip(". ")) if reason.strip(". ") else ""


def _read(name: str) -> Locale:
    return Locale(tomllib.loads(files(__package__).joinpath("locales", f"{name}.toml").read_text("utf-8")))


LOCALES = {name: _read(name) for name in NAMES}
