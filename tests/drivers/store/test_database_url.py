"""Database URLs as hosted PostgreSQL and other drivers write them."""

import logging
import ssl
from pathlib import Path

import pytest

from tradewind.core.store import StoreUnusable
from tradewind.drivers.postgres import sessions
from tradewind.drivers.postgres.url import known

PLACE = "postgresql://ann:pw@db.example.com:5432/shop"


@pytest.fixture(autouse=True)
def nothing_known() -> None:
    known.cache_clear()


@pytest.mark.parametrize(
    ("words", "kept", "dropped"),
    [
        ("", "", ""),
        ("?sslmode=require&channel_binding=require", "?sslmode=require", "channel_binding"),
        ("?schema=public", "", "schema"),
        ("?pgbouncer=true&connection_limit=5", "", "connection_limit, pgbouncer"),
        ("?options=endpoint%3Dep-1&sslmode=disable", "?options=endpoint%3Dep-1&sslmode=disable", ""),
        ("?connect_timeout", "", "connect_timeout"),
    ],
)
def test_foreign_words_are_dropped_and_named_once(
    words: str, kept: str, dropped: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert known(PLACE + words).url == PLACE + kept
        known(PLACE + words)
    says = [f"TRADEWIND_DATABASE_URL: words of other drivers have no effect: {dropped}"] if dropped else []
    assert [record.getMessage() for record in caplog.records] == says


@pytest.mark.parametrize("root", ["", "&sslrootcert=system"])
def test_verify_full_trusts_what_the_machine_trusts(
    root: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    found = known(f"{PLACE}?sslmode=verify-full{root}")
    assert found.url == PLACE
    assert found.tls is not None
    assert found.tls.check_hostname and found.tls.verify_mode is ssl.CERT_REQUIRED
    named = f"{PLACE}?sslmode=verify-full&sslrootcert=ca.pem"
    assert known(named) == (named, None)  # asyncpg reads it


@pytest.mark.postgres
async def test_hosted_urls_connect(postgres_url: str) -> None:
    for words in (
        "schema=public",
        "channel_binding=prefer&sslmode=prefer",
        "pgbouncer=true&connection_limit=1",
    ):
        connection = await sessions.connect(f"{postgres_url}?{words}")
        assert await connection.fetchval("SELECT 1") == 1
        await connection.close()
    with pytest.raises(StoreUnusable, match="TLS"):  # the server of the tests has none
        await sessions.connect(f"{postgres_url}?sslmode=require")
