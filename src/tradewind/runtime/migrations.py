"""Brings a database to the shape that this version of the code needs, service by service and step by step.

The steps of the engine, which make the tables for messages, timers and activities, come before those of the
service itself, in the same schema. A step and the note that it was taken are one transaction: a process that
is killed leaves whole steps behind, and of two processes that start at once one waits for the other. Alembic
is imported only where there is something to do. The published tables of the APIs come after the steps.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa

from ..core.published import PublishedTable
from ..core.store import StoreUnusable
from . import published
from .databases import BEFORE_COMMIT, NONE, Database, database, note_of

LOG = logging.getLogger("tradewind.schema")
FORM = re.compile(r"\d{4}_[a-z0-9_]+")
ENGINE = "engine_"
"""How the names of the engine's steps begin."""
ENGINE_FOLDER = Path(__file__).parent.parent / "engine" / "migrations"
CHANGES = ("CREATE", "ALTER", "DROP", "INSERT", "UPDATE", "DELETE")
"""How the statements begin that change a database."""
RETIRED = "0002_outbox"
"""A step of every service in version 0.1, whose table the engine makes now: its number is not used again."""


class ServiceSchema(msgspec.Struct, frozen=True):
    """A service's own tables as the code wants them, the folder of the steps that lead there, and what APIs
    publish of them.
    """

    md: sa.MetaData
    folder: Path
    publishes: tuple[PublishedTable, ...] = ()

    @property
    def name(self) -> str:
        return str(self.md.schema or "")  # SQLAlchemy has a kind of text of its own

    @property
    def steps(self) -> list[str]:
        """Those of the engine, then the service's own."""
        return [*(ENGINE + step for step in listed(ENGINE_FOLDER)), *listed(self.folder)]

    def script(self, step: str) -> tuple[Path, str]:
        """The folder and the file of a step."""
        if step.startswith(ENGINE):
            return ENGINE_FOLDER, step.removeprefix(ENGINE)
        return self.folder, step


class State(msgspec.Struct, frozen=True):
    """How far the schema of a service is. `unknown` steps were taken by a newer version. `published` are the
    views, indexes and columns of APIs that are there, `unpublished` those that are to be made or dropped.
    """

    service: str
    taken: list[str]
    pending: list[str]
    unknown: list[str]
    published: list[str] = []
    unpublished: list[str] = []


def status(
    url: str, data: Path, slices: Sequence[ServiceSchema], schemas: Mapping[str, str] = NONE
) -> list[State]:
    """Says how far the schema of each service is, and changes nothing. Errors: StoreUnusable."""
    return _states(database(url, data, schemas), slices)


def up(url: str, data: Path, slices: Sequence[ServiceSchema], schemas: Mapping[str, str] = NONE) -> list[str]:
    """Takes all pending steps and publishes; what it did, as `orders 0001_first`. Errors: StoreUnusable, also
    when a newer version was here.
    """
    place = database(url, data, schemas)
    return _take(place, _missing(place, slices))


def sql(
    url: str, data: Path, slices: Sequence[ServiceSchema], schemas: Mapping[str, str] = NONE
) -> list[str]:
    """The statements of `up`. They are run and undone, as a step may look at what the one before has made;
    on MySQL, which cannot undo them, they are not run. Errors: StoreUnusable.
    """
    place, said = database(url, data, schemas), []
    work = _missing(place, slices)
    if place.planned:
        return place.work(lambda connection: [line for one in work for line in one.plan(place, connection)])

    def note(_connection: Any, _cursor: Any, text: str, *_: Any) -> None:
        if text.split(None, 1)[0].upper() in CHANGES:
            said.append(text.strip())

    def run(connection: sa.Connection) -> None:
        sa.event.listen(connection, "before_cursor_execute", note)
        with connection.begin() as transaction:
            for one in work:
                one.do(place, connection)
            transaction.rollback()

    if work:
        place.work(run)
    return said


def down(url: str, data: Path, kept: ServiceSchema, to: int, schemas: Mapping[str, str] = NONE) -> list[str]:
    """Undoes the steps of one service, newest first, down to number `to`; 0 undoes the engine's too; which
    ones. Errors: StoreUnusable.
    """
    place = database(url, data, schemas)
    states = _states(place, [kept])
    _refuse_newer(place, states)
    undone = [_Step(kept, step, False) for step in reversed(states[0].taken) if not to or _number(step) > to]
    return _take(place, [_Publish(kept, False, alone=True), *undone] if undone else [])


