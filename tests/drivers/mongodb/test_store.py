"""The store of documents: what others see of a row, what happens to what is said twice, and the questions of the
engine and of a service, asked of it and of SQLite with the same answers.
"""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pymongo
import pytest
from bson import Int64, ObjectId
from msgspec.structs import replace

from tests.support.mongodb import own_database
from tests.support.tables import create_all, keep
from tradewind.core.dead_letters import DeadLetter
from tradewind.core.documents import as_they_are
from tradewind.core.store import RowRefused, StoreUnavailable, StoreUnusable
from tradewind.drivers.mongodb.mapped import object_id
from tradewind.drivers.mongodb.store import MongoStore
from tradewind.drivers.sqlite.store import SqliteStore
from tradewind.engine.statements import tables_of
from tradewind.runtime.documents import open_documents
from tradewind.services.notifications import storage
from tradewind.services.notifications.domain import Notification
from tradewind.services.notifications.storage import NOTIFICATIONS

pytestmark = pytest.mark.mongodb
AT = 1_795_946_400_123
OURS = tables_of("notifications")


def told(order: str, at: int = AT, customer: str = "1") -> Notification:
    return Notification(
        f"id-of-{order}",
        order,
        customer,
        "order_received",
        order,
        "inbox",
        "brief",
        "Order",
        f"Order {order} created with 3 items",
        "SENT",
        at,
    )


def row(one: Notification) -> tuple[Any, ...]:
    return tuple(getattr(one, column.name) for column in NOTIFICATIONS.rows.columns)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with own_database("store") as found:
        yield found


@pytest.fixture
def raw(url: str) -> Iterator[Any]:
    """As a program of others has it."""
    with pymongo.MongoClient[dict[str, Any]](url) as client:
        database = client.get_default_database()
        for name in database.list_collection_names():
            database[name].delete_many({})
        yield database


@pytest.fixture
async def store(url: str, raw: Any) -> AsyncIterator[MongoStore]:
    made = open_documents(url, ["notifications"], ["graphql-notifications"])
    assert isinstance(made, MongoStore)
    await made.open()
    yield made
    await made.close()


async def say(store: MongoStore, *rows: Notification, how: str = "insert") -> None:
    tx = await store.begin()
    await getattr(tx, how)(NOTIFICATIONS.rows, [row(one) for one in rows])
    await tx.commit()


async def test_a_row_is_the_published_document(store: MongoStore, raw: Any) -> None:
    await say(store, told("7"))
    (found,) = raw.notifications.find()
    at = found["sentAt"]
    assert at.isoformat() == "2026-11-29T10:00:00.123000"
    assert list(found.items()) == [
        ("_id", object_id("id-of-7")),
        ("orderId", 7),
        ("userId", 1),
        ("message", "Order 7 created with 3 items"),
        ("status", "sent"),
        ("sentAt", at),
        ("createdAt", at),
        ("updatedAt", at),
        ("__v", 0),
    ]
    assert not isinstance(found["orderId"], Int64) and not isinstance(found["__v"], Int64)
    keys = {name: index["key"] for name, index in raw.notifications.index_information().items()}
    assert keys["orderId_1"] == [("orderId", 1)]
    assert keys["userId_1_createdAt_-1"] == [("userId", 1), ("createdAt", -1)]


async def test_what_is_said_twice_changes_nothing(store: MongoStore, raw: Any) -> None:
    await say(store, told("7"))
    before = list(raw.notifications.find())
    await say(store, told("8"), told("7", AT + 5_000), told("9"))
    after = {one["orderId"]: one for one in raw.notifications.find()}
    assert after.keys() == {7, 8, 9} and after[7] == before[0]


