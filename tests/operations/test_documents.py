"""What an operator does where a service keeps documents: adopt, export, audit, dead letters, stats."""

from __future__ import annotations

import gc
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pymongo
import pytest

from tests.support.mongodb import own_database
from tests.support.program import PROGRAM, environment
from tradewind.core.store import StoreUnusable
from tradewind.operations import documents

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


def test_the_operators_commands_reach_it(url: str, tmp_path: Path) -> None:
    given = {"MONGO_URL": url, "GRPC_PORT": "18999", "RABBITMQ_URL": "amqp://guest:guest@127.0.0.1:1"}
    said: dict[str, str] = {}
    for words in (
        "migrate run",
        "audit",
        "dead-letters list",
        "stats",
        "migrate adopt --dry-run",
        "migrate export",
    ):
        data = [] if words.endswith("--dry-run") else ["--data", str(tmp_path)]
        done = subprocess.run(
            [*PROGRAM, *words.split(), "--blueprint", BLUEPRINT, *data],
            env={**environment(), **given},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        said[words] = done.stdout
    assert "all hold" in said["audit"] and "none" in said["dead-letters list"]
    assert "notifications" in said["stats"]
