"""A product that is asked for by its SKU is made once; whoever asks again gets the one that is there."""

from __future__ import annotations

from tests.services.inventory.cases import NOW, SHELF, TEA
from tradewind.contracts.inventory import EnsureProduct, RecordedProduct
from tradewind.contracts.values import Money
from tradewind.core.model import settle
from tradewind.services.inventory import domain
from tradewind.services.inventory.domain import Movement, Product, SkuClaim, recorded

ASK = EnsureProduct("Widget", "any text / at all", 7, Money(0, "EUR"))


def test_a_new_one_is_made_as_any_other() -> None:
    effects, reply = settle(domain.ensure(ASK, NOW, None, {}))
    product = Product("fresh", ASK.sku, "Widget", 0, "EUR", 7, 0, 0, 1, 5_000, 5_000)
    assert effects == [
        product,
        SkuClaim(ASK.sku, "fresh"),
        Movement("fresh", "fresh", 7, "initial stock", 7, 5_000),
        domain._listed(product),
    ]
    assert reply == RecordedProduct("fresh", "Widget", ASK.sku, 7, 0, "1970-01-01T00:00:05.000Z")


def test_one_that_is_there_is_the_answer() -> None:
    claim = SkuClaim("TEA-1", "p1")
    assert list(domain.owner(claim)) == ["p1"] and list(domain.owner(None)) == []
    effects, reply = settle(
        domain.ensure(EnsureProduct("Other", "TEA-1", 1, Money(5, "EUR")), NOW, claim, SHELF)
    )
    assert effects == [] and reply == recorded(TEA)
    assert (reply.stock, reply.reserved_stock) == (10, 3)
