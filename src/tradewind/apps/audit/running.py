"""Audits a shop where it lies, running or stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

from ...chassis.config import Config
from ...chassis.store import explain, migrations, sqlite
from ...chassis.store.lock import holder
from ...chassis.store.opening import FILE, on_server
from ...chassis.store.port import StoreUnusable
from ...chassis.world import SystemWorld, World
from ...services.payments.provider.ledger import LedgerEntry, entries
from ..assembly import LEDGER
from ..schema import SLICES
from .checking import GRACE_MS, Check
from .findings import Broken, Report
from .snapshot import Snapshot, snapshot
from .stories import Ledger
from .stuck import last_sign, stuck

LOOK_AGAIN_S = 3.0


def run_audit(config: Config) -> Report:
    """Errors: StoreUnusable, with one line that says why there is nothing to audit."""
    return asyncio.run(audited(config, SystemWorld()))


async def audited(config: Config, world: World) -> Report:
    """As `run_audit`, from a loop."""
    await asyncio.to_thread(_ready, config)
    running = holder(config.data) is not None
    # the ledger first: whatever it holds was asked for by rows that are older than it
    now, ledger = world.now(), Ledger(_entries(config.data / LEDGER))
    async with snapshot(config.database_url, config.data) as source:
        running = running or source.worked_on or holder(config.data) is not None
        check = Check(source, ledger, now, quiet=not running)
        late = await (_stuck(config, world, source) if running else _was_stuck(source))
        findings = await check.run(late)
    return Report(all([finding.ok for finding in findings]), running, check.orders, check.in_flight, tuple(findings))


async def _stuck(config: Config, world: World, source: Snapshot) -> list[Broken]:
    """What is late and still there a little later: after a start, or under load, much is late for a moment."""
    now = world.now()
    late = await stuck(source, now, unread_before=now - GRACE_MS)
    if not late:
        return late
    await asyncio.sleep(LOOK_AGAIN_S)
    async with snapshot(config.database_url, config.data) as again:
        now = world.now()
        still = {found.id for found in await stuck(again, now, unread_before=now - GRACE_MS)}
    return [found for found in late if found.id in still]


async def _was_stuck(source: Snapshot) -> list[Broken]:
    """What was late when the platform stopped. What it had not read yet, it reads when it starts."""
    return await stuck(source, await last_sign(source), unread_before=0)


def _ready(config: Config) -> None:
    if not config.data.is_dir():
        raise StoreUnusable(f"{config.data}: no such data folder; name it with --data")
    if not on_server(config.database_url) and not (config.data / FILE).exists():
        raise StoreUnusable(f"{config.data}: there is no shop in this folder; `tradewind up` makes one")
    for state in migrations.status(config.database_url, config.data, list(SLICES.values())):
        if state.unknown:
            raise StoreUnusable(f"the store is from a newer version of Tradewind (step {state.service} {state.unknown[0]}): use that one")
        if state.pending:
            raise StoreUnusable(f"the schema is behind (step {state.service} {state.pending[0]}): `tradewind migrate up` takes it there")


def _entries(path: Path) -> Iterator[LedgerEntry]:
    try:
        yield from entries(path)
    except FileNotFoundError as error:
        raise StoreUnusable(f"{path}: the provider's ledger is not there, so nobody can say where the money is") from error
    except sqlite.TROUBLE as error:
        raise StoreUnusable(f"{path}: {explain.sqlite(error)}") from error