async def test_a_row_is_found_again_under_its_own_key(store: MongoStore) -> None:
    await say(store, told("7"))
    found = await store.get(NOTIFICATIONS, "id-of-7")
    assert found is not None and (found.id, found.order_id, found.body) == ("id-of-7", "7", told("7").body)
    assert await store.get(NOTIFICATIONS, "id-of-8") is None
    tx = await store.begin()
    (loaded,) = await tx.load(NOTIFICATIONS, ["id-of-8", "id-of-7"])
    assert loaded.id == "id-of-7"


async def test_documents_of_others_are_served_as_they_are(store: MongoStore, raw: Any) -> None:
    own = ObjectId()
    raw.notifications.insert_one({"_id": own, "orderId": 5, "status": "pending"})
    raw.notifications.insert_one({"orderId": 5.0, "userId": Int64(2), "message": "told", "sentAt": "no date"})
    found = await store.find(NOTIFICATIONS, storage.OF_ORDERS, asked("5"))
    first = next(one for one in found if one.id == str(own))
    assert (first.order_id, first.customer_id, first.body, first.status, first.created_at) == (
        "5",
        "",
        "",
        "PENDING",
        0,
    )
    (other,) = [one for one in found if one.id != str(own)]
    assert (other.order_id, other.customer_id, other.body, other.created_at) == ("5", "2", "told", 0)


@pytest.mark.parametrize("change", [{"order_id": "0190-a"}, {"order_id": str(2**31)}, {"customer_id": "ada"}])
async def test_what_has_no_place_in_a_document_is_refused(store: MongoStore, change: Any) -> None:
    with pytest.raises(RowRefused):
        await say(store, replace(told("7"), **change))


async def test_tables_that_guard_a_transaction_are_empty_and_others_take_nothing(store: MongoStore) -> None:
    tx = await store.begin()
    await tx.insert(OURS.inbox.rows, [("a", "f", 0, "", AT)])
    await tx.commit()
    assert await store.get(OURS.inbox, "a") is None
    statements = OURS.statements
    assert await store.rows(statements.last_seq) == [(0,)]
    assert await store.rows(statements.timers_late, {"now": AT}) == [(0, None)]
    assert await store.rows(statements.positions) == []
    with pytest.raises(RowRefused):
        await (await store.begin()).insert(OURS.log, [(1, "e", "n", "k", "{}", "", "", AT)])


def letter(id: str, key: str, status: str = "RETRYING", due: int = AT) -> DeadLetter:
    return DeadLetter(id, status, "event", "order.created", key, "{}", 1, "why", "", due, AT, AT)


LETTERS = [
    letter("a", "k"),
    letter("b", "k"),
    letter("c", ""),
    letter("d", ""),
    letter("e", "m", "DEAD"),
    letter("f", "n", due=AT + 1_000),
]


async def test_questions_about_dead_letters_are_answered_as_sqlite_does(
    store: MongoStore, tmp_path: Path
) -> None:
    other = SqliteStore(tmp_path / "t.db")
    await other.open()
    try:
        create_all(other, storage.MD)
        for one in (other, store):
            tx = await one.begin()
            columns = OURS.parked.rows.columns
            rows = [tuple(getattr(made, column.name) for column in columns) for made in LETTERS]
            await tx.insert(OURS.parked.rows, rows)
            await tx.commit()
        statements = OURS.statements
        asks: list[tuple[Any, dict[str, Any]]] = [
            (statements.parked_due, {"now": AT, "n": 10}),
            (statements.parked_due, {"now": AT, "n": 1}),
            (statements.next_parked, {"now": AT}),
            (statements.next_parked, {"now": AT + 5_000}),
            (statements.parked_keys, {}),
            (statements.parked_count, {}),
            (statements.newest_parked, {}),
            (statements.parked_page, {"before": "e", "n": 3}),
        ]
        for statement, values in asks:
            theirs, ours = await other.rows(statement, values), await store.rows(statement, values)
            assert sorted(map(repr, ours)) == sorted(map(repr, theirs)), statement
        tx = await store.begin()
        await tx.delete(OURS.parked.rows, ["a"])
        await tx.update(OURS.parked.rows, [(*rows[1][:5], "[]", *rows[1][6:])])
        await tx.commit()
        assert (await store.get(OURS.parked, "a"), (await store.get(OURS.parked, "b"))) == (
            None,
            replace(LETTERS[1], body="[]"),
        )
    finally:
        await other.close()


