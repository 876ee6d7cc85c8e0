"""Picks the store from the settings, so that nothing else asks which database there is."""

from __future__ import annotations

from pathlib import Path

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
    scheme, there, _ = url.partition("://")
    if url and not (there and scheme in POSTGRES):
        known = f"{scheme}:// is not known" if there else "that is no URL"
        raise StoreUnusable(f"TRADEWIND_DATABASE_URL: {known}: leave it empty (a SQLite file), or give postgresql://…")
    return bool(url)
