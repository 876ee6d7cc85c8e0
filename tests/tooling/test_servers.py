"""The parts of ./dev services that no server is needed for."""

import os
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.support.broker import own_broker
from tests.support.kafka import OWN, own_kafka
from tests.support.mysql import own_mysql
from tests.support.redis import own_redis
from tools.servers import KNOWN, NEEDS, __main__, machine, rabbitmq
from tools.servers.kafka import Kafka
from tools.servers.maven import Jars
from tools.servers.model import Unstarted
from tools.servers.mysql import MySQL
from tools.servers.rabbitmq import RabbitMQ

POSTGRES = KNOWN["postgres"]


def test_blueprints_need_known_servers() -> None:
    assert {name for needed in NEEDS.values() for name in needed} <= set(KNOWN)


def test_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(POSTGRES), "installed", lambda self: False)
    with pytest.raises(Unstarted, match="apt-get install postgresql"):
        __main__.up(POSTGRES)


def test_reset_removes_what_a_server_holds_only_where_someone_agrees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, held = type(POSTGRES), tmp_path / "home"
    calls: list[str] = []
    monkeypatch.setattr(kind, "installed", lambda self: True)
    monkeypatch.setattr(kind, "pid", lambda self, home: 7)
    monkeypatch.setattr(kind, "stop", lambda self, home: calls.append("stop"))
    monkeypatch.setattr(machine, "prepare", lambda server: held)
    monkeypatch.setattr(__main__, "up", lambda server: calls.append("up"))
    held.mkdir()
    (held / "data").touch()
    with pytest.raises(Unstarted, match="--yes"):  # the tests have no terminal to ask at
        __main__.reset(POSTGRES, sure=False)
    assert (held / "data").exists() and calls == []
    __main__.reset(POSTGRES, sure=True)
    assert not held.exists() and calls == ["stop", "up"]


def test_taken_port_is_passed_over_and_remembered(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        (tmp_path / "port").write_text(f"{taken}\n")
        port = machine.choose_port(POSTGRES, tmp_path)
    assert port > taken
    assert machine.remembered_port(POSTGRES, tmp_path) == port
    assert machine.choose_port(POSTGRES, tmp_path) == port


def test_a_process_is_ours_only_with_our_mark() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", "input(1)", "our-mark"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout and process.stdout.read(1) == b"1"
        assert machine.runs(process.pid, "our-mark")
        assert not machine.runs(process.pid, "other-mark")
    finally:
        process.communicate(b"\n")
    assert not machine.runs(process.pid, "our-mark")


def test_home_that_someone_else_made_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "account", lambda server: None)
    monkeypatch.setattr(machine, "SERVICES", tmp_path)
    folder = machine.prepare(POSTGRES)
    assert folder.stat().st_mode & 0o777 == 0o700
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(Unstarted, match="belongs to another user"):
        machine.prepare(POSTGRES)


def test_names_of_the_rpc_blueprint() -> None:
    lines: dict[str, str] = {}
    for name in NEEDS["rpc"]:
        lines |= KNOWN[name].blueprint_env(4321, "rpc")
    assert lines == {
        "DB_HOST": "127.0.0.1",
        "DB_PORT": "4321",
        "DB_NAME": "microservices_learn",
        "DB_USER": "postgres",
        "DB_PASSWORD": "postgres",
        "RABBITMQ_URL": "amqp://guest:guest@127.0.0.1:4321",
    }
    assert set(POSTGRES.blueprint_env(4321, "postgres")) == {"TRADEWIND_DATABASE_URL"}


def test_names_of_the_events_blueprint() -> None:
    lines: dict[str, str] = {}
    for name in NEEDS["events"]:
        lines |= KNOWN[name].blueprint_env(4321, "events")
    assert lines == {
        "DB_HOST": "127.0.0.1",
        "DB_PORT": "4321",
        "DB_DATABASE": "events",
        "DB_USERNAME": "postgres",
        "KAFKA_BROKER": "127.0.0.1:4321",
    }


@pytest.mark.parametrize("blueprint", ["invoicing", "contracts"])
def test_names_of_the_blueprints_behind_kong(blueprint: str) -> None:
    lines: dict[str, str] = {}
    for name in NEEDS[blueprint]:
        lines |= KNOWN[name].blueprint_env(4321, blueprint)
    assert lines == {
        "ORDERS_DATABASE_URL": f"postgresql://postgres@127.0.0.1:4321/{blueprint}_orders",
        "INVOICES_DATABASE_URL": f"postgresql://postgres@127.0.0.1:4321/{blueprint}_invoices",
        "BROKER_URL": f"amqp://guest:guest@127.0.0.1:4321/{blueprint}",
    }


def test_names_of_a_shop_on_mysql_and_of_the_system_behind_graphql() -> None:
    assert KNOWN["mysql"].blueprint_env(4321, "mysql") == {
        "TRADEWIND_DATABASE_URL": "mysql://root@127.0.0.1:4321/tradewind"
    }
    assert KNOWN["mysql"].blueprint_env(4321, "graphql") == {
        "DB_HOST": "127.0.0.1",
        "DB_PORT": "4321",
        "DB_NAME": "orders_db",
        "DB_USER": "orderuser",
        "DB_PASSWORD": "orderpass",
    }


