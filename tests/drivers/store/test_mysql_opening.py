"""A MySQL that is not as the settings say, or that somebody else uses: one line says why, and what to do. What
a session is told holds whatever the server's own settings are.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import ssl
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.drivers.store.tables import PROBE, ROWS, row
from tests.drivers.store.test_store_contract import amounts, put
from tests.support.certificates import certificate
from tests.support.databases import Place
from tests.support.mysql import own_mysql
from tradewind.core.store import RowRefused, StoreUnusable
from tradewind.drivers.mysql import sessions
from tradewind.drivers.mysql.shared import SharedStore
from tradewind.drivers.mysql.store import MysqlStore
from tradewind.drivers.mysql.url import known

SESSION = "SELECT @@time_zone, @@autocommit, @@collation_connection, NOW() = UTC_TIMESTAMP()"
OTHERWISE = (
    "--default-time-zone=+05:00",
    "--sql-mode=NO_BACKSLASH_ESCAPES",
    "--character-set-server=latin1",
    "--transaction-isolation=SERIALIZABLE",
    "--autocommit=0",
)


@pytest.mark.mysql
async def test_two_on_one_database(mysql: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "LEFT_OVER_S", 0.3)
    mysql.fill(PROBE)
    says = "another tradewind is running on this database"
    alone = MysqlStore(mysql.url)
    await alone.open()
    for other in (MysqlStore(mysql.url), SharedStore(mysql.url)):
        with pytest.raises(StoreUnusable, match=says):
            await other.open()
    await alone.close()
    first, second = SharedStore(mysql.url), SharedStore(mysql.url)
    await first.open()
    await second.open()
    with pytest.raises(StoreUnusable, match=says):
        await MysqlStore(mysql.url).open()
    await first.close()
    await second.close()
    await alone.open()
    await alone.close()


@pytest.mark.mysql
@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"path": "/no_such_database"}, "there is no such database: create it"),
        ({"path": "/"}, "the URL names no database"),
        ({"netloc": "no-such-host.invalid:3306"}, "there is no such host: correct the database's URL"),
        ({"netloc": "root@127.0.0.1:1"}, "it cannot be reached: start MySQL"),
        ({"netloc": "nobody_known@{at}"}, "wrong user or password"),
        ({"query": "ssl-mode=nonsense"}, "ssl-mode is one of DISABLED, REQUIRED"),
        ({"query": "ssl-mode=preferred"}, "would also send everything unencrypted"),
        ({"netloc": "root@127.0.0.1:port"}, "TRADEWIND_DATABASE_URL"),
    ],
)
async def test_what_cannot_be_opened_says_why_in_one_line(
    mysql_url: str, change: dict[str, str], says: str
) -> None:
    parts = urlsplit(mysql_url)
    at = f"{parts.hostname}:{parts.port}"
    url = parts._replace(**{name: value.format(at=at) for name, value in change.items()}).geturl()
    with pytest.raises(StoreUnusable, match=says) as refused:
        await MysqlStore(url.replace("nobody_known@", "nobody_known:s3cret@")).open()
    assert "s3cret" not in str(refused.value)
    assert "\n" not in str(refused.value)


async def test_something_that_is_not_mysql(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "CONNECT_S", 1)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(StoreUnusable):
            await MysqlStore(f"mysql://127.0.0.1:{port}/x").open()


@pytest.mark.mysql
async def test_keys_that_differ_in_case_accent_or_a_space_stay_apart(mysql: Place) -> None:
    mysql.fill(PROBE)
    store = MysqlStore(mysql.url)
    await store.open()
    keys = ["tea", "TEA", "Tea", "téa", "te\u0301a", "tea ", " tea", "straße", "strasse", "ｔea", "tea\u200b"]
    await put(store, *[row(key, number) for number, key in enumerate(keys)])
    assert await amounts(store) == {key: number for number, key in enumerate(keys)}
    tx = await store.begin()
    with pytest.raises(RowRefused, match="Duplicate"):
        await tx.insert(ROWS, [row("TEA")])
    await tx.rollback()
    tx = await store.begin()
    with pytest.raises(RowRefused, match="too long"):
        await tx.insert(ROWS, [row("x" * 256)])
    await tx.rollback()
    await put(store, row("ü" * 255, 99))
    await store.close()


@pytest.mark.mysql
async def test_a_server_with_other_settings_serves_as_well(tmp_path: Path) -> None:
    with own_mysql(OTHERWISE) as server:
        place = Place(server.url, tmp_path)
        place.fill(PROBE)
        connection = await sessions.connect(place.url)
        rows, _ = await sessions.ask(connection, SESSION)
        assert rows[0] == ("+00:00", 1, "utf8mb4_nopad_bin", 1)
        connection.close()
        store = MysqlStore(place.url)
        await store.open()
        await put(store, row("it's a \\ 🧭 \"quote\" \\' %s %% -- ; /* "))
        assert list(await amounts(store)) == ["it's a \\ 🧭 \"quote\" \\' %s %% -- ; /* "]
        await store.close()


@pytest.fixture
def readable() -> Iterator[Path]:
    """A folder that the user of the server may read."""
    folder = Path(tempfile.mkdtemp(prefix="tradewind-tls-"))
    yield folder
    shutil.rmtree(folder)


@pytest.mark.mysql
async def test_it_is_encrypted_where_the_url_says_so(
    readable: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = readable
    path, other = certificate(folder), tmp_path_factory.mktemp("other")
    with own_mysql((f"--ssl-cert={path}", f"--ssl-key={folder / 'key.pem'}")) as server:
        for words, cipher in (
            ("", False),
            ("?ssl-mode=REQUIRED", True),
            (f"?ssl-ca={path}", True),
            (f"?ssl-mode=VERIFY_IDENTITY&ssl-ca={path}", True),
            (f"?sslmode=verify-full&sslrootcert={path}", True),
        ):
            connection = await sessions.connect(server.url + words)
            rows, _ = await sessions.ask(connection, "SHOW STATUS LIKE 'Ssl_cipher'")
            assert bool(rows[0][1]) is cipher, words
            connection.close()
        for words in (f"?ssl-ca={certificate(other)}", "?ssl-mode=VERIFY_IDENTITY"):
            with pytest.raises(StoreUnusable, match="no encrypted connection: correct ssl-mode or ssl-ca"):
                await sessions.connect(server.url + words)


@pytest.mark.mysql
async def test_a_server_without_encryption_is_told_nothing(mysql_url: str) -> None:
    with pytest.raises(StoreUnusable, match="encrypt"):
        await sessions.connect(f"{mysql_url}?ssl-mode=REQUIRED")


def test_words_of_a_url(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        found = known("mysql://u%40x:p%2Fw@db/shop?connection_limit=5&ssl_mode=required&socket=/run/my.sock")
    assert found.host == "db" and found.port == 3306 and found.database == "shop"
    assert found.arguments["user"] == "u@x" and found.arguments["password"] == "p/w"
    assert found.arguments["unix_socket"] == "/run/my.sock"
    assert isinstance(found.arguments["ssl"], ssl.SSLContext)
    assert "words of other drivers have no effect: connection_limit" in caplog.text
