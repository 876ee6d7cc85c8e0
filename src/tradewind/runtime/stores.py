"""Picks the store from the settings, so that nothing else asks which database there is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.store import Store, StoreUnusable

if TYPE_CHECKING:
    from .config import Config
    from .topology import Blueprint

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


def place_of(config: Config, blueprint: Blueprint | None, service: str = "") -> str:
    """The URL of the database that a service has; empty for the file of the data folder. Without a name,
    that of all which have none of their own.
    """
    return (blueprint.stores.get(service, "") if blueprint is not None else "") or config.database_url


def by_place(config: Config, blueprint: Blueprint | None, services: Iterable[str]) -> dict[str, list[str]]:
    """These services by the URL of their database, in their order."""
    found: dict[str, list[str]] = {}
    for service in services:
        found.setdefault(place_of(config, blueprint, service), []).append(service)
    return found


def on_server(url: str) -> bool:
    """PostgreSQL, or the file under the data folder? Errors: StoreUnusable."""
    scheme, there, _ = url.partition("://")
    if url and not (there and scheme in POSTGRES):
        known = f"{scheme}:// is not known" if there else "that is no URL"
        raise StoreUnusable(
            f"TRADEWIND_DATABASE_URL: {known}: leave it empty (a SQLite file), or give postgresql://…"
        )
    return bool(url)
