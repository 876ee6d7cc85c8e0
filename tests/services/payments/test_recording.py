"""Payments that another system takes: recorded under an id of their own, and listed with those we charge."""

from __future__ import annotations

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from tests.services.payments.cases import ID, NOW, OPEN, ORDER
from tests.support.tables import create_all, keep
from tradewind.contracts.payments import GetPayment, ListPayments, RecordPayment
from tradewind.contracts.values import Money
from tradewind.core.model import Caller, Refused, settle
from tradewind.drivers.sqlite.store import SqliteStore
from tradewind.services.payments import queries, storage
from tradewind.services.payments.domain import Payment, record, view

ADMIN = Caller("", "admin")


@pytest.mark.parametrize(("key", "kept"), [("key-1", "key-1"), ("", None)])
def test_it_is_recorded_and_nobody_is_asked(key: str, kept: str | None) -> None:
    effects, reply = settle(record(RecordPayment(ORDER, Money(5_998, "EUR"), key), NOW))
    payment = Payment("fresh", ORDER, "", 5_998, "EUR", 0, 0, "PENDING", "", "", "", 0, 5_000, 5_000, kept)
    assert effects == [payment]
    assert reply == view(payment)
    assert (reply.status, reply.provider, reply.idempotency_key) == ("PENDING", "", kept or UNSET)


async def test_all_payments_of_an_order_are_listed_newest_first() -> None:
    store = SqliteStore(":memory:", commit_inline=True)
    await store.open()
    create_all(store, storage.MD)
    ours, theirs = OPEN, replace(OPEN, id="z", customer_id="", idempotency_key="k")
    await keep(store, storage.PAYMENTS, ours, theirs, replace(OPEN, id="y", order_id="other"))

    async def listed(order_id: str, caller: Caller) -> list[str]:
        found, cursor = [], ""
        while True:
            page = await queries.list_payments(store, ListPayments(order_id, 1, cursor), caller)
            found += [payment.id for payment in page.data]
            if page.next_cursor is None:
                return found
            cursor = page.next_cursor

    assert await listed(ORDER, ADMIN) == ["z", ID]
    assert await listed(ORDER, Caller(ours.customer_id, "customer")) == [ID]
    assert await listed(ORDER, Caller("eve", "customer")) == []
    assert await listed("nobody's", ADMIN) == []
    assert await listed("", ADMIN) == ["z", "y", ID]
    assert await queries.get_payment(store, GetPayment("z"), ADMIN) == view(theirs)
    with pytest.raises(Refused, match="not_found"):
        await queries.get_payment(store, GetPayment("z"), Caller("eve", "customer"))
    await store.close()
