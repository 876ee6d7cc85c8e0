"""What orders answers, from a real store: to the owner and to admins, newest first, in the bytes in which an
order was told before.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from tests.services.orders.cases import ADMIN, DROPPED, FALLEN, OPEN, OWNER, SHORT, SOLD
from tests.support.tables import create_all, keep
from tradewind.contracts.orders import Failure, GetOrder, ListOrders
from tradewind.core.model import NOBODY, Caller, Refused
from tradewind.drivers.sqlite.store import SqliteStore
from tradewind.services.orders import queries, storage
from tradewind.services.orders.domain import Order, view

KEPT = [
    replace(OPEN, id="o1", number=1),
    replace(SOLD, id="o2", number=2, idempotency_key="key-1"),
    replace(FALLEN, id="o3", number=3, failure=Failure("out_of_stock", {"shortages": SHORT})),
    replace(DROPPED, id="o4", number=4),
    replace(OPEN, id="o5", number=2**62, customer_id="eve"),
]
EVE = Caller("eve", "customer")


@pytest.fixture
async def store() -> AsyncIterator[SqliteStore]:
    store = SqliteStore(":memory:", commit_inline=True)
    await store.open()
    create_all(store, storage.MD)
    await keep(store, storage.ORDERS, *KEPT)
    yield store
    await store.close()


@pytest.mark.parametrize("order", KEPT, ids=lambda order: order.id)
async def test_an_order_is_shown_as_its_reply_was(store: SqliteStore, order: Order) -> None:
    for caller in (ADMIN, Caller(order.customer_id, "customer")):
        shown = await queries.get_order(store, GetOrder(order.id), caller)
        assert msgspec.json.encode(shown) == msgspec.json.encode(view(order))
    kept = await store.get(storage.ORDERS, order.id)
    assert kept is not None and replace(kept, failure=None) == replace(order, failure=None)


@pytest.mark.parametrize(("order_id", "caller"), [("o1", EVE), ("o1", NOBODY), ("o5", OWNER), ("o9", ADMIN)])
async def test_what_is_not_ones_own_or_not_there_is_not_found(
    store: SqliteStore, order_id: str, caller: Caller
) -> None:
    with pytest.raises(Refused, match="not_found"):
        await queries.get_order(store, GetOrder(order_id), caller)


@pytest.mark.parametrize(
    ("caller", "status", "found"),
    [
        (ADMIN, "", ["o5", "o4", "o3", "o2", "o1"]),
        (ADMIN, "PENDING", ["o5", "o1"]),
        (OWNER, "", ["o4", "o3", "o2", "o1"]),
        (OWNER, "PENDING", ["o1"]),
        (OWNER, "CONFIRMED", ["o2"]),
        (EVE, "", ["o5"]),
        (EVE, "FAILED", []),
        (NOBODY, "", []),
    ],
)
async def test_lists_are_paged_newest_first(
    store: SqliteStore, caller: Caller, status: str, found: list[str]
) -> None:
    for limit in (1, 2, 100):
        seen, cursor = [], ""
        while True:
            page = await queries.list_orders(store, ListOrders(limit, cursor, status), caller)  # type: ignore[arg-type]
            seen += page.data
            if page.next_cursor is None:
                break
            cursor = page.next_cursor
        assert [order.id for order in seen] == found


@pytest.mark.parametrize(
    ("caller", "status", "number", "found"),
    [
        (ADMIN, "", 2**62, ["o5"]),
        (ADMIN, "PENDING", 1, ["o1"]),
        (ADMIN, "FAILED", 1, []),
        (OWNER, "", 2, ["o2"]),
        (OWNER, "", 2**62, []),
        (OWNER, "PENDING", 2, []),
        (ADMIN, "", 5, []),
    ],
)
async def test_an_order_is_found_by_its_number_where_it_may_be_seen(
    store: SqliteStore, caller: Caller, status: Any, number: int, found: list[str]
) -> None:
    page = await queries.list_orders(store, ListOrders(status=status, number=number), caller)
    assert ([order.id for order in page.data], page.next_cursor) == (found, None)


@pytest.mark.parametrize(
    ("caller", "page", "found", "total"),
    [
        (ADMIN, 1, ["o5", "o4"], 5),
        (ADMIN, 3, ["o1"], 5),
        (ADMIN, 4, [], 5),
        (OWNER, 2, ["o2", "o1"], 4),
        (NOBODY, 1, [], 0),
    ],
)
async def test_pages_by_number_are_counted(
    store: SqliteStore, caller: Caller, page: int, found: list[str], total: int
) -> None:
    listed = await queries.list_orders(store, ListOrders(2, page=page), caller)
    assert ([order.id for order in listed.data], listed.total, listed.next_cursor) == (found, total, None)


async def test_a_cursor_of_somebody_else_is_refused(store: SqliteStore) -> None:
    with pytest.raises(Refused, match="invalid_cursor"):
        await queries.list_orders(store, ListOrders(cursor="?"), ADMIN)