@pytest.mark.mysql
def test_a_mysql_keeps_what_it_was_told_over_kill_and_stop() -> None:
    with own_mysql() as mysql:
        server: MySQL = mysql.server
        server.ask(mysql.port, "CREATE TABLE tradewind_test.kept (id INT)")
        mysql.kill()
        mysql.start()
        # nobody without a name is there, who would take the place of another at a login
        assert server.ask(mysql.port, "SELECT count(*) FROM mysql.user WHERE user = ''").strip() == "0"
        server.ask(mysql.port, "INSERT INTO tradewind_test.kept VALUES (7)")
        mysql.stop()
        assert server.pid(mysql.home) is None and machine.free(mysql.port)
        mysql.start()
        server.furnish(mysql.home, mysql.port)
        assert server.ask(mysql.port, "SELECT id FROM tradewind_test.kept").strip() == "7"
        with pytest.raises(Unstarted, match="doesn't exist"):
            server.ask(mysql.port, "SELECT 1 FROM tradewind_test.nothing")
        mysql.stop()
        with socket.socket() as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            other.bind(("127.0.0.1", mysql.port))
            other.listen()
            with pytest.raises(Unstarted, match="did not start"):
                mysql.start()


def test_names_of_redis() -> None:
    assert KNOWN["redis"].blueprint_env(4321, "services") == {
        "TRADEWIND_REDIS_URL": "redis://:redispass@127.0.0.1:4321/0"
    }
    assert KNOWN["redis"].blueprint_env(4321, "graphql") == {
        "REDIS_HOST": "127.0.0.1",
        "REDIS_PORT": "4321",
        "REDIS_PASSWORD": "redispass",
    }


@pytest.mark.redis
def test_a_redis_asks_for_its_password_and_comes_back_after_kill_and_stop() -> None:
    with own_redis() as redis:
        line = Path(f"/proc/{redis.server.pid(redis.home)}/cmdline").read_bytes()
        assert b"redispass" not in line
        for end in (redis.kill, redis.stop):
            with socket.create_connection(("127.0.0.1", redis.port)) as probe:
                probe.sendall(b"GET a\r\n")
                assert probe.recv(100).startswith(b"-NOAUTH")
            end()
            assert redis.server.pid(redis.home) is None
            redis.start()
        redis.stop()
        with socket.socket() as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            other.bind(("127.0.0.1", redis.port))
            other.listen()
            with pytest.raises(Unstarted, match="did not start"):
                redis.start()


def test_two_checkouts_are_two_brokers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, str]] = []

    def run(*_: object, settings: dict[str, str]) -> tuple[int, str]:
        seen.append(settings)
        return 0, ""

    monkeypatch.setattr(machine, "run", run)
    monkeypatch.setattr(rabbitmq, "scripts", lambda: tmp_path)  # no server is needed
    for name in ("one", "two"):
        home = tmp_path / name
        home.mkdir()
        for port in ("epmd", "between"):
            (home / port).write_text("12345")
        RabbitMQ().control(home, "status")
    first, second = seen
    assert first["RABBITMQ_NODENAME"] != second["RABBITMQ_NODENAME"]
    assert first["HOME"] != second["HOME"]  # where the cookie lies
    assert all(
        settings["RABBITMQ_CONF_ENV_FILE"].startswith(settings["HOME"]) for settings in seen
    )  # not the one in /etc
    assert first["ERL_EPMD_PORT"] != "4369"


@pytest.mark.skipif(
    not RabbitMQ().installed(), reason="needs a RabbitMQ of its own, ./dev services up --install rabbitmq"
)
@pytest.mark.rabbitmq
def test_a_broker_starts_stops_and_leaves_nothing() -> None:
    with own_broker(page=True) as broker:
        shown = broker.pages["management page"].partition(" ")[0]
        with urllib.request.urlopen(shown, timeout=60) as page:
            assert b"RabbitMQ Management" in page.read()
        assert broker.control("eval", "1 + 1.").strip() == "2"
        mapper = int((broker.home / "epmd").read_text())
        assert not machine.free(mapper)
        with pytest.raises(Unstarted, match="rabbitmqctl"):
            broker.control("no_such_command")
        broker.stop()
        assert RabbitMQ().pid(broker.home) is None
        page_port = int(shown.rpartition(":")[2])
        assert machine.free(broker.port) and machine.free(mapper) and machine.free(page_port)
        with socket.socket() as other:
            other.bind(("127.0.0.1", broker.port))
            other.listen()
            with pytest.raises(Unstarted, match="did not start"):
                broker.start()


@pytest.mark.skipif(not Kafka().installed(), reason=OWN)
@pytest.mark.kafka
def test_a_kafka_starts_is_killed_comes_back_and_stops() -> None:
    with own_kafka() as node:
        before = node.authority.read_bytes()
        assert node.secure_brokers != node.brokers
        node.kill()
        assert Kafka().pid(node.home) is None and machine.free(node.port)
        node.start()
        assert node.authority.read_bytes() == before  # clients trust it still
        node.stop()
        assert Kafka().pid(node.home) is None


def test_jars_that_cannot_be_fetched_are_named_and_leave_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for program in ("mvn", "java"):
        (tmp_path / program).write_text("#!/bin/sh\necho no route; exit 1\n")
        (tmp_path / program).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(machine, "DOWNLOADS", tmp_path / "downloads")
    monkeypatch.setattr("tools.servers.maven.PAUSE_S", 0.0)
    jars = Jars("probe-1", "org.example:probe:1")
    with pytest.raises(Unstarted, match=r"(?s)org.example:probe:1.*no route"):
        jars.fetch()
    assert not jars.there() and list((tmp_path / "downloads").iterdir()) == []
