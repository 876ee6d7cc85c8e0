"""A start that cannot work says why in one line and harms nothing."""

from __future__ import annotations

import re
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.disks import read_only, small_disk
from tests.support.program import up
from tests.support.shop import Shop
from tests.support.shops import OpenShop

DB = "tradewind.db"


@pytest.fixture
def kind() -> str:
    return "sqlite"


@pytest.fixture
def rest(new_shop: OpenShop) -> Shop:
    """A furnished shop that does not run."""
    return new_shop()


def refused(data: Path, says: str, *words: str, **settings: str) -> None:
    done = up(data, *words, **settings)
    # what the log says of the way there is JSON
    told = [line for line in done.stderr.splitlines() if not line.startswith("{")]
    assert done.returncode == 1, done
    assert len(told) == 1 and told[0].startswith("tradewind: "), done.stderr
    assert re.search(says, told[0]), told[0]
    assert "Traceback" not in done.stderr, done.stderr
    assert "Ctrl-C" not in done.stdout


def test_a_second_platform_on_the_same_data(new_shop: OpenShop) -> None:
    shop = new_shop().start()
    refused(
        shop.keeping.data,
        rf"in use by process {shop.process.pid if shop.process else 0} at http://127.0.0.1:{shop.port}: "
        rf".*--data",
    )
    assert shop.wait_final(shop.order())["status"] == "CONFIRMED"


def test_a_taken_port(rest: Shop) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        refused(
            rest.keeping.data, "taken by another program.*another port", "--port", str(taken.getsockname()[1])
        )
    assert rest.start().wait_final(rest.order())["status"] == "CONFIRMED"


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 1_024) as disk, read_only(disk):
        refused(disk, "let this user write there, or name another folder")
        refused(disk / "shop", "let this user write there, or name another folder")


def test_a_folder_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    refused(tmp_path / "file" / "shop", str(tmp_path / "file"))
    assert (tmp_path / "file").read_text() == "not a folder"


def no_database(path: Path) -> None:
    path.write_bytes(b"these are the notes of somebody, not a database\n" * 200)


def corrupt(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + bytes(range(256)) * ((len(whole) - 100) // 256))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: 5 * 4_096 + 17])


def newer(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("INSERT INTO orders_schema_steps (step) VALUES ('0099_from_tomorrow')")
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (no_database, "not a (SQLite )?database"),
        (corrupt, "malformed|damaged|corrupt"),
        (cut, "malformed|damaged|corrupt"),
        (newer, "newer version.*0099_from_tomorrow"),
    ],
)
def test_a_database_that_is_none_of_ours(rest: Shop, harm: Callable[[Path], None], says: str) -> None:
    path = rest.keeping.data / DB
    harm(path)
    before = path.read_bytes()
    refused(rest.keeping.data, says)
    assert path.read_bytes() == before


def test_a_ledger_of_the_provider_that_is_no_database(rest: Shop) -> None:
    path = rest.keeping.data / "provider.db"
    no_database(path)
    before = path.read_bytes()
    refused(rest.keeping.data, "provider.db")
    assert path.read_bytes() == before


def test_a_key_that_is_none(rest: Shop) -> None:
    (rest.keeping.data / "jwt.secret").write_text("")
    refused(rest.keeping.data, "jwt.secret holds no key")


@contextmanager
def writing(path: Path) -> Iterator[None]:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    yield
    connection.execute("ROLLBACK")
    connection.close()


@pytest.mark.slow
def test_a_database_that_somebody_else_writes_to(rest: Shop) -> None:
    with writing(rest.keeping.data / DB):
        refused(rest.keeping.data, "locked|another program|busy")
    assert rest.start().wait_final(rest.order())["status"] == "CONFIRMED"


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"rate_limit": "-1"}, "TRADEWIND_RATE_LIMIT .environment.: '-1' is not"),
        ({"order_deadline_s": "soon"}, "TRADEWIND_ORDER_DEADLINE_S"),
        ({"prot": "8080"}, "TRADEWIND_PROT .environment. is not a setting; did you mean TRADEWIND_PORT"),
        ({"jwt_secret": "short"}, "TRADEWIND_JWT_SECRET"),
        ({"admin_password": "short"}, "TRADEWIND_ADMIN_PASSWORD"),
        ({"retention_days": "1"}, "TRADEWIND_RETENTION_DAYS"),
        ({"provider_faults": "2"}, "TRADEWIND_PROVIDER_FAULTS"),
        ({"fail": "batch.before-commit"}, "TRADEWIND_FAIL"),
        ({"fail": "no.such-place:1:kill"}, "no failpoint 'no.such-place'"),
        ({"fail": "batch.begun:0:kill"}, "TRADEWIND_FAIL"),
        (
            {"broker_url": "amqp://127.0.0.1"},
            "TRADEWIND_BROKER_URL .environment. has no effect in blueprint default",
        ),
        ({"otlp_endpoint": "http://ada:pw@127.0.0.1:4318"}, "OTLP_ENDPOINT: put credentials into"),
        ({"database_url": "oracle://127.0.0.1/shop"}, "TRADEWIND_DATABASE_URL"),
        ({"database_url": "postgresql://nobody@127.0.0.1:9/shop"}, "127.0.0.1:9"),
    ],
)
def test_a_setting_that_cannot_be(tmp_path: Path, settings: dict[str, str], says: str) -> None:
    refused(tmp_path / "shop", says, **settings)
    assert not (tmp_path / "shop" / DB).exists()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            '[processes.shop]\nservices = ["users", "ordres"]\napis = { v1 = "http://" }\n',
            "unknown service 'ordres'.*did you mean 'orders'",
        ),
        ('[processes.shop]\nservices = "users"\napis = { v1 = "http://" }\n', "must be a list"),
        ('[processes.shop]\nservices = ["users"]\n', "none serves an API to clients"),
        (
            '[settings]\nprot = 1\n[processes.shop]\nservices = ["users"]\napis = { v1 = "http://" }\n',
            "TRADEWIND_PROT",
        ),
        ("[processes", "not TOML"),
    ],
)
def test_a_blueprint_that_cannot_be(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    refused(tmp_path / "shop", says, "--blueprint", str(path))


def test_a_blueprint_that_is_not_there(tmp_path: Path) -> None:
    refused(tmp_path / "shop", "no blueprint 'defualt'; did you mean 'default'", "--blueprint", "defualt")


def test_an_option_that_cannot_be(tmp_path: Path) -> None:
    refused(tmp_path / "shop", "--set nonsense: write --set KEY=VALUE", "--set", "nonsense")
