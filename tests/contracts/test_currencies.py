"""A price is in a currency that is in use; what was agreed in an older one stays readable."""

from __future__ import annotations

import msgspec
import pytest

from tests.apis.v1.fakes import ADMIN, ORDER, Shop
from tradewind.contracts.currencies import DECIMALS, decimals
from tradewind.contracts.values import Money, Price

NONE = (
    "ABC",
    "ZZZ",
    "EUX",
    "XXX",
    "XTS",
    "DEM",
    "HRK",
    "BGN",
    "ANG",
    "SLL",
    "ZWL",
    "XAU",
    "XDR",
    "eur",
    "EUR\n",
)


def test_the_list_is_that_of_iso_4217() -> None:
    """Of 2026-01-01: 165 codes that have minor units."""
    assert len(DECIMALS) == 165
    assert [decimals(code) for code in ("EUR", "JPY", "KWD", "CLF", "DEM")] == [2, 0, 3, 4, 2]
    assert not set(NONE) & set(DECIMALS)


@pytest.mark.parametrize("code", NONE)
def test_a_price_in_no_currency_is_refused_with_its_field(code: str) -> None:
    shop = Shop()
    price = {"amount": 100, "currency": code}
    product = {"sku": "TEA", "name": "Tea", "price": price, "stock": 1}
    for method, path, body in (
        ("POST", "/api/v1/products", product),
        ("PATCH", f"/api/v1/products/{ORDER}", {"price": price}),
    ):
        answer = shop.ask(method, path, body, token=shop.token(ADMIN, "admin"))
        assert (answer.status, answer.code) == (422, "invalid_field")
        assert answer.json["errors"][0]["field"] == "price.currency"
        assert shop.gateway.submitted == []


def test_an_old_amount_can_still_be_read() -> None:
    """Orders, payments and invoices keep the currency that they were made in."""
    raw = b'{"amount":100,"currency":"BGN"}'
    assert msgspec.json.decode(raw, type=Money) == Money(100, "BGN")
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(raw, type=Price)
