"""Picks the store from the settings, so that nothing else asks which database there is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..core.store import Store, StoreUnusable

FILE = "tradewind.db"
POSTGRES = ("postgresql", "postgres")


def open_store(
    url: str, data: Path, *, exclusive: bool = True, schemas: Mapping[str, str] | None = None
) -> Store:
    """The store that TRADEWIND_DATABASE_URL names, not yet opened; `schemas` as the blueprint calls them.
    Errors: StoreUnusable.
    """
    if not on_server(url):
        if not exclusive:
            raise StoreUnusable(
                "processes that share their store need a server: give TRADEWIND_DATABASE_URL=postgresql://…"
            )
        from ..drivers.sqlite.store import SqliteStore  # each driver where it is used: a process carries one

        return SqliteStore(data / FILE)
    if exclusive:
        from ..drivers.postgres.store import PostgresStore  # its driver is an extra

        return PostgresStore(url, schemas=schemas)
    from ..drivers.postgres.shared import SharedStore

    return SharedStore(url, schemas=schemas)


def on_server(url: str) -> bool:
    """PostgreSQL, or the file under the data folder? Errors: StoreUnusable."""
    scheme, there, _ = url.partition("://")
    if url and not (there and scheme in POSTGRES):
        known = f"{scheme}:// is not known" if there else "that is no URL"
        raise StoreUnusable(
            f"TRADEWIND_DATABASE_URL: {known}: leave it empty (a SQLite file), or give postgresql://…"
        )
    return bool(url)
