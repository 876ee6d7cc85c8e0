"""What payments answers, from a real store: to whose money it is and to admins, and never with a token."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from tests.services.payments.cases import GIVEN, ID, ORDER, PAID, PART, VOIDED
from tests.support.tables import create_all, keep
from tradewind.contracts.payments import GetPayment, ListPayments, ListRefunds
from tradewind.core.clock import derived
from tradewind.core.model import NOBODY, Caller, Refused
from tradewind.core.store import RowRefused
from tradewind.drivers.sqlite.store import SqliteStore
from tradewind.services.payments import queries, storage
from tradewind.services.payments.domain import Payment, refund_view, view

ADMIN, ADA, EVE = Caller("root", "admin"), Caller("ada", "customer"), Caller("eve", "customer")
OTHERS = [f"0192f0c2-0000-7000-8000-00000000000{n}" for n in range(2)]
HERS = replace(PAID, id=derived(OTHERS[0], "payment"), order_id=OTHERS[0], customer_id="eve")
MINE = replace(VOIDED, id=derived(OTHERS[1], "payment"), order_id=OTHERS[1])
REFUNDS = [
    replace(GIVEN, id=f"r{n}", status=status) for n, status in enumerate(["SUCCEEDED", "FAILED", "PENDING"])
]


@pytest.fixture
async def store() -> AsyncIterator[SqliteStore]:
    store = SqliteStore(":memory:", commit_inline=True)
    await store.open()
    create_all(store, storage.MD)
    await keep(store, storage.PAYMENTS, PART, HERS, MINE)
    await keep(
        store, storage.REFUNDS, *REFUNDS, replace(GIVEN, id="r9", payment_id=HERS.id, order_id=HERS.order_id)
    )
    yield store
    await store.close()


@pytest.mark.parametrize("caller", [ADA, ADMIN])
async def test_a_payment_is_shown_to_its_customer(store: SqliteStore, caller: Caller) -> None:
    assert await queries.get_payment(store, GetPayment(ID), caller) == view(PART)
    assert (await queries.list_payments(store, ListPayments(ORDER), caller)).data == [view(PART)]


@pytest.mark.parametrize(
    ("payment_id", "caller"), [(ID, EVE), (ID, NOBODY), (HERS.id, ADA), ("0" * 36, ADMIN)]
)
async def test_to_others_there_is_none(store: SqliteStore, payment_id: str, caller: Caller) -> None:
    with pytest.raises(Refused, match="not_found"):
        await queries.get_payment(store, GetPayment(payment_id), caller)


async def test_the_refunds_of_a_foreign_order_are_not_found(store: SqliteStore) -> None:
    assert (await queries.list_payments(store, ListPayments(ORDER), EVE)).data == []
    for order_id, caller in [(ORDER, EVE), (ORDER, NOBODY), ("0" * 36, ADMIN)]:
        with pytest.raises(Refused, match="not_found"):
            await queries.list_refunds(store, ListRefunds(order_id), caller)


@pytest.mark.parametrize(
    ("caller", "found"), [(ADMIN, [PART, HERS, MINE]), (ADA, [PART, MINE]), (EVE, [HERS]), (NOBODY, [])]
)
async def test_lists_are_paged_newest_first(store: SqliteStore, caller: Caller, found: list[Payment]) -> None:
    expected = sorted([payment.id for payment in found], reverse=True)
    for limit in (1, 2, 100):
        seen, cursor = [], ""
        while True:
            page = await queries.list_payments(store, ListPayments(limit=limit, cursor=cursor), caller)
            seen += page.data
            if page.next_cursor is None:
                break
            cursor = page.next_cursor
        assert [payment.id for payment in seen] == expected


async def test_the_refunds_of_an_order_are_paged_newest_first(store: SqliteStore) -> None:
    first = await queries.list_refunds(store, ListRefunds(ORDER, 2), ADA)
    second = await queries.list_refunds(store, ListRefunds(ORDER, 2, first.next_cursor or ""), ADMIN)
    assert [*first.data, *second.data] == [refund_view(refund) for refund in reversed(REFUNDS)]
    assert second.next_cursor is None


@pytest.mark.parametrize(
    "bad", [replace(PART, refunding=1_500), replace(PART, refunded=2_000), replace(PART, refunding=-1)]
)
async def test_the_store_itself_never_gives_back_too_much(store: SqliteStore, bad: Payment) -> None:
    with pytest.raises(RowRefused):
        await keep(store, storage.PAYMENTS, bad)


async def test_the_store_keeps_no_refund_of_nothing(store: SqliteStore) -> None:
    with pytest.raises(RowRefused):
        await keep(store, storage.REFUNDS, replace(GIVEN, amount=0))