def revert(
    url: str, data: Path, slices: Sequence[ServiceSchema], schemas: Mapping[str, str] = NONE
) -> list[str]:
    """Undoes the last step of each service; which ones. Errors: StoreUnusable, also while anything runs on
    the database.
    """
    place = database(url, data, schemas)
    states = _states(place, slices)
    _refuse_newer(place, states)
    work: list[_Work] = []
    for s, state in zip(slices, states, strict=True):
        if state.taken:
            work += [_Publish(s, False, alone=True), _Step(s, state.taken[-1], False)]
    return _take(place, work)


def schema_state(
    url: str,
    slices: Sequence[ServiceSchema],
    schemas: Mapping[str, str] = NONE,
    *,
    data: Path = Path(),
    command: str = "tradewind migrate run",
) -> str:
    """Why a process of these services cannot start on this database, and the way out, in one line; empty when
    it can.

    `command` takes the steps. Errors: StoreUnusable, when the database cannot be asked.
    """
    place = database(url, data, schemas)
    for state in _states(place, slices):
        namespace = f"{place.where}: {place.namespace(state.service)}"
        if state.unknown:
            return (
                f"{namespace} is from a newer version of Tradewind, whose steps {', '.join(state.unknown)} "
                f"are not known to this one: "
                "start that version, or undo them with it (`tradewind migrate revert`)"
            )
        if state.pending:
            lacks = "is only half migrated" if state.taken else "is not migrated"
            return (
                f"{namespace} {lacks} (missing: {', '.join(state.pending)}): run `{command} --service "
                f"{state.service}`"
            )
    return ""


def _number(step: str) -> int:
    return 0 if step.startswith(ENGINE) else int(step[:4])


def listed(folder: Path) -> list[str]:
    """The steps of a folder, in order. Errors: ValueError when a number is missing or there twice."""
    names = sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")
    numbers = [name[:4] for name in names if FORM.fullmatch(name)]
    if len(numbers) > 1 and numbers[1] == "0003":
        numbers.insert(1, RETIRED[:4])
    if len(numbers) < len(names) or numbers != [f"{number:04}" for number in range(1, len(numbers) + 1)]:
        raise ValueError(
            f"{folder}: steps are 0001_name.py, 0002_name.py and so on without a gap, not {names}"
        )
    return names


def _missing(place: Database, slices: Sequence[ServiceSchema]) -> list[_Work]:
    states = _states(place, slices)
    _refuse_newer(place, states)
    work: list[_Work] = []
    for s, state in zip(slices, states, strict=True):
        if state.pending and (state.published or state.unpublished):
            work.append(_Publish(s, False))
        work += [_Step(s, step, True) for step in state.pending]
        if state.unpublished or (state.pending and state.published):
            work.append(_Publish(s, True))
    return work


def _states(place: Database, slices: Sequence[ServiceSchema]) -> list[State]:
    taken = place.taken([s.name for s in slices])
    return [_state(s, taken.get(s.name, []), place) for s in slices]


def _state(kept: ServiceSchema, notes: list[str], place: Database) -> State:
    known = kept.steps
    taken = [note for note in notes if not note.startswith(published.MARK)]
    unknown = [step for step in taken if step not in known and step != RETIRED]
    found = published.difference(kept.publishes, notes, place)
    return State(
        kept.name,
        [*(step for step in known if step in taken), *unknown],
        [step for step in known if step not in taken],
        unknown,
        [str(part) for part in found.kept],
        [str(part) for part in dict.fromkeys((*found.missing, *found.stale))],
    )


def _refuse_newer(place: Database, states: Sequence[State]) -> None:
    for state in states:
        if state.unknown:
            raise StoreUnusable(
                f"{place.where} is from a newer version of Tradewind (step {state.service} "
                f"{state.unknown[0]} unknown): "
                "run that version, or restore a backup"
            )


