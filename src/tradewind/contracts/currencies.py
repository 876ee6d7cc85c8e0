"""The active currencies of ISO 4217 with their decimals, because an amount in a currency that is none is an
amount of nobody knows what.

Source: ISO 4217:2015, List One as SIX publishes it, of 2026-01-01. Codes without minor units (metals, bonds,
XDR, XSU, XUA), the code for tests (XTS) and that for no currency (XXX) are left out: no price can be in them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

_TWO = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW
CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF
IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK
MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP
SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG
YER ZAR ZMW ZWG
"""
_OTHERS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
DECIMALS = {code: n for n, codes in {2: _TWO, **_OTHERS}.items() for code in codes.split()}
"""By code, of the active ones."""

if TYPE_CHECKING:
    ActiveCurrency = str
else:
    ActiveCurrency = Literal[tuple(sorted(DECIMALS))]


def decimals(currency: str) -> int:
    """Of a historical one, which an old order may be in, two."""
    return DECIMALS.get(currency, 2)
