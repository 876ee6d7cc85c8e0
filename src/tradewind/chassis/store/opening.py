"""Picks the store from the settings, so that nothing else asks which database there is."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from .port import Store, StoreUnusable
from .sqlite import SqliteStore

FILE = "tradewind.db"
POSTGRES = ("postgresql", "postgres")


def open_store(url: str, data: Path, *, exclusive: bool = True) -> Store:
    """The store that TRADEWIND_DATABASE_URL names, not yet opened. Errors: StoreUnusable."""
    if not on_server(url):
        return SqliteStore(data / FILE)
    from .postgres import PostgresStore  # its driver is an extra

    return PostgresStore(url, exclusive=exclusive)


def on_server(url: str) -> bool:
    """PostgreSQL, or the file under the data folder? Errors: StoreUnusable."""
    scheme = urlsplit(url).scheme if "://" in url else url
    if scheme and scheme not in POSTGRES:
        raise StoreUnusable(f"TRADEWIND_DATABASE_URL: {scheme!r} is not known: leave it empty (a SQLite file), or give postgresql://…")
    return bool(scheme)
