"""Payments that somebody else takes: noted under an id of their own, shown in the four published statuses."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.services.payments.cases import ID, NOW, OPEN, ORDER
from tests.support.tables import create_all, keep
from tradewind.contracts.payments import (
    GetRecordedPayment,
    RecordedPayment,
    RecordedPaymentsOf,
    RecordPayment,
)
from tradewind.contracts.values import Money
from tradewind.core.model import NOBODY, Refused, settle
from tradewind.drivers.sqlite.store import SqliteStore
from tradewind.services.payments import queries, storage
from tradewind.services.payments.domain import Payment
from tradewind.services.payments.recording import record, view


@pytest.mark.parametrize(("key", "kept"), [("key-1", "key-1"), ("", None)])
def test_it_is_noted_and_nobody_is_asked(key: str, kept: str | None) -> None:
    effects, reply = settle(record(RecordPayment(ORDER, Money(5_998, "EUR"), key), NOW))
    assert effects == [
        Payment("fresh", ORDER, "", 5_998, "EUR", 0, 0, "PENDING", "", "", "", 0, 5_000, 5_000, kept)
    ]
    at = "1970-01-01T00:00:05.000Z"
    assert reply == RecordedPayment("fresh", ORDER, Money(5_998, "EUR"), "PENDING", kept, at, at)


@pytest.mark.parametrize(
    ("ours", "shown"),
    [
        ("PENDING", "PENDING"),
        ("COMPLETED", "COMPLETED"),
        ("FAILED", "FAILED"),
        ("VOIDED", "FAILED"),
        ("PARTIALLY_REFUNDED", "COMPLETED"),
        ("REFUNDED", "REFUNDED"),
    ],
)
def test_statuses_are_the_published_ones(ours: str, shown: str) -> None:
    assert view(replace(OPEN, status=ours)).status == shown


async def test_all_payments_of_an_order_are_shown_newest_first() -> None:
    store = SqliteStore(":memory:", commit_inline=True)
    await store.open()
    create_all(store, storage.MD)
    ours, theirs = OPEN, replace(OPEN, id="z", customer_id="", idempotency_key="k")
    await keep(store, storage.PAYMENTS, ours, theirs, replace(OPEN, id="y", order_id="other"))
    assert (await queries.recorded_of(store, RecordedPaymentsOf(ORDER), NOBODY)).data == [
        view(theirs),
        view(ours),
    ]
    assert (await queries.recorded_of(store, RecordedPaymentsOf("nobody's"), NOBODY)).data == []
    assert await queries.get_recorded(store, GetRecordedPayment(ID), NOBODY) == view(ours)
    with pytest.raises(Refused, match="not_found"):
        await queries.get_recorded(store, GetRecordedPayment("x"), NOBODY)
    await store.close()
