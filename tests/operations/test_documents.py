"""What an operator does where a service keeps documents: adopt, export, audit, dead letters, stats."""

from __future__ import annotations

import gc
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pymongo
import pytest
import sqlalchemy as sa

from tests.support.broker import own_vhost
from tests.support.mongodb import own_database
from tests.support.program import PROGRAM, environment
from tradewind.contracts.orders import OrderCreated
from tradewind.contracts.policies import Policies
from tradewind.contracts.values import Money
from tradewind.core.store import StoreUnusable
from tradewind.engine.service_runtime import ServiceRuntime
from tradewind.operations import documents
from tradewind.operations.audit.documents import Looked, looked
from tradewind.operations.audit.waits import ToldOf, event_queues
from tradewind.operations.audit.wiring import Wiring
from tradewind.services.notifications.service import notifications
from tradewind.services.orders.service import orders

pytestmark = pytest.mark.mongodb
BLUEPRINT = str(Path(__file__).parents[1] / "blueprints" / "notifications.toml")
APIS = ("graphql-notifications",)


@pytest.fixture
def url() -> Iterator[str]:
    with own_database("operator") as found:
        yield found


@pytest.fixture
def theirs(url: str) -> Iterator[Any]:
    with pymongo.MongoClient[dict[str, Any]](url) as client:
        collection = client.get_default_database().notifications
        at = datetime(2026, 11, 29, tzinfo=UTC)
        made = [{"orderId": n, "userId": 1, "message": "m", "status": "sent", "sentAt": at} for n in (1, 2)]
        collection.insert_many([*made, {"orderId": "seven", "userId": 1}, {"userId": 1, "message": "m"}])
        yield collection


def test_adopt_leaves_documents_where_they_are_and_says_which_nobody_is_shown(url: str, theirs: Any) -> None:
    before = list(theirs.find())
    (dry,) = documents.adopt(url, ["notifications"], APIS, dry_run=True)
    assert (dry.waiting, dry.adopted, len(dry.left)) == (4, 2, 2)
    assert set(theirs.index_information()) == {"_id_"}
    (found,) = documents.adopt(url, ["notifications"], APIS)
    assert sorted(left.why for left in found.left) == ["orderId is no whole number"] * 2
    assert {"orderId_1", "userId_1_createdAt_-1"} <= set(theirs.index_information())
    (back,) = documents.export(url, ["notifications"], APIS)
    assert back.written == 0 and list(theirs.find()) == before


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # PyMongo leaves its sockets
def test_a_server_that_is_away_is_one_line() -> None:
    away = "mongodb://root:secret@127.0.0.1:1/d?serverSelectionTimeoutMS=200"
    with pytest.raises(StoreUnusable) as error:
        documents.adopt(away, ["notifications"], APIS)
    assert "secret" not in str(error.value)
    del error
    gc.collect()


@pytest.fixture
def broker() -> Iterator[str]:
    with own_vhost() as found:
        yield found


@pytest.mark.rabbitmq
def test_the_operators_commands_reach_it(url: str, broker: str, tmp_path: Path) -> None:
    given = {"MONGO_URL": url, "GRPC_PORT": "18999", "RABBITMQ_URL": broker}
    said: dict[str, str] = {}
    for words in (
        "migrate run",
        "audit",
        "dead-letters list",
        "stats",
        "migrate adopt --dry-run",
        "migrate export",
    ):
        done = subprocess.run(
            [*PROGRAM, *words.split(), "--blueprint", BLUEPRINT, "--data", str(tmp_path)],
            env={**environment(), **given},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        said[words] = done.stdout
    assert "all hold" in said["audit"] and "none" in said["dead-letters list"]
    assert "notifications" in said["stats"]


class Log:
    """Orders 1 and 2 were made; the documents are the real ones."""

    def __init__(self, documents: Looked) -> None:
        self._documents = documents

    async def rows(self, statement: sa.Select[Any], values: Any = None) -> list[tuple[Any, ...]]:
        if "notifications" in str(statement):
            return await self._documents.rows(statement, values)
        if values["after"] >= 0:
            return []
        made = [OrderCreated(f"uuid-{n}", "1", (), Money(0, "EUR"), 0, n) for n in (1, 2)]
        return [
            (msgspec.json.encode(one).decode(), one.number, "order.created", one.order_id, 1) for one in made
        ]


async def test_the_audit_asks_the_documents_which_orders_were_told_of(url: str, theirs: Any) -> None:
    told = ToldOf(ServiceRuntime(orders(900_000)), channel=True)
    async with looked(url, ["notifications"], APIS) as documents_there:
        source = Log(documents_there)
        assert await told.missed(source) == []
        theirs.delete_one({"orderId": 2})
        (missed,) = await told.missed(source)
        assert (missed.key, missed.name, missed.seq) == ("uuid-2", "order.created", 2)


def test_notifications_on_documents_are_asked_for_in_the_audit() -> None:
    runtimes = {one.name: ServiceRuntime(one) for one in (orders(900_000), notifications())}
    wiring = Wiring(
        frozenset(runtimes),
        Policies(payment="none", invoice="none"),
        apart=True,
        channels=frozenset({"order.created"}),
        unclaimed=frozenset({"notifications"}),
    )
    (queue,) = event_queues(runtimes["notifications"], runtimes, wiring)
    assert isinstance(queue, ToldOf)
