"""./dev services up mongodb: a login is needed, data is kept over a stop and over a kill."""

from __future__ import annotations

from pathlib import Path

import pymongo
import pymongo.errors
import pytest

from tests.support.mongodb import own_server
from tools.servers import machine
from tools.servers.model import Unstarted
from tools.servers.mongodb import Mongodb

SERVER = Mongodb()


def test_a_server_of_others_is_used_and_its_password_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "mongodb://who:secret@db.example:27017/shop?authSource=admin"
    monkeypatch.setenv("MONGO_URL", url)
    assert SERVER.elsewhere() == "mongodb://db.example:27017/shop"
    assert SERVER.blueprint_env(4321, "graphql") == {"MONGO_URL": url}


def test_a_shell_that_has_read_env_names_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "port").write_text("4321")
    monkeypatch.setattr(machine, "home", lambda server: tmp_path)
    monkeypatch.delenv("MONGO_URL", raising=False)
    own = SERVER.blueprint_env(4321, "graphql")["MONGO_URL"]
    assert own == "mongodb://root:mongopass@127.0.0.1:4321/notifications?authSource=admin"
    monkeypatch.setenv("MONGO_URL", own)
    assert SERVER.elsewhere() == ""


@pytest.mark.mongodb
def test_it_wants_a_login_and_keeps_what_it_has_over_a_kill_and_a_stop() -> None:
    with own_server() as server:
        url = server.url("kept") + "&journal=true"  # else the last 100 ms may be lost
        write(url, 1)
        with (
            pymongo.MongoClient[dict[str, object]]("127.0.0.1", server.port) as client,
            pytest.raises(pymongo.errors.OperationFailure),
        ):
            client.kept.told.find_one()
        server.kill()
        server.start()
        write(url, 2)
        server.stop()
        assert server.pid is None and machine.free(server.port)
        server.start()
        write(url, 3)


def write(url: str, number: int) -> None:
    with pymongo.MongoClient[dict[str, object]](url) as client:
        told = client.get_default_database().told
        told.insert_one({"_id": number})
        assert told.count_documents({}) == number


def test_what_cannot_be_fetched_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "DOWNLOADS", tmp_path)
    monkeypatch.setattr("tools.servers.mongodb.PACKAGES", ("no-such==1",))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(Unstarted, match="no-such==1"):
        SERVER.fetch()
    assert not SERVER.installed()
