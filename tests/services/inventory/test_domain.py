"""Who gets what is on the shelf: every message in every state of a claim, and what a person may do to a
product.
"""

from __future__ import annotations

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from tests.services.inventory.cases import (
    CANCELLED,
    CLAIM,
    CLAIMS,
    CONFIRMED,
    CREATED,
    CUP,
    ENDS,
    FAILED,
    HELD_SHELF,
    LAPSED,
    NOW,
    ORDER,
    SHELF,
    SOLD_SHELF,
    TEA,
    line,
)
from tradewind.contracts.inventory import (
    AddProduct,
    AdjustStock,
    ChangeProduct,
    MovementView,
    ProductListed,
    Shortage,
    StockAdjusted,
    StockRejected,
    StockReserved,
)
from tradewind.contracts.orders import OrderCancelled, OrderFailed
from tradewind.contracts.values import Money, Price
from tradewind.core.model import Refused, settle
from tradewind.services.inventory import domain
from tradewind.services.inventory.domain import MOST, Movement, Product, Reservation, SkuClaim, view

DONE = [
    name for name, claim in CLAIMS.items() if claim is not None and claim.status in ("RELEASED", "EXPIRED")
]


def moved(product: Product, held: int, committed: int) -> Product:
    return replace(product, held=held, committed=committed, version=product.version + 1, updated_at=NOW.at)


# -- claims
# ---------------------------------------------------------------------------------------------------------------


def test_an_order_holds_the_sum_of_its_lines() -> None:
    effects, _ = settle(domain.hold(CREATED, NOW, None, SHELF))
    assert effects == [
        moved(TEA, 5, 1),
        moved(CUP, 3, 0),
        Reservation(ORDER, "HELD", {"p1": 3, "p2": 3}, 9_000, 5_000, 5_000),
        StockReserved(ORDER),
    ]


def test_the_last_piece_can_be_had() -> None:
    effects, _ = settle(domain.hold(replace(CREATED, lines=(line("p1", 4), line("p1", 3))), NOW, None, SHELF))
    assert effects[0] == moved(TEA, 9, 1)
    assert effects[0].available == 0


def test_all_that_is_short_is_named_and_nothing_is_held() -> None:
    """Two lines of one product are short together, though each alone is not."""
    lines = (line("p1", 4), line("p2", 5), line("p1", 4), line("p3", 1))
    effects, _ = settle(domain.hold(replace(CREATED, lines=lines), NOW, None, SHELF))
    assert effects == [StockRejected(ORDER, (Shortage("p1", "TEA-1", 8, 7), Shortage("p3", "GONE", 1, 0)))]


@pytest.mark.parametrize("claim", [name for name in CLAIMS if name != "none"])
def test_an_order_that_is_known_holds_nothing_more(claim: str) -> None:
    assert settle(domain.hold(CREATED, NOW, CLAIMS[claim], SHELF)) == ([], None)


def test_a_confirmed_order_commits_what_it_holds() -> None:
    assert settle(domain.commit(CONFIRMED, NOW, CLAIM, HELD_SHELF)) == (
        [
            moved(HELD_SHELF["p1"], 2, 4),
            moved(HELD_SHELF["p2"], 0, 3),
            replace(CLAIM, status="COMMITTED", updated_at=5_000),
        ],
        None,
    )


def test_what_is_committed_is_committed_once() -> None:
    assert settle(domain.commit(CONFIRMED, NOW, replace(CLAIM, status="COMMITTED"), SOLD_SHELF)) == ([], None)


@pytest.mark.parametrize("claim", DONE)
def test_what_is_not_held_any_more_cannot_be_committed(claim: str) -> None:
    """No order is confirmed after it has ended: this is a bug, and is kept for somebody to look at."""
    found = CLAIMS[claim]
    assert found is not None
    with pytest.raises(Refused, match="illegal_transition") as refused:
        settle(domain.commit(CONFIRMED, NOW, found, SHELF))
    assert refused.value.detail == {"current": found.status}


@pytest.mark.parametrize("heard", ENDS)
def test_an_order_that_ends_gives_back_what_it_holds(heard: OrderFailed | OrderCancelled) -> None:
    ended = replace(CLAIM, status="EXPIRED" if heard is LAPSED else "RELEASED", updated_at=5_000)
    assert settle(domain.release(heard, NOW, CLAIM, HELD_SHELF)) == (
        [moved(HELD_SHELF["p1"], 2, 1), moved(HELD_SHELF["p2"], 0, 0), ended],
        None,
    )


def test_a_confirmed_order_that_is_cancelled_gives_back_what_was_sold() -> None:
    claim = replace(CLAIM, status="COMMITTED")
    assert settle(domain.release(CANCELLED, NOW, claim, SOLD_SHELF)) == (
        [
            moved(SOLD_SHELF["p1"], 2, 1),
            moved(SOLD_SHELF["p2"], 0, 0),
            replace(claim, status="RELEASED", updated_at=5_000),
        ],
        None,
    )


@pytest.mark.parametrize("claim", DONE)
@pytest.mark.parametrize("heard", ENDS)
def test_nothing_is_given_back_twice(heard: OrderFailed | OrderCancelled, claim: str) -> None:
    assert settle(domain.release(heard, NOW, CLAIMS[claim], SHELF)) == ([], None)


