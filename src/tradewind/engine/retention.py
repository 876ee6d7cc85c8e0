"""Keeps log and inbox bounded and free of what nobody may keep: rows older than the shop's memory are
deleted, never before every subscriber has read them, and marked fields are blanked once they have served. A
little at a time.
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import partial
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec.structs import replace

from ..core.failpoints import Broken, failpoint
from ..core.model import Event, wire_name
from ..core.schema import codec
from ..core.sensitive import Mark, blanked, marked
from ..core.store import RowRefused, StoreUnavailable, Transaction
from .processor import Processor
from .service_runtime import ServiceRuntime
from .statements import BLANKED, EventRow
from .subscriptions import SharedStoreMode

LOG = logging.getLogger("tradewind.engine")
TRIMMED = failpoint("retention.trimmed", "old rows are deleted, not committed")
FIELDS_BLANKED = failpoint("retention.blanked", "marked fields are blanked, not committed")
PAUSE_S = 0.05
ROWS = 200


class Sweep(ABC):
    """Background work in transactions between the batches."""

    every_s: float

    def __init__(self, processor: Processor) -> None:
        self._processor = processor
        self._task: asyncio.Task[None] | None = None

    @property
    @abstractmethod
    def wanted(self) -> bool:
        """Whether there is anything to do here at all."""

    @abstractmethod
    async def sweep(self) -> bool:
        """A few small transactions; True while there is more."""

    def start(self) -> None:
        if self.wanted:
            self._task = asyncio.get_running_loop().create_task(self._run(), name=type(self).__name__.lower())

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        while True:
            try:
                more = await self.sweep()
            except Exception:
                LOG.exception("a sweep failed")
                more = False
            await asyncio.sleep(PAUSE_S if more else self.every_s)


class Retention(Sweep):
    """`keep_ms` is how long inbox and log rows are kept; 0 keeps them for ever."""

    every_s = 30.0

    def __init__(self, processor: Processor, keep_ms: int) -> None:
        super().__init__(processor)
        self._keep_ms = keep_ms

    @property
    def wanted(self) -> bool:
        return bool(self._keep_ms)

    async def sweep(self) -> bool:
        """One small transaction; True while there is more."""
        try:
            async with self._processor.transaction() as tx:
                if not self._processor.sound:
                    return False
                more = await self._trim(tx)
                TRIMMED()
        except (StoreUnavailable, RowRefused, Broken) as error:
            LOG.warning("old rows could not be removed now: %s", error)
            return False
        return more

    async def _trim(self, tx: Transaction) -> bool:
        before = self._processor.clock.now() - self._keep_ms
        more = False
        for runtime in self._processor.runtimes.values():
            await self._save_places(tx, runtime)
            more |= await tx.trim(runtime.inbox.rows, "at", before, ROWS) == ROWS
            old = [
                seq for seq, at in await tx.rows(runtime.statements.oldest_seqs, {"n": ROWS}) if at < before
            ]
            if old:
                # the newest row stays: it has the last number, needed after a restart
                below = min(old[-1] + 1, runtime.seq, read_by_all(self._processor, runtime) + 1)
                more |= await tx.trim(runtime.log, "seq", below, ROWS) == ROWS
        return more

    async def _save_places(self, tx: Transaction, runtime: ServiceRuntime) -> None:
        places = [
            (name, subscription.position)
            for name, subscription in runtime.subscriptions.items()
            if not subscription.behind
        ]
        if places:
            await tx.upsert(runtime.cursors, places)


class MarkedEvents:
    """The events of one service that have marked fields or delete a person, and how they are found in its
    log.
    """

    def __init__(self, runtime: ServiceRuntime) -> None:
        self.runtime = runtime
        kinds = {wire_name(kind): kind for kind in runtime.service.says}
        self.secret = {name: fields for name, kind in kinds.items() if (fields := marked(kind, Mark.SECRET))}
        self.personal = {name: f for name, kind in kinds.items() if (f := marked(kind, Mark.PERSONAL))}
        self.erasing = frozenset(name for name, kind in kinds.items() if kind.erases_personal)
        log = runtime.log.c
        after, to = log.seq > sa.bindparam("after"), log.seq <= sa.bindparam("to")
        page = sa.select(log.seq).where(after, to).order_by(log.seq).limit(sa.bindparam("n")).subquery()
        self.end_of_page = sa.select(sa.func.max(page.c.seq))
        among = [log.name == name for name in sorted({*self.secret, *self.erasing})]
        self.between = sa.select(runtime.log).where(after, to, sa.or_(sa.false(), *among)).order_by(log.seq)
        personal = [log.name == name for name in sorted(self.personal)]
        self.of_person = (
            sa.select(runtime.log)
            .where(log.key == sa.bindparam("key"), after, to, sa.or_(sa.false(), *personal))
            .order_by(log.seq)
            .limit(sa.bindparam("n"))
        )
        self.in_replies = {
            name: fields for name in self.erasing if (fields := kinds[name].personal_in_replies)
        }
        inbox, begins = runtime.inbox.rows, sa.bindparam("begins", type_=sa.Text)
        self.replies = (
            sa.select(inbox)
            .where(
                inbox.c.id > sa.bindparam("after"),
                sa.func.substr(inbox.c.reply, 1, sa.func.length(begins)) == begins,
            )
            .order_by(inbox.c.id)
            .limit(sa.bindparam("n"))
        )

    def __bool__(self) -> bool:
        return bool(self.secret or self.erasing)


class PeopleElsewhere:
    """The dead letters of a service whose person is deleted by another process: the event that says so waits
    behind them, and they are found by it.
    """

    def __init__(self, runtime: ServiceRuntime) -> None:
        self.runtime = runtime
        kinds = {wire_name(kind): kind for kind in runtime.rules if issubclass(kind, Event)}
        self.personal = {name: f for name, kind in kinds.items() if (f := marked(kind, Mark.PERSONAL))}
        erasing = sorted(name for name, kind in kinds.items() if kind.erases_personal)
        rows = runtime.parked.rows
        deleted = rows.alias("deleted").c
        gone = sa.select(deleted.key).where(sa.or_(sa.false(), *[deleted.name == name for name in erasing]))
        personal = sa.or_(sa.false(), *[rows.c.name == name for name in sorted(self.personal)])
        self.letters = sa.select(rows).where(rows.c.key.in_(gone), personal).with_for_update()
        self.wanted = bool(self.personal and erasing)


class Erasure(Sweep):
    """Blanks secret fields of events that every subscription has passed and the broker has confirmed, and
    personal fields where the person is deleted: in the log, in dead letters and in the replies that are kept
    for a retry. How far it came is a cursor, moved in the same transaction:
    a sweep that dies is done again.
    """

    every_s = 15.0

    def __init__(self, processor: Processor) -> None:
        super().__init__(processor)
        self._services = [of for of in map(MarkedEvents, processor.runtimes.values()) if of]
        self._letters = {
            name: sa.select(runtime.parked.rows)
            .where(runtime.parked.rows.c.key == sa.bindparam("key"))
            .with_for_update()
            for name, runtime in processor.runtimes.items()
        }
        self._elsewhere = [of for of in map(PeopleElsewhere, processor.runtimes.values()) if of.wanted]
        # also after a start: an earlier run may have ended in between
        self._traces = any([of.erasing for of in self._services])

    @property
    def wanted(self) -> bool:
        return bool(self._services or self._elsewhere)

    async def sweep(self) -> bool:
        work = [(of.runtime, partial(self._blank, of=of)) for of in self._services]
        work += [(of.runtime, partial(self._forget_elsewhere, of=of)) for of in self._elsewhere]
        more = False
        for runtime, blank in work:
            try:
                async with self._processor.transaction() as tx:
                    if not self._processor.sound:
                        return False
                    left = await blank(tx)
                    FIELDS_BLANKED()
                more |= left
            except (StoreUnavailable, RowRefused, Broken) as error:
                LOG.warning("marked fields of %s could not be blanked now: %s", runtime.name, error)
        if self._traces and not more:
            try:
                self._traces = not await self._processor.erase_traces()
            except (StoreUnavailable, Broken) as error:
                LOG.warning("the traces of deleted people could not be removed now: %s", error)
        return more

    async def _blank(self, tx: Transaction, of: MarkedEvents) -> bool:
        runtime = of.runtime
        if BLANKED not in dict(await tx.rows(runtime.statements.positions)):
            await tx.insert(runtime.cursors, [(BLANKED, 0)])
        turn = await tx.rows(runtime.statements.blanking_turn)
        if not turn:  # another copy is at it
            return False
        after, bound = turn[0][0], await self._passed(tx, runtime)
        end = (await tx.rows(of.end_of_page, {"after": after, "to": bound, "n": ROWS}))[0][0]
        if end is None:
            return False
        blank: dict[int, EventRow] = {}
        for row in await tx.rows(of.between, {"after": after, "to": end}):
            event = EventRow(*row)
            if event.name in of.secret:
                _add(blank, event, of.secret[event.name])
            if event.name in of.erasing:
                await self._forget(tx, of, event, blank)
        if blank:
            await tx.update(runtime.log, list(blank.values()))
        await tx.update(runtime.cursors, [(BLANKED, end)])
        return int(end) < bound

    async def _forget(
        self, tx: Transaction, of: MarkedEvents, deleted: EventRow, blank: dict[int, EventRow]
    ) -> None:
        """Everything personal that was published under this key before."""
        after, full = -1, True
        while full:
            values = {"key": deleted.key, "after": after, "to": deleted.seq, "n": ROWS}
            events = [EventRow(*row) for row in await tx.rows(of.of_person, values)]
            for event in events:
                after = event.seq
                _add(blank, event, of.personal[event.name])
            full = len(events) == ROWS
        await self._forget_replies(tx, of, deleted)
        await self._forget_letters(tx, of, deleted.key)
        self._traces = True

    async def _forget_replies(self, tx: Transaction, of: MarkedEvents, deleted: EventRow) -> None:
        fields, inbox = of.in_replies.get(deleted.name, ()), of.runtime.inbox
        after, full = "", bool(fields)
        while full:
            values = {"after": after, "begins": f'{{"id":"{deleted.key}"', "n": ROWS}
            found = await tx.rows(of.replies, values)
            replies = [codec(inbox).from_row(row) for row in found]
            rows = [replace(one, reply=_blanked(one.reply, fields)) for one in replies]
            await tx.update(inbox.rows, [codec(inbox).to_row(one) for one in rows])
            full = len(rows) == ROWS
            after = rows[-1].id if rows else ""

    async def _forget_letters(self, tx: Transaction, of: MarkedEvents, key: str) -> None:
        """Of all services here; for those of other processes see `PeopleElsewhere`."""
        for name, runtime in self._processor.runtimes.items():
            found = await tx.rows(self._letters[name], {"key": key})
            await _blank_letters(tx, runtime, found, of.personal)

    async def _forget_elsewhere(self, tx: Transaction, of: PeopleElsewhere) -> bool:
        if await _blank_letters(tx, of.runtime, await tx.rows(of.letters), of.personal):
            self._traces = True
        return False

    async def _passed(self, tx: Transaction, runtime: ServiceRuntime) -> int:
        """The last number of the log that every subscription has passed and the broker has confirmed."""
        passed = read_by_all(self._processor, runtime)
        if self._processor.shared_mode is not None:
            passed = min(passed, SharedStoreMode.settled_seq(self._processor.clock.now()))
        first = (await tx.rows(runtime.statements.first_in_outbox))[0][0]
        return passed if first is None else min(passed, first - 1)


async def _blank_letters(
    tx: Transaction,
    runtime: ServiceRuntime,
    found: list[tuple[Any, ...]],
    personal: Mapping[str, tuple[str, ...]],
) -> int:
    """How many had something to blank."""
    table, told = runtime.parked, []
    for letter in map(codec(runtime.parked).from_row, found):
        body = _blanked(letter.body, personal[letter.name]) if letter.name in personal else letter.body
        if body != letter.body:
            told.append(replace(letter, body=body))
    await tx.update(table.rows, [codec(table).to_row(one) for one in told])
    return len(told)


def _add(blank: dict[int, EventRow], event: EventRow, fields: tuple[str, ...]) -> None:
    event = blank.get(event.seq, event)
    try:
        blank[event.seq] = event._replace(body=blanked(event.body, fields))
    except msgspec.MsgspecError:  # it is no message, so it holds none of its fields
        LOG.warning("an event %s cannot be read, and nothing in it is blanked", event.id)


def _blanked(body: str, fields: tuple[str, ...]) -> str:
    """What cannot be read may hold anything, and serves nobody."""
    try:
        return blanked(body, fields)
    except msgspec.MsgspecError:
        return "{}"


def read_by_all(processor: Processor, source: ServiceRuntime) -> int:
    """The last number that every subscription in this process has passed."""
    places = [
        runtime.subscriptions[source.name].position
        for runtime in processor.runtimes.values()
        if source.name in runtime.subscriptions
    ]
    return min(places, default=source.seq)