class _Step(msgspec.Struct, frozen=True):
    """A step to take, or to undo."""

    kept: ServiceSchema
    step: str
    upwards: bool

    def do(self, place: Database, connection: sa.Connection) -> list[str]:
        return [f"{self.kept.name} {self.step}"] if self._done(place, connection) else []

    def _done(self, place: Database, connection: sa.Connection) -> bool:
        """False: another process has taken it meanwhile."""
        kept, step = self.kept, self.step
        with _turn(place, connection, kept, f"step {kept.name} {step}") as (note, notes):
            if (step in notes) is self.upwards:
                return False
            place.unused(connection, at_all=not self.upwards)
            statements = self.plan(place, connection)
            place.change(connection, kept.name, statements, first=() if self.upwards else self._noted(note))
            BEFORE_COMMIT()
        return True

    def plan(self, place: Database, connection: sa.Connection) -> list[str]:
        """What is left to be run of it: all of it on a database with plans, else only the note."""
        from ..engine import steps

        planned: list[str] = []
        script = steps.read(*self.kept.script(self.step))
        act: Callable[[steps.Steps], None] = script.up if self.upwards else script.down
        act(steps.Steps(connection, self.kept.name, place, planned=planned if place.planned else None))
        return [*planned, *(self._noted(note_of(place, self.kept.name)) if self.upwards else ())]

    def _noted(self, note: str) -> list[str]:
        if self.upwards:
            return [f"INSERT INTO {note} (step) VALUES ('{self.step}')"]
        return [f"DELETE FROM {note} WHERE step = '{self.step}'"]


class _Publish(msgspec.Struct, frozen=True):
    """What is published of a service, as it is wanted or, while its steps are taken, not at all. `alone`: as
    long as nothing runs on the database.
    """

    kept: ServiceSchema
    wanted: bool
    alone: bool = False

    def do(self, place: Database, connection: sa.Connection) -> list[str]:
        kept = self.kept
        with _turn(place, connection, kept, f"publishing tables of {kept.name}") as (_, notes):
            found = self._difference(notes, place)
            if not found.stale and not found.missing:
                return []
            place.unused(connection, at_all=self.alone)
            left = published.taken(connection, place, kept.name, found)
            made = [part for part in found.missing if part not in left]
            place.change(connection, kept.name, published.changes(place, kept.name, found.stale, made))
            BEFORE_COMMIT()
        for part in left:
            LOG.warning("%s: %s is not made, as a table of another system has that name", kept.name, part)
        again = {str(part) for part in found.missing}
        return [
            *(f"{kept.name} -{part}" for part in found.stale if self.wanted and str(part) not in again),
            *(f"{kept.name} +{part}" for part in found.missing if part not in left),
        ]

    def _difference(self, notes: Sequence[str], place: Database) -> published.Difference:
        return published.difference(self.kept.publishes if self.wanted else (), notes, place)

    def plan(self, place: Database, connection: sa.Connection) -> list[str]:
        """As that of a step."""
        found = self._difference(place.taken([self.kept.name]).get(self.kept.name, []), place)
        return published.changes(place, self.kept.name, found.stale, found.missing)


_Work = _Step | _Publish


def _take(place: Database, work: Sequence[_Work]) -> list[str]:
    return (
        place.work(lambda connection: [line for one in work for line in one.do(place, connection)])
        if work
        else []
    )


@contextmanager
def _turn(
    place: Database, connection: sa.Connection, kept: ServiceSchema, what: str
) -> Iterator[tuple[str, list[str]]]:
    """A transaction in which no other process changes the schema; the table of the notes, and the notes."""
    note = note_of(place, kept.name)
    try:
        with connection.begin_nested() if connection.in_transaction() else connection.begin():
            place.alone(connection)
            place.lay(connection, kept.name)
            notes = [row[0] for row in connection.exec_driver_sql(f"SELECT step FROM {note} ORDER BY step")]
            _refuse_newer(place, [_state(kept, notes, place)])
            yield note, notes
    except sa.exc.SQLAlchemyError as error:
        why = str(getattr(error, "orig", None) or error).splitlines()[0]
        left = "the next run goes on there" if place.planned else "nothing of it was kept"
        raise StoreUnusable(f"{place.where}: {what} failed, and {left}: {why}") from error
