"""Writes an amount of minor units as people read it: with as many decimals as the currency has."""

from __future__ import annotations

# ISO 4217; what is not here has two
NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
THREE = "BHD IQD JOD KWD LYD OMR TND"
FOUR = "CLF UYW"
DECIMALS = {code: places for codes, places in ((NONE, 0), (THREE, 3), (FOUR, 4)) for code in codes.split()}


def decimals(currency: str) -> int:
    return DECIMALS.get(currency.upper(), 2)


def show(amount: int, currency: str) -> str:
    """`1,234.56 EUR`. Whole numbers all the way: no amount is too large to be exact."""
    places = decimals(currency)
    whole, part = divmod(abs(amount), 10**places)
    fraction = f".{part:0{places}d}" if places else ""
    return f"{'-' if amount < 0 else ''}{whole:,}{fraction} {currency}"
