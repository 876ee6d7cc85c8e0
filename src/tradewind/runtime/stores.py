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
SCHEMES = {"postgresql": "postgres", "postgres": "postgres", "mysql": "mysql", "mariadb": "mysql"}
"""The kinds of store, by how the URL of a database begins."""


def open_store(
    url: str, data: Path, *, exclusive: bool = True, schemas: Mapping[str, str] | None = None
) -> Store:
    """The store that TRADEWIND_DATABASE_URL names, not yet opened; `schemas` as the blueprint calls them.
    Errors: StoreUnusable.
    """
    kind = kind_of(url)
    if kind == "sqlite":
        if not exclusive:
            raise StoreUnusable(
                "processes that share their store need a server: give TRADEWIND_DATABASE_URL=postgresql://… "
                "or mysql://…"
            )
        from ..drivers.sqlite.store import SqliteStore  # each driver where it is used: a process carries one

        return SqliteStore(data / FILE)
    # the drivers of servers are extras
    if kind == "mysql":
        from ..drivers.mysql.shared import SharedStore as SharedMysqlStore
        from ..drivers.mysql.store import MysqlStore

        return (MysqlStore if exclusive else SharedMysqlStore)(url, schemas=schemas)
    from ..drivers.postgres.shared import SharedStore
    from ..drivers.postgres.store import PostgresStore

    return (PostgresStore if exclusive else SharedStore)(url, schemas=schemas)


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


def kind_of(url: str) -> str:
    """`sqlite` without a URL, for the file under the data folder; else `postgres` or `mysql`. Errors:
    StoreUnusable.
    """
    if not url:
        return "sqlite"
    scheme, there, _ = url.partition("://")
    kind = SCHEMES.get(scheme) if there else None
    if kind is None:
        known = f"{scheme}:// is not known" if there else "that is no URL"
        raise StoreUnusable(
            f"TRADEWIND_DATABASE_URL: {known}: leave it empty (a SQLite file), or give postgresql://… or "
            f"mysql://…"
        )
    return kind


def on_server(url: str) -> bool:
    """A server's database, or the file under the data folder? Errors: StoreUnusable."""
    return kind_of(url) != "sqlite"
