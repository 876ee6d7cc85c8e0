"""A rpc_services trades once for each way to wire it, and every test that spoils something has a copy of its
database.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
import shutil
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
import sqlalchemy as sa

from tests.operations.audit_rpc.rpc_services import PUBLISHED, WIRED, RpcServices, clone, on_server, read
from tradewind.operations.audit.checking import GRACE_MS
from tradewind.runtime.config import Config
from tradewind.runtime.databases import database
from tradewind.runtime.topology import Blueprint

_copies = itertools.count()


class Shop(msgspec.Struct, frozen=True):
    """A copy of what a rpc_services has left behind. `ids`: what it made, by name."""

    which: str
    url: str
    data: Path
    ids: dict[str, str]

    @property
    def read(self) -> tuple[Config, Blueprint]:
        return read(self.which, self.url, self.data)

    def outside(self, *statements: str) -> list[tuple[object, ...]]:
        rows: list[tuple[object, ...]] = []
        for statement in statements:
            rows = database(self.url, self.data).work(partial(_run, statement.format(**self.ids)))
        return rows


def _run(text: str, connection: sa.Connection) -> list[tuple[object, ...]]:
    with connection.begin():
        answer = connection.exec_driver_sql(text)
        if answer.returns_rows:
            return [tuple(row) for row in answer]
        assert answer.rowcount != 0, text
        return []


async def _published(rpc_services: RpcServices) -> dict[str, str]:
    tea = await rpc_services.product()
    made = {
        "tea": tea,
        "plain": await rpc_services.order(tea),
        "keyed": await rpc_services.order(tea, key="k-1"),
    }
    made["other"] = await rpc_services.order(tea, key="k-2")
    made |= {
        "paid": await rpc_services.payment(made["keyed"], "p-1"),
        "twin": await rpc_services.payment(made["keyed"], "p-2"),
    }
    await rpc_services.quiet()
    return made


async def _wired(rpc_services: RpcServices) -> dict[str, str]:
    tea = await rpc_services.product()
    made = {
        "tea": tea,
        "first": await rpc_services.order(tea),
        "confirmed": await rpc_services.order(tea.upper(), key="k-1"),
    }
    made |= {
        "failed": await rpc_services.order(tea, 9_999),
        "noted": await rpc_services.payment("01900000-0000-7000-8000-000000000000"),
    }
    await rpc_services.ended(made["first"], made["confirmed"], made["failed"])
    await asyncio.sleep(0.3)
    await rpc_services.quiet()
    return made


async def _trading(trade: Callable[[RpcServices], Awaitable[dict[str, str]]], *what: Any) -> dict[str, str]:
    async with RpcServices(*read(*what)) as rpc_services:
        return await trade(rpc_services)


@pytest.fixture(scope="session")
def wired_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("blueprints") / "wired.toml"
    file.write_text(WIRED)
    return str(file)


@pytest.fixture(scope="session")
def traded(
    postgres_url: str, wired_file: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Shop]]:
    """By blueprint; nobody has them open."""
    made: dict[str, Shop] = {}
    with contextlib.ExitStack() as stack:
        for name, which, trade in (("published", PUBLISHED, _published), ("wired", wired_file, _wired)):
            data, url = (
                tmp_path_factory.mktemp(name),
                stack.enter_context(_new(postgres_url, name, "template1")),
            )
            made[name] = Shop(which, url, data, asyncio.run(_trading(trade, which, url, data)))
        time.sleep(GRACE_MS / 1_000)
        yield made


@contextlib.contextmanager
def _new(server: str, word: str, template: str) -> Iterator[str]:
    name = f"tradewind_test_{os.getpid()}_{word}"
    on_server(server, f"DROP DATABASE IF EXISTS {name}")  # of a run that was killed
    try:
        yield clone(server, name, template)
    finally:
        on_server(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@contextlib.contextmanager
def _copy(server: str, of: Shop, folder: Path) -> Iterator[Shop]:
    data = Path(shutil.copytree(of.data, folder / of.ids["tea"]))
    with _new(server, f"copy{next(_copies)}", urlsplit(of.url).path[1:]) as url:
        yield Shop(of.which, url, data, of.ids)


@pytest.fixture
def published(postgres_url: str, traded: dict[str, Shop], tmp_path: Path) -> Iterator[Shop]:
    """As the blueprint has it: an order sets nothing off."""
    with _copy(postgres_url, traded["published"], tmp_path) as shop:
        yield shop


@pytest.fixture
def wired(postgres_url: str, traded: dict[str, Shop], tmp_path: Path) -> Iterator[Shop]:
    """Orders hold stock, are charged and get an invoice."""
    with _copy(postgres_url, traded["wired"], tmp_path) as shop:
        yield shop


@pytest.fixture
def silence(caplog: pytest.LogCaptureFixture) -> None:
    """For tests in which things go wrong on purpose: nobody needs to read of it."""
    caplog.set_level(logging.CRITICAL, logger="tradewind")
