"""What an order costs, to the last cent: prices are ours, sums are exact, and what cannot be summed is
refused.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.services.orders.cases import NOW, OWNER
from tradewind.contracts.inventory import FindProducts, Found, Listing, ProductListed
from tradewind.contracts.orders import Item, Line, OrderCreated, PaymentBy, PlaceOrder
from tradewind.contracts.values import Money
from tradewind.core.model import Consult, Refused, SetTimer, settle
from tradewind.services.orders.domain import (
    MOST,
    CatalogueLearned,
    Entry,
    Order,
    PaymentDue,
    learn,
    learned,
    listed,
    placing,
    view,
    wanted,
)

PLACE = placing(900_000)
IDS = [f"0192f0c1-0000-7000-8000-00000000000{n}" for n in range(6)]
TEA = Entry(IDS[0], IDS[0], "TEA-1", "Assam", 1_999, "EUR", 1)
CUP = Entry(IDS[1], IDS[1], "CUP-1", "Cup", 500, "EUR", 1)
YEN = Entry(IDS[2], IDS[2], "YEN-1", "Bowl", 500, "JPY", 1)
BOOK: Mapping[str, Entry] = {
    key: entry for entry in (TEA, CUP, YEN) for key in (entry.id, f"sku:{entry.sku}")
}


def ask(*items: Item, expected: Money | None = None) -> PlaceOrder:
    return PlaceOrder(items, PaymentBy("tok_ok"), expected)


def by_id(entry: Entry, quantity: int = 1) -> Item:
    return Item(quantity, product_id=entry.product_id)


def by_sku(entry: Entry, quantity: int = 1) -> Item:
    return Item(quantity, sku=entry.sku)


def test_an_order_is_taken_at_our_prices() -> None:
    effects, reply = settle(PLACE(ask(by_id(TEA, 2), by_sku(CUP, 3)), NOW, BOOK))
    lines = (
        Line(IDS[0], "TEA-1", "Assam", 2, Money(1_999, "EUR"), Money(3_998, "EUR")),
        Line(IDS[1], "CUP-1", "Cup", 3, Money(500, "EUR"), Money(1_500, "EUR")),
    )
    order = Order(
        "fresh", "PENDING", "none", "ada", lines, 5_498, "EUR", None, "tok_ok", 905_000, 1, 5_000, 5_000
    )
    assert effects == [
        order,
        OrderCreated("fresh", "ada", lines, Money(5_498, "EUR"), 905_000),
        SetTimer(905_000, PaymentDue("fresh")),
    ]
    assert reply == view(order)


def test_one_product_may_stand_on_two_lines() -> None:
    _, reply = settle(PLACE(ask(by_id(TEA), by_sku(TEA, 2)), NOW, BOOK))
    assert [line.product_id for line in reply.items] == [IDS[0], IDS[0]]
    assert reply.total == Money(5_997, "EUR")


def test_the_expected_total_must_be_ours() -> None:
    settle(PLACE(ask(by_id(TEA), expected=Money(1_999, "EUR")), NOW, BOOK))
    for other in (Money(1_998, "EUR"), Money(2_000, "EUR"), Money(1_999, "USD")):
        with pytest.raises(Refused, match="price_changed") as refused:
            settle(PLACE(ask(by_id(TEA), expected=other), NOW, BOOK))
        assert (refused.value.status, refused.value.detail) == (409, {"total": Money(1_999, "EUR")})


def test_currencies_are_not_mixed() -> None:
    with pytest.raises(Refused, match="mixed_currencies") as refused:
        settle(PLACE(ask(by_id(TEA), by_id(YEN)), NOW, BOOK))
    assert refused.value.status == 422


@pytest.mark.parametrize(
    ("price", "quantity", "lines", "fits"),
    [
        (MOST, 1, 1, True),
        (MOST // 2, 1, 2, True),
        (MOST, 1, 2, False),
        (MOST, 9_999, 100, False),
        (MOST // 9_999, 9_999, 1, True),
    ],
)
def test_a_total_has_a_bound(price: int, quantity: int, lines: int, fits: bool) -> None:
    book = {TEA.id: replace(TEA, price=price)}
    basket = ask(*[by_id(TEA, quantity)] * lines)
    if fits:
        assert settle(PLACE(basket, NOW, book))[1].total.amount == price * quantity * lines
    else:
        with pytest.raises(Refused, match="total_too_large"):
            settle(PLACE(basket, NOW, book))


PRICES = st.lists(st.integers(0, 2 * 10**11) | st.integers(0, 100_000), min_size=1, max_size=5)
CURRENCY = st.sampled_from(["EUR", "EUR", "EUR", "EUR", "JPY"])


@given(st.data(), PRICES)
def test_any_basket_is_summed_exactly_or_refused(data: st.DataObject, prices: list[int]) -> None:
    entries = [
        Entry(IDS[n], IDS[n], f"SKU-{n}", "Name", price, data.draw(CURRENCY), 1)
        for n, price in enumerate(prices)
    ]
    book = {key: entry for entry in entries for key in (entry.id, f"sku:{entry.sku}")}
    picks = data.draw(
        st.lists(
            st.tuples(st.integers(0, len(entries) - 1), st.integers(1, 9_999), st.booleans()),
            min_size=1,
            max_size=100,
        )
    )
    basket = ask(*[by_id(entries[n], q) if named else by_sku(entries[n], q) for n, q, named in picks])
    exact = sum(prices[n] * quantity for n, quantity, _ in picks)
    currencies = {entries[n].currency for n, _, _ in picks}
    if len(currencies) > 1 or exact > MOST:
        with pytest.raises(Refused) as refused:
            settle(PLACE(basket, NOW, book))
        assert refused.value.code == ("mixed_currencies" if len(currencies) > 1 else "total_too_large")
        return
    effects, reply = settle(PLACE(basket, NOW, book))
    assert reply.total == Money(exact, currencies.pop())
    assert sum(line.line_total.amount for line in reply.items) == exact
    assert all(line.line_total.amount == line.unit_price.amount * line.quantity for line in reply.items)
    (order, created, _) = effects
    assert (
        isinstance(created, OrderCreated)
        and created.total == reply.total
        and order == replace(order, total=exact)
    )
    assert msgspec.json.decode(msgspec.json.encode(created), type=OrderCreated) == created
    settle(PLACE(replace(basket, expected_total=reply.total), NOW, book))


def test_what_the_copy_lacks_is_asked_for_once() -> None:
    with pytest.raises(Consult) as consult:
        settle(
            PLACE(
                ask(by_id(TEA), by_id(replace(TEA, product_id=IDS[5])), by_sku(replace(TEA, sku="NEW"))),
                NOW,
                BOOK,
            )
        )
    assert consult.value.query == FindProducts((IDS[5],), ("NEW",))
    found = (Listing(IDS[5], "NEW", "New", 700, "EUR", 1),)
    assert consult.value.then(Found(found)) == CatalogueLearned(found)
    with pytest.raises(Refused, match="unknown_product") as refused:
        settle(PLACE(ask(by_id(TEA), by_sku(replace(TEA, sku="NEW"))), replace(NOW, consulted=True), BOOK))
    assert (refused.value.status, refused.value.detail) == (422, {"products": ["NEW"]})


def test_a_withdrawn_product_is_asked_about_once_and_refused() -> None:
    """The copy may be old: it may be sold again."""
    gone = replace(TEA, status="WITHDRAWN")
    book = {**BOOK, gone.id: gone}
    with pytest.raises(Consult) as consult:
        settle(PLACE(ask(by_id(TEA), by_sku(CUP)), NOW, book))
    assert consult.value.query == FindProducts((IDS[0],), ())
    with pytest.raises(Refused, match="product_withdrawn") as refused:
        settle(PLACE(ask(by_id(TEA), by_sku(CUP)), replace(NOW, consulted=True), book))
    assert (refused.value.status, refused.value.detail) == (422, {"products": [IDS[0]]})
    heard = ProductListed(IDS[0], TEA.sku, TEA.name, TEA.price, TEA.currency, 2, "WITHDRAWN")
    effects, _ = settle(learn(heard, NOW, BOOK))
    assert effects[0] == replace(gone, version=2)


def test_a_basket_is_looked_up_by_what_it_names() -> None:
    assert list(wanted(ask(by_id(TEA), by_sku(CUP)))) == [IDS[0], "sku:CUP-1"]
    heard = ProductListed(IDS[0], "TEA-1", "Assam", 1, "EUR", 1)
    assert list(listed(heard)) == [IDS[0], "sku:TEA-1"]
    assert list(learned(CatalogueLearned((Listing(IDS[0], "TEA-1", "Assam", 1, "EUR", 1),)))) == [
        IDS[0],
        "sku:TEA-1",
    ]


@pytest.mark.parametrize(("version", "price"), [(0, 1_999), (1, 1_999), (2, 2_500)])
def test_only_news_is_learned(version: int, price: int) -> None:
    heard = ProductListed(IDS[0], "TEA-1", "Assam", 2_500, "EUR", version)
    for message in (heard, CatalogueLearned((Listing(IDS[0], "TEA-1", "Assam", 2_500, "EUR", version),))):
        effects, _ = settle(learn(message, NOW, BOOK))
        news = replace(TEA, price=2_500, version=version)
        assert effects == ([news, replace(news, id="sku:TEA-1")] if price == 2_500 else [])
        assert len(settle(learn(message, NOW, {}))[0]) == 2


def test_the_caller_is_the_customer() -> None:
    assert settle(PLACE(ask(by_id(TEA)), NOW, BOOK))[1].customer_id == OWNER.id