def asked(*orders: str) -> dict[str, Any]:
    return {name: orders[at % len(orders)] for at, name in enumerate(storage.PLACES)}


async def test_lists_of_a_service_are_those_of_sqlite(store: MongoStore, tmp_path: Path) -> None:
    other = SqliteStore(tmp_path / "t.db")
    await other.open()
    try:
        create_all(other, storage.MD)
        rows = [told(str(n), AT + n % 3, str(n % 2 + 1)) for n in range(1, 12)]
        await keep(other, NOTIFICATIONS, *rows)
        await say(store, *rows)
        top = {"below_at": 2**62, "below_id": "z", "n": 100}
        asks: list[tuple[Any, dict[str, Any]]] = [
            (storage.NEWEST, {**top, "n": 100}),
            (storage.NEWEST_OF, {**top, "customer": "2"}),
            (storage.NEWEST_OF, {**top, "customer": "somebody"}),
            (storage.OF_ORDER, {**top, "order": "3"}),
            (storage.OF_ORDERS, asked("3", "4", "77", "0190-a")),
        ]
        for statement, values in asks:
            theirs = await other.find(NOTIFICATIONS, statement, values)
            ours = await store.find(NOTIFICATIONS, statement, values)
            assert [one.created_at for one in ours] == [one.created_at for one in theirs]
            assert sorted(one.order_id for one in ours) == sorted(one.order_id for one in theirs)
        # pages: every one once, though keys are others than ours
        seen: list[str] = []
        place: dict[str, Any] = {"below_at": AT + 100, "below_id": "f" * 24}
        while found := await store.find(NOTIFICATIONS, storage.NEWEST, {**place, "n": 4}):
            seen += [one.order_id for one in found]
            place = {"below_at": found[-1].created_at, "below_id": found[-1].id}
        assert sorted(map(int, seen)) == list(range(1, 12))
    finally:
        await other.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # PyMongo leaves its sockets
async def test_a_server_that_is_away_is_waited_for_and_said_without_its_password() -> None:
    url = "mongodb://root:secret@127.0.0.1:1/d?serverSelectionTimeoutMS=200"
    away = MongoStore(url, [NOTIFICATIONS.rows], [], [as_they_are(NOTIFICATIONS.rows)])
    await away.open()
    with pytest.raises(StoreUnavailable) as error:
        await away.begin()
    assert "secret" not in str(error.value)
    await away.close()
    del error
    gc.collect()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # PyMongo leaves its socket
async def test_a_wrong_password_ends_the_start(url: str) -> None:
    wrong = MongoStore(url.replace("mongopass", "wrong"), [NOTIFICATIONS.rows])
    with pytest.raises(StoreUnusable, match="password") as error:
        await wrong.open()
    assert "wrong@" not in str(error.value)
    await wrong.close()
    del error
    gc.collect()


def test_only_a_service_that_says_so_may_run_on_it() -> None:
    with pytest.raises(StoreUnusable, match="orders needs transactions"):
        open_documents("mongodb://h/d", ["orders"], [])


async def test_without_a_published_form_a_field_is_a_column(url: str, raw: Any) -> None:
    plain = open_documents(url, ["notifications"], [])
    assert isinstance(plain, MongoStore)
    await plain.open()
    await say(plain, told("0190-a", customer="ada"))
    (found,) = raw.notifications_notifications.find()
    assert (found["_id"], found["order_id"], found["created_at"]) == ("id-of-0190-a", "0190-a", AT)
    assert await plain.get(NOTIFICATIONS, "id-of-0190-a") == told("0190-a", customer="ada")
    await plain.close()
