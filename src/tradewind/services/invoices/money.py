"""Writes an amount of minor units as people read it: with as many decimals as the currency has."""

from __future__ import annotations

from ...contracts.currencies import decimals


def show(amount: int, currency: str) -> str:
    """`1,234.56 EUR`. Whole numbers all the way: no amount is too large to be exact."""
    places = decimals(currency)
    whole, part = divmod(abs(amount), 10**places)
    fraction = f".{part:0{places}d}" if places else ""
    return f"{'-' if amount < 0 else ''}{whole:,}{fraction} {currency}"
