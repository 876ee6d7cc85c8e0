"""Where the shop of a test keeps its things: a data folder, and a database in it or on a server. Copied
whole, so that a start is short.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from tests.support.databases import MYSQL_URL, URL, on_its_server, rows
from tests.support.needs import MYSQL, POSTGRES, unmet
from tests.support.queues import broker, fresh
from tradewind.runtime.database_roles import prefix, role_of
from tradewind.runtime.mysql_roles import HOSTS
from tradewind.runtime.registry import SERVICES

PREFIX = "tradewind_shop_"
AT_ONCE = 32
_TABLE = re.compile(r"\{(\w+)\.(\w+)\}")


class Keeping:
    """`url` is empty for SQLite, as in the settings. `exchange` is there where the services run apart: the
    events of this shop go there, and the names of its queues begin so.
    """

    def __init__(self, data: Path, url: str = "", exchange: str = "") -> None:
        self.data, self.url, self.exchange = data, url, exchange

    def sql(self, text: str) -> list[tuple[Any, ...]]:
        """One statement from outside; `{orders.log}` stands for the table. For a stopped shop, or to look
        into a running one.
        """
        if self.url.startswith("mysql"):
            return rows(self.url, _TABLE.sub(r"tw_\1_\2", text))
        if self.url:
            return asyncio.run(_ask(self.url, _TABLE.sub(r"\1.\2", text)))
        connection = sqlite3.connect(self.data / "tradewind.db", isolation_level=None, timeout=10)
        try:
            return connection.execute(_TABLE.sub(r"\1_\2", text)).fetchall()
        finally:
            connection.close()

    def ledger(self, text: str) -> list[tuple[Any, ...]]:
        """A question to the sandbox provider's own book."""
        connection = sqlite3.connect(f"file:{self.data / 'provider.db'}?mode=ro", uri=True, timeout=10)
        try:
            return connection.execute(text).fetchall()
        finally:
            connection.close()

    def copy(self, data: Path) -> Keeping:
        """Another one with the same contents; this one must be at rest."""
        if self.data.exists():
            shutil.copytree(self.data, data)
        if not self.url:
            return Keeping(data)
        if self.url.startswith("mysql"):
            copied = _mysql(data, urlsplit(self.url).path[1:])
            return Keeping(data, copied, self.exchange and fresh("shop"))
        return Keeping(data, _create(data, urlsplit(self.url).path[1:]), self.exchange and fresh("shop"))

    def drop(self) -> None:
        """Its database alone: other shops of this run may live on."""
        if self.url.startswith("mysql"):
            on_its_server(os.environ[MYSQL_URL], f"DROP DATABASE IF EXISTS {urlsplit(self.url).path[1:]}")
        elif self.url:
            asyncio.run(_drop(_server(), [urlsplit(self.url).path[1:]]))


def nothing(data: Path, kind: str) -> Keeping:
    """A new one of this kind, `sqlite`, `postgres`, `mysql`, `services` (on PostgreSQL) or `services-mysql`,
    with nothing in it.
    """
    if kind.startswith("services"):
        broker()
        return Keeping(data, _mysql(data) if kind == "services-mysql" else _create(data), fresh("shop"))
    if kind == "mysql":
        return Keeping(data, _mysql(data))
    return Keeping(data, _create(data) if kind == "postgres" else "")


def _server() -> str:
    url = os.environ.get(URL, "")
    if not url:
        unmet(POSTGRES)
    return url


def _create(data: Path, template: str = "") -> str:
    server = _server()
    name = f"{PREFIX}{os.getpid()}_{abs(hash(data)):x}"
    asyncio.run(_ask(server, f"CREATE DATABASE {name}" + (f" TEMPLATE {template}" if template else "")))
    return urlsplit(server)._replace(path=f"/{name}").geturl()


def _mysql(data: Path, template: str = "") -> str:
    """A database of a MySQL server, which copies none as a whole."""
    server = os.environ.get(MYSQL_URL, "") or unmet(MYSQL)
    name = f"{PREFIX}{os.getpid()}_{abs(hash(data)):x}"
    tables = f"SELECT table_name FROM information_schema.tables WHERE table_schema = '{template}'"
    made = [f"CREATE DATABASE {name}"]
    for (table,) in rows(server, tables) if template else ():
        made += [
            f"CREATE TABLE {name}.{table} LIKE {template}.{table}",
            f"INSERT INTO {name}.{table} SELECT * FROM {template}.{table}",
        ]
    for text in made:
        on_its_server(server, text)
    return urlsplit(server)._replace(path=f"/{name}").geturl()


def drop_all() -> None:
    """Ours, and those of runs that are over. All at once: each drop waits for a checkpoint, and these they
    share.
    """
    if server := os.environ.get(MYSQL_URL):
        named = f"SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE '{PREFIX}%%'"
        for (name,) in rows(server, named):
            if _is_over(int(name.removeprefix(PREFIX).partition("_")[0])):
                on_its_server(server, f"DROP DATABASE IF EXISTS {name}")
                for service in SERVICES:  # where they run apart, each has a user there
                    for host in HOSTS:
                        user = role_of(server, prefix(f"//x/{name}"), service)
                        on_its_server(server, f"DROP USER IF EXISTS '{user}'@'{host.replace('%', '%%')}'")
    if os.environ.get(URL):
        asyncio.run(_drop_all(_server()))


async def _drop_all(server: str) -> None:
    names = [
        name
        for (name,) in await _ask(
            server, f"SELECT datname::text FROM pg_database WHERE datname LIKE '{PREFIX}%'"
        )
    ]
    await _drop(
        server, [name for name in names if _is_over(int(name.removeprefix(PREFIX).partition("_")[0]))]
    )


async def _drop(server: str, names: list[str]) -> None:
    for first in range(0, len(names), AT_ONCE):
        some = names[first : first + AT_ONCE]
        await asyncio.gather(*[_ask(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)") for name in some])
    for name in names:  # where services run apart, each had a role there
        roles = f"SELECT rolname::text FROM pg_roles WHERE rolname LIKE '{prefix(f'//x/{name}')}%'"
        for (role,) in await _ask(server, roles):
            await _ask(server, f"DROP ROLE IF EXISTS {role}")


def _is_over(run: int) -> bool:
    return run == os.getpid() or not Path(f"/proc/{run}").exists()


async def _ask(url: str, text: str) -> list[tuple[Any, ...]]:
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row.values()) for row in await connection.fetch(text)]
    finally:
        await connection.close()
