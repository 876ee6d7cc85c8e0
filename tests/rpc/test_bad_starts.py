"""A start that cannot work says why in one line, with the way out, and ends with 1; by `up` and by `serve`
alike.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.rpc.api import Api
from tests.support.apart import Apart, published
from tests.support.databases import own_database, rows
from tests.support.needs import unmet
from tests.support.program import PROGRAM, environment
from tools.servers.postgres import GUARDED

UP = ("up",)
ORDERS = ("serve", "orders")
GATEWAY = ("serve", "gateway")
CLOSED = "1"  # nothing listens on this port


def refused(home: Path, words: tuple[str, ...], variables: dict[str, str], says: str) -> None:
    command = (*PROGRAM, *words, "--blueprint", "rpc", "--data", str(home / "data"))
    done = subprocess.run(
        command, env={**environment(), **variables}, capture_output=True, text=True, timeout=180
    )
    # what the log says of the way there is JSON
    told = [line for line in done.stderr.splitlines() if not line.startswith("{")]
    assert done.returncode == 1, done
    assert len(told) == 1 and told[0].startswith("tradewind: "), done.stderr
    assert re.search(says, told[0]), told[0]
    assert "Traceback" not in done.stderr and "guest:" not in done.stderr and "wrong-word" not in done.stderr
    assert " is up " not in done.stdout


def broker(vhost: str, **other: str) -> str:
    place = urlsplit(vhost)
    given = {"who": "guest:guest", "port": str(place.port), "path": place.path, **other}
    return f"amqp://{given['who']}@{place.hostname}:{given['port']}{given['path']}"


BROKERS = {
    "away": ({"port": CLOSED}, "it cannot be reached: start RabbitMQ, or correct .*connection refused"),
    "wrong credentials": ({"who": "guest:wrong-word"}, "wrong user or password: correct"),
    "missing vhost": ({"path": "/nowhere"}, "there is no such vhost: create it with `rabbitmqctl add_vhost`"),
}


# a process on its own waits for a broker that is away: tests/runtime/processes/test_without_broker.py
STARTS = [
    (words, broken)
    for words in (UP, ORDERS, GATEWAY)
    for broken in BROKERS
    if words is UP or broken != "away"
]


@pytest.mark.parametrize(("words", "broken"), STARTS)
def test_broker(
    four: Apart, variables: dict[str, str], vhost: str, tmp_path: Path, broken: str, words: tuple[str, ...]
) -> None:
    other, says = BROKERS[broken]
    refused(tmp_path, words, variables | {"RABBITMQ_URL": broker(vhost, **other)}, says)


DATABASES = {
    "away": ({"DB_PORT": CLOSED}, "it cannot be reached: start PostgreSQL"),
    "missing": ({"DB_NAME": "nowhere"}, "there is no such database: make it with `createdb .*nowhere`"),
    "unknown user": ({"DB_USER": "nobody_known"}, "wrong user or password"),
}


@pytest.mark.parametrize("words", [UP, ORDERS], ids=" ".join)
@pytest.mark.parametrize("broken", DATABASES)
def test_database(variables: dict[str, str], tmp_path: Path, broken: str, words: tuple[str, ...]) -> None:
    other, says = DATABASES[broken]
    refused(tmp_path, words, variables | other, says)


def test_database_wrong_password(variables: dict[str, str], database: str, tmp_path: Path) -> None:
    method = rows(database, "SELECT auth_method FROM pg_hba_file_rules WHERE type = 'host' LIMIT 1")
    if method == [("trust",)]:
        unmet("needs a PostgreSQL that asks for passwords: ./dev services down postgres, then up")
    with guarded(database):
        refused(
            tmp_path,
            ORDERS,
            variables | {"DB_USER": GUARDED, "DB_PASSWORD": "wrong-word"},
            "wrong user or password",
        )


@contextmanager
def guarded(database: str) -> Iterator[None]:
    rows(database, f"DROP ROLE IF EXISTS {GUARDED}")
    rows(database, f"CREATE ROLE {GUARDED} LOGIN PASSWORD 'right-word'")
    yield
    rows(database, f"DROP ROLE {GUARDED}")


@pytest.fixture
def empty(vhost: str) -> Iterator[dict[str, str]]:
    with own_database("rpc_bare") as url:
        yield published(url, vhost)


def test_schema_that_is_not_migrated(empty: dict[str, str], tmp_path: Path) -> None:
    says = (
        "orders_?schema|order_schema.* is not migrated .*run `tradewind migrate run --blueprint rpc "
        "--service orders`"
    )
    refused(tmp_path, ORDERS, empty, says)


@pytest.mark.parametrize("words", [UP, ORDERS], ids=" ".join)
def test_schema_of_a_newer_version(
    four: Apart, variables: dict[str, str], database: str, tmp_path: Path, words: tuple[str, ...]
) -> None:
    with newer(database):
        refused(tmp_path, words, variables, "is from a newer version of Tradewind.*9999_later")


@contextmanager
def newer(database: str) -> Iterator[None]:
    rows(database, "INSERT INTO order_schema.schema_steps VALUES ('9999_later')")
    yield
    rows(database, "DELETE FROM order_schema.schema_steps WHERE step = '9999_later'")


@contextmanager
def taken() -> Iterator[str]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield str(listening.getsockname()[1])


@pytest.mark.parametrize(
    ("words", "variable"),
    [(UP, "API_GATEWAY_PORT"), (GATEWAY, "API_GATEWAY_PORT"), (ORDERS, "ORDERS_OPS_PORT")],
)
def test_port_taken(
    four: Apart, variables: dict[str, str], tmp_path: Path, words: tuple[str, ...], variable: str
) -> None:
    with taken() as port:
        refused(tmp_path, words, variables | {variable: port}, f"{port} is taken by another program")


def test_unknown_process(variables: dict[str, str], tmp_path: Path) -> None:
    refused(tmp_path, ("serve", "order"), variables, "order.*orders")


def test_up_twice(four: Apart, variables: dict[str, str], api: Api) -> None:
    data = four.out.parent
    refused(
        data, UP, variables, rf"in use by process {four.process.pid} at http://127.0.0.1:{api.port}: .*--data"
    )
    assert api("GET", "/health").status == 200
    assert os.path.exists(data)


def test_a_variable_that_means_nothing(variables: dict[str, str], tmp_path: Path) -> None:
    refused(tmp_path, UP, variables | {"API_GATEWAY_PORT": "http"}, "port.*whole number")
    refused(
        tmp_path,
        GATEWAY,
        variables | {"OTEL_EXPORTER_OTLP_ENDPOINT": "ftp://collector"},
        "OTLP_ENDPOINT.*is not a URL like",
    )