@pytest.mark.parametrize("heard", ENDS)
def test_an_end_that_is_heard_first_leaves_a_mark_that_holds_nothing(
    heard: OrderFailed | OrderCancelled,
) -> None:
    (mark,), _ = settle(domain.release(heard, NOW, None, {}))
    assert mark == Reservation(ORDER, "EXPIRED" if heard is LAPSED else "RELEASED", {}, 5_000, 5_000, 5_000)
    assert isinstance(mark, Reservation)
    assert list(domain.claimed(mark)) == []
    assert settle(domain.hold(CREATED, NOW, mark, SHELF)) == ([], None)
    assert settle(domain.release(FAILED, NOW, mark, {})) == ([], None)


def test_a_claim_is_followed_to_its_products() -> None:
    assert (list(domain.claimed(CLAIM)), list(domain.claimed(None))) == (["p1", "p2"], [])
    assert list(domain.lines(CREATED)) == ["p1", "p2", "p1"]


# -- products
# -------------------------------------------------------------------------------------------------------------


CLAIMED = SkuClaim("TEA-1", "p1")


def test_a_product_claims_its_sku_and_is_listed() -> None:
    effects, reply = settle(domain.add(AddProduct("TEA-1", "Assam", Price(1_999, "EUR"), 10), NOW, None, {}))
    product = Product("fresh", "TEA-1", "Assam", 1_999, "EUR", 10, 0, 0, 1, 5_000, 5_000)
    assert effects == [
        product,
        SkuClaim("TEA-1", "fresh"),
        Movement("fresh", "fresh", 10, "initial stock", 10, 5_000),
        ProductListed("fresh", "TEA-1", "Assam", 1_999, "EUR", 1),
    ]
    assert reply == view(product)
    assert (reply.available, reply.on_hand, reply.price) == (10, 10, Money(1_999, "EUR"))


def test_a_sku_is_one_products() -> None:
    with pytest.raises(Refused, match="sku_exists") as refused:
        settle(domain.add(AddProduct("TEA-1", "Other", Price(1, "EUR"), 0), NOW, CLAIMED, SHELF))
    assert (refused.value.status, refused.value.detail) == (409, {"product_id": "p1"})


def test_the_product_that_has_the_sku_is_the_answer_where_that_is_asked_for() -> None:
    asked = AddProduct("TEA-1", "Other", Price(1, "EUR"), 0, or_existing=True)
    assert list(domain.owner(CLAIMED)) == ["p1"] and list(domain.owner(None)) == []
    assert settle(domain.add(asked, NOW, CLAIMED, SHELF)) == ([], view(TEA))
    made, _ = settle(domain.add(asked, NOW, None, {}))
    assert made == settle(domain.add(replace(asked, or_existing=UNSET), NOW, None, {}))[0]


@pytest.mark.parametrize(
    ("ask", "changed"),
    [
        (ChangeProduct("p1", name="Darjeeling"), replace(TEA, name="Darjeeling")),
        (ChangeProduct("p1", price=Price(1_899, "USD")), replace(TEA, price=1_899, currency="USD")),
        (ChangeProduct("p1", name="Both", price=Price(0, "EUR")), replace(TEA, name="Both", price=0)),
        (ChangeProduct("p1", status="WITHDRAWN"), replace(TEA, status="WITHDRAWN")),
    ],
)
def test_name_price_and_status_may_change(ask: ChangeProduct, changed: Product) -> None:
    changed = replace(changed, version=5, updated_at=5_000)
    listed = ProductListed("p1", "TEA-1", changed.name, changed.price, changed.currency, 5, changed.status)
    assert settle(domain.change(ask, NOW, TEA)) == ([changed, listed], view(changed))


def test_a_change_of_nothing_writes_nothing() -> None:
    assert settle(domain.change(ChangeProduct("p1"), NOW, TEA)) == ([], view(TEA))


@pytest.mark.parametrize(("delta", "on_hand"), [(5, 15), (-7, 3), (0, 10), (MOST - 10, MOST)])
def test_stock_comes_and_goes_with_its_reason(delta: int, on_hand: int) -> None:
    effects, reply = settle(domain.adjust(AdjustStock("p1", delta, "count"), NOW, TEA))
    assert effects == [
        replace(TEA, on_hand=on_hand, version=5, updated_at=5_000),
        Movement("fresh", "p1", delta, "count", on_hand, 5_000),
        StockAdjusted("p1", delta, on_hand),
    ]
    assert reply == MovementView("fresh", "p1", delta, "count", on_hand, "1970-01-01T00:00:05.000Z")


@pytest.mark.parametrize(
    ("delta", "code", "status"), [(-8, "insufficient_stock", 409), (MOST - 9, "too_much_stock", 422)]
)
def test_what_is_promised_cannot_be_taken_and_a_shelf_has_an_end(delta: int, code: str, status: int) -> None:
    with pytest.raises(Refused, match=code) as refused:
        settle(domain.adjust(AdjustStock("p1", delta, "count"), NOW, TEA))
    assert refused.value.status == status
