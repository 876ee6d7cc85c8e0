"""The inbox, from a real store: newest first by time, one's own alone, in pages."""

from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from tests.services.notifications.events import CANCELLED, CREATED, FAILED, ORDER, REFUNDED
from tests.support.tables import create_all, keep
from tradewind.contracts.notifications import ListNotifications
from tradewind.core.model import NOBODY, Caller, Context, Refused, settle
from tradewind.drivers.sqlite.store import SqliteStore
from tradewind.services.notifications import storage
from tradewind.services.notifications.domain import Notification, Telling, view
from tradewind.services.notifications.queries import list_notifications

EN = Telling("en")
receive, fail, cancel, refund = EN.receive, EN.fail, EN.cancel, EN.refund

OTHER = "0192f0c1-0000-7000-8000-000000000002"
MINE, THEIRS, ADMIN = Caller("cust-1", "customer"), Caller("cust-2", "customer"), Caller("root", "admin")


def one(effects: list[object]) -> Notification:
    assert isinstance(effects[0], Notification)
    return effects[0]


RECEIVED = one([*settle(receive(CREATED, Context(1_000), None))[0]])
REFUND = one([*settle(refund(REFUNDED, Context(2_000), None))[0]])
LATE = one([*settle(cancel(CANCELLED, Context(9_000), None))[0]])
FOREIGN = one(
    [*settle(receive(replace(CREATED, order_id=OTHER, customer_id="cust-2"), Context(3_000), None))[0]]
)
ALL = [LATE, FOREIGN, REFUND, RECEIVED]


@pytest.fixture
async def store() -> AsyncIterator[SqliteStore]:
    store = SqliteStore(":memory:", commit_inline=True)
    await store.open()
    create_all(store, storage.MD)
    await keep(store, storage.NOTIFICATIONS, RECEIVED, REFUND, LATE, FOREIGN)
    yield store
    await store.close()


@pytest.mark.parametrize(
    ("caller", "order", "expected"),
    [
        (ADMIN, "", ALL),
        (MINE, "", [LATE, REFUND, RECEIVED]),
        (THEIRS, "", [FOREIGN]),
        (NOBODY, "", []),
        (ADMIN, ORDER, [LATE, REFUND, RECEIVED]),
        (MINE, ORDER, [LATE, REFUND, RECEIVED]),
        (THEIRS, ORDER, []),
        (MINE, OTHER, []),
    ],
)
async def test_who_sees_what(
    store: SqliteStore, caller: Caller, order: str, expected: list[Notification]
) -> None:
    for limit in (1, 2, 10):
        seen, cursor = [], ""
        while True:
            page = await list_notifications(store, ListNotifications(order, limit, cursor), caller)
            seen += page.data
            if page.next_cursor is None:
                break
            cursor = page.next_cursor
        assert seen == [view(told) for told in expected]


async def test_what_happened_at_once_is_in_the_course_of_an_order(store: SqliteStore) -> None:
    for number in range(20):
        order = f"0192f0c1-0000-7000-8000-0000000001{number:02d}"
        received = one([*settle(receive(replace(CREATED, order_id=order), Context(1_000), None))[0]])
        failed = one([*settle(fail(replace(FAILED, order_id=order), Context(1_000), None))[0]])
        await keep(store, storage.NOTIFICATIONS, failed, received)
        page = await list_notifications(store, ListNotifications(order), MINE)
        assert [told.template for told in page.data] == ["order_failed", "order_received"]


async def test_a_strange_cursor_is_refused(store: SqliteStore) -> None:
    with pytest.raises(Refused, match="invalid_cursor"):
        await list_notifications(store, ListNotifications(cursor="x"), MINE)
