"""Audits a shop in its own store, running or stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, closing, contextmanager
from pathlib import Path

from ...core.checks import Broken
from ...core.clock import Clock, SystemClock
from ...core.store import StoreUnusable
from ...drivers import explain
from ...drivers.sqlite import store as sqlite
from ...runtime import migrations
from ...runtime.config import Config
from ...runtime.data_lock import holder
from ...runtime.databases import NONE
from ...runtime.migrations import ServiceSchema
from ...runtime.registry import SERVICES
from ...runtime.schema import schema_state, schemas
from ...runtime.stores import FILE, by_place, on_server
from ...runtime.topology import Blueprint
from ...services.payments.provider.ledger import LedgerSnapshot
from ...services.payments.provider.manifest import LEDGER
from .checking import GRACE_MS, Check
from .report import Report
from .snapshot import Snapshot, snapshots
from .stories import Entries, Ledger
from .stuck import UNSENT_MS, last_sign, stuck
from .wiring import Wiring, wiring_of

LOOK_AGAIN_S = 3.0


def run_audit(config: Config, blueprint: Blueprint | None = None) -> Report:
    """Audits what a blueprint runs; without one, the default blueprint. Errors: StoreUnusable, with one line
    that says why there is nothing to audit.
    """
    return asyncio.run(audited(config, SystemClock(), blueprint))


async def audited(config: Config, clock: Clock, blueprint: Blueprint | None = None) -> Report:
    """As `run_audit`, from a loop."""
    place = Place(config, blueprint)
    await asyncio.to_thread(place.ready)
    running = place.held()
    # the ledger first: whatever it holds was asked for by rows that are older than it
    now = clock.now()
    with _ledger(config.data / LEDGER, wanted=place.wiring.charges) as ledger:
        return await _audited(place, clock, ledger, now, running)


async def _audited(place: Place, clock: Clock, ledger: Ledger, now: int, running: bool) -> Report:
    async with place.snapshot() as source:
        running = running or source.worked_on or place.held()
        check = Check(source, ledger, now, quiet=not running, wiring=place.wiring)
        late = await (_stuck(place, clock, source) if running else _was_stuck(source, place.wiring))
        findings = await check.run(late)
    return Report(
        all([finding.ok for finding in findings]), running, check.orders, check.in_flight, tuple(findings)
    )


class Place:
    """The stores of a blueprint's services, and how they are wired."""

    def __init__(self, config: Config, blueprint: Blueprint | None) -> None:
        self.config, self._blueprint, self.wiring = config, blueprint, wiring_of(config, blueprint)
        self._schemas: Mapping[str, str] = blueprint.schemas if blueprint else NONE
        self._places = by_place(config, blueprint, sorted(self.wiring.services))
        # over a broker an event is on its way for longer
        self.unread_ms = UNSENT_MS if self.wiring.apart else GRACE_MS

    def snapshot(self) -> AbstractAsyncContextManager[Snapshot]:
        apis = self._blueprint.apis if self._blueprint else ()
        return snapshots(self._places, self.config.data, self._schemas, apis)

    def held(self) -> bool:
        """Whether a platform uses the data folder. Separate processes do not need one: their database knows
        of them.
        """
        return not self.wiring.apart and holder(self.config.data) is not None

    def ready(self) -> None:
        """Errors: StoreUnusable."""
        if not self.wiring.apart:
            named = [name for name in SERVICES if name in self.wiring.services]
            (url,) = self._places
            _ready(self.config, url, schemas(named), self._schemas)
        elif self._blueprint is not None and (
            why := schema_state(self.config, self._blueprint, sorted(self.wiring.services))
        ):
            raise StoreUnusable(why)


async def _stuck(place: Place, clock: Clock, source: Snapshot) -> list[Broken]:
    """What is late in two looks a few seconds apart: after a start, or under load, much is late for a short
    time.
    """
    now = clock.now()
    late = await stuck(source, now, unread_before=now - place.unread_ms, wiring=place.wiring)
    if not late:
        return late
    await asyncio.sleep(LOOK_AGAIN_S)
    async with place.snapshot() as again:
        now = clock.now()
        still = {
            found.id
            for found in await stuck(again, now, unread_before=now - place.unread_ms, wiring=place.wiring)
        }
    return [found for found in late if found.id in still]


async def _was_stuck(source: Snapshot, wiring: Wiring) -> list[Broken]:
    """What was late when the platform stopped. What it had not read yet, it reads when it starts."""
    return await stuck(source, await last_sign(source, wiring), unread_before=0, wiring=wiring)


def _ready(config: Config, url: str, slices: Sequence[ServiceSchema], schemas: Mapping[str, str]) -> None:
    if not config.data.is_dir():
        raise StoreUnusable(f"{config.data}: no such data folder; name it with --data")
    if not on_server(url) and not (config.data / FILE).exists():
        raise StoreUnusable(f"{config.data}: there is no shop in this folder; `tradewind up` makes one")
    for state in migrations.status(url, config.data, slices, schemas):
        if state.unknown:
            raise StoreUnusable(
                f"the store is from a newer version of Tradewind (step {state.service} "
                f"{state.unknown[0]}): use that one"
            )
        if state.pending:
            raise StoreUnusable(
                f"the schema is behind (step {state.service} {state.pending[0]}): `tradewind migrate up` "
                f"takes it there"
            )


@contextmanager
def _ledger(path: Path, *, wanted: bool) -> Iterator[Ledger]:
    if not wanted:
        yield Entries()
        return
    try:
        found = LedgerSnapshot(path)
    except FileNotFoundError as error:
        raise StoreUnusable(
            f"{path}: the provider's ledger is not there, so nobody can say where the money is"
        ) from error
    except sqlite.TROUBLE as error:
        raise StoreUnusable(f"{path}: {explain.sqlite(error)}") from error
    with closing(found):
        yield found
