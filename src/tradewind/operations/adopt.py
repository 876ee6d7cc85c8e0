"""Copies the rows of a published system into our tables in the same database, so that a team can change over
one service at a time.

Its tables are only read. A row that is here already stays as it is, so the command may run again, and a last
time when nothing writes there any more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa

from ..contracts.adopted import Values
from ..core.adopting import Adoption, Source, Unfit
from ..core.schema import codec
from ..core.store import StoreUnusable
from ..engine.tables import framework_tables
from ..runtime import migrations, schema
from ..runtime.databases import Database, database
from ..runtime.registry import adoptions, sources
from ..runtime.stores import on_server
from .foreign_tables import TABLE, words

T = TypeVar("T")
BATCH = 2_000
encode = msgspec.json.Encoder().encode
Progress = Callable[[str, int, int], None]


class Left(msgspec.Struct, frozen=True):
    """A row that was not taken over."""

    id: str
    why: str


class Adopted(msgspec.Struct):
    """What came of one published table. `found` is False where it is not there; `waiting` rows were not ours
    before; `kept` is its name from now on, where a view of ours takes its own.
    """

    service: str
    table: str
    found: bool = True
    waiting: int = 0
    adopted: int = 0
    left: list[Left] = []
    kept: str = ""


def adopt(
    url: str,
    services: Sequence[str],
    schemas: Mapping[str, str],
    values: Values,
    *,
    apis: Iterable[str],
    zone: str = "",
    dry_run: bool = False,
    progress: Progress = lambda table, done, of: None,
) -> list[Adopted]:
    """Takes over what is not here yet, each batch in one transaction: the tables that these APIs have
    published. `zone` is that of their times which have none; empty: UTC. `dry_run` reads, and writes
    nothing. Errors: StoreUnusable.
    """
    found = [one for one in sources(apis) if one.service in services]

    def work(place: Database, connection: sa.Connection) -> list[Adopted]:
        into = adoptions(services)
        in_zone(place, connection, zone, any([one.local_times for one in found]))
        return [_Move(place, connection, s, into[s.record], values, progress).run(dry_run) for s in found]

    stopped = "stopped, and every batch that was taken is kept; run it again"
    return beside_published(url, services, schemas, work, stopped)


def in_zone(place: Database, connection: sa.Connection, zone: str, asked: bool) -> None:
    """Times without a zone are of this one. `asked`: there are such tables. Errors: StoreUnusable."""
    if zone and not asked:
        raise StoreUnusable("leave --zone out: no table here has times without a zone")
    if asked:
        with connection.begin():
            words(place.sql, connection).zone(zone or "UTC")


def beside_published(
    url: str,
    services: Sequence[str],
    schemas: Mapping[str, str],
    work: Callable[[Database, sa.Connection], T],
    stopped: str,
) -> T:
    """What `work` gives, on the database where the tables of a published system lie beside ours. `stopped`
    says what became of the work where the database fails. Errors: StoreUnusable.
    """
    if not on_server(url):
        raise StoreUnusable(
            "the tables of a published system lie in PostgreSQL or MySQL: name their database as the "
            "blueprint has it, or in TRADEWIND_DATABASE_URL"
        )
    if behind := migrations.schema_state(url, schema.schemas(services), schemas):
        raise StoreUnusable(behind)
    place = database(url, Path(), schemas)
    try:
        return place.work(partial(work, place))
    except sa.exc.SQLAlchemyError as error:
        why = str(getattr(error, "orig", None) or error).splitlines()[0].rpartition("Error'>: ")[2]
        raise StoreUnusable(f"{place.where}: {stopped}: {why}") from error


class _Move:
    """One table on its way."""

    def __init__(
        self,
        place: Database,
        connection: sa.Connection,
        source: Source,
        into: Adoption,
        values: Values,
        progress: Progress,
    ) -> None:
        self.place, self.connection, self.source, self.into = place, connection, source, into
        self.values, self.progress = values, progress
        self.words = words(place.sql, connection)
        self.own = place.namespace(source.service)
        self.there = place.sql.view_name(source.table, source.schema, source.service)
        self.key = f"there.{place.sql.quoted(source.key)}"
        self.ours = place.sql.name(into.tables[0].rows)
        self.done = Adopted(source.service, self.there)

    def run(self, dry_run: bool) -> Adopted:
        with self.connection.begin():
            if not self._found():
                self.done.found = False
                return self.done
            ((self.done.waiting,),) = self.words.ask(f"SELECT count(DISTINCT {self.key}) {self._new}")
        after = ""
        self._pass_all(dry_run)  # first, as a start after a kill must not give a number twice
        while True:
            with self.connection.begin():
                if not dry_run:
                    self.place.alone(self.connection)
                    self.place.unused(self.connection, at_all=self.source.numbered)
                rows = self._next(after)
                made = self._made(rows)
                if not dry_run:
                    self._write(made)
            if not rows:
                break
            after = rows[-1][0]
            self.progress(self.there, self.done.adopted + len(self.done.left), self.done.waiting)
        self._pass_all(dry_run)
        if self.source.kept and not dry_run and self.there == self._name(self.source.table):
            with self.connection.begin():
                self.words.rename(self.there, self.source.kept)
            self.done.kept = self._name(self.source.kept)
        return self.done

    def _pass_all(self, dry_run: bool) -> None:
        """The next number is above every key there, also above those of the rows that are left."""
        if dry_run or not self.source.numbered:
            return
        with self.connection.begin():
            self.place.unused(self.connection, at_all=True)
            ((largest,),) = self.words.ask(f"SELECT max({self.key}) FROM {self.there} there")
            if largest is not None:
                counters = framework_tables(self.source.service).counters
                self.words.raised(counters, self.into.series, int(largest))

    @property
    def _new(self) -> str:
        """What is not here yet. Where a number is kept, one that is ours by itself is no copy."""
        here = f"here.number = {self.key} AND here.adopted_at IS NOT NULL"
        if not self.source.numbered:
            here = f"here.id = {self.words.text(self.key)}"
        return f"FROM {self.there} there WHERE NOT EXISTS (SELECT 1 FROM {self.ours} here WHERE {here})"

    def _name(self, table: str) -> str:
        return self.place.sql.view_name(table, self.source.schema, self.source.service)

    def _found(self) -> bool:
        """Is it there, a table, and the published one? A view of that name is ours. Errors: StoreUnusable."""
        names = [self._name(name) for name in (self.source.table, self.source.kept) if name]
        found = next((name for name in names if self.words.kind(name) == TABLE), "")
        if not found:
            return False
        self.there = self.done.table = found
        if lacks := sorted(set(self.source.columns) - set(self.words.types(found))):
            raise StoreUnusable(f"{found} is not the published table: it has no column {', '.join(lacks)}")
        return True

    def _next(self, after: str) -> list[tuple[Any, ...]]:
        source = self.source
        since = f"AND {self.words.later(self.key, after, source.key_type)}" if after else ""
        return self.words.ask(
            f"{source.select.format(schema=self.own)} {self._new} {since} {source.group} ORDER BY "
            f"{self.key} LIMIT {BATCH}"
        )

    def _made(self, rows: Sequence[tuple[Any, ...]]) -> dict[sa.Table, list[tuple[Any, ...]]]:
        made: dict[sa.Table, list[tuple[Any, ...]]] = {}
        tables = {table.kind: table for table in self.into.tables}
        taken = self._taken(rows) if self.source.numbered and rows else frozenset()
        for row in rows:
            try:
                if row[0] in taken:
                    raise Unfit("an order of ours has this number")
                record, claim = self.source.make(self.values, *row)
                parts, answer = self.into.make(record, self.values.now)
            except (Unfit, ValueError) as error:
                self.done.left.append(Left(row[0], str(error)))
                continue
            self.done.adopted += 1
            for part in parts:
                table = tables[type(part)]
                made.setdefault(table.rows, []).append(codec(table).to_row(part))
            if claim is not None:
                inbox = framework_tables(self.source.service).inbox
                reply = encode(answer).decode()
                made.setdefault(inbox, []).append((claim.id, claim.fingerprint, 0, reply, self.values.now))
        return made

    def _taken(self, rows: Sequence[tuple[Any, ...]]) -> frozenset[str]:
        """The keys that are numbers of what was made here."""
        among = ", ".join([str(int(row[0])) for row in rows])
        found = self.words.ask(f"SELECT number FROM {self.ours} WHERE number IN ({among})")
        return frozenset([str(number) for (number,) in found])

    def _write(self, made: Mapping[sa.Table, Sequence[tuple[Any, ...]]]) -> None:
        for table, rows in made.items():
            if self.into.series and table is self.into.tables[0].rows:
                rows = self._numbered(rows)
            # a key that was used here first keeps its reply
            self.words.add(table, rows)

    def _numbered(self, rows: Sequence[tuple[Any, ...]]) -> Sequence[tuple[Any, ...]]:
        counters, series = framework_tables(self.source.service).counters, self.into.series
        place = list(self.into.tables[0].rows.columns.keys()).index("number")
        if self.source.numbered:
            return rows
        last = self.words.reserve(counters, series, len(rows))
        return [
            (*row[:place], number, *row[place + 1 :]) for number, row in enumerate(rows, last - len(rows) + 1)
        ]
