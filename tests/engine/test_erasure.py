"""Marked fields leave the log: a secret once every subscription has passed it, what is personal once the person is
deleted; never before, and also where the sweep dies.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any, ClassVar

import pytest
import sqlalchemy as sa

from tests.engine.hospital import Clock, bounds
from tests.support.databases import Place
from tests.support.tables import create_all
from tradewind.core import failpoints
from tradewind.core.bus import EventRecord, ListEvents
from tradewind.core.columns import Key
from tradewind.core.model import NOBODY, Aggregate, Context, Effects, Event, Request, Rule, Service, Table, on
from tradewind.core.schema import metadata
from tradewind.core.sensitive import PERSONAL, SECRET, Mark, blanked, marked
from tradewind.core.store import Store
from tradewind.drivers.sqlite.store import SqliteStore
from tradewind.engine import batch_policy, retention
from tradewind.engine.platform import Platform
from tradewind.engine.statements import tables_of
from tradewind.engine.subscriptions import SETTLED_MS
from tradewind.engine.tables import framework_tables
from tradewind.runtime.drafts import laid
from tradewind.runtime.migrations import ServiceSchema
from tradewind.runtime.stores import open_store


class Come(Request, frozen=True, tag="gate.come"):
    keyed_by: ClassVar[str] = "guest"
    guest: str


class Leave(Request, frozen=True, tag="gate.leave"):
    keyed_by: ClassVar[str] = "guest"
    guest: str


class Came(Event, frozen=True, tag="guest.came"):
    keyed_by: ClassVar[str] = "guest"
    guest: str
    pass_word: Annotated[str, SECRET]
    full_name: Annotated[str, PERSONAL]


class Left(Event, frozen=True, tag="guest.left"):
    keyed_by: ClassVar[str] = "guest"
    erases_personal: ClassVar[bool] = True
    personal_in_replies: ClassVar[tuple[str, ...]] = ("fullName",)
    guest: str


class Seat(Aggregate, frozen=True):
    word: str


GATE, HALL = metadata("gate"), metadata("hall")
SEATS = Table(
    Seat,
    sa.Table(
        "seats", HALL, sa.Column("id", Key, primary_key=True), sa.Column("word", sa.Text, nullable=False)
    ),
)
DOORS = Table(
    Seat,
    sa.Table(
        "doors", GATE, sa.Column("id", Key, primary_key=True), sa.Column("word", sa.Text, nullable=False)
    ),
)


def come(ask: Come, context: Context) -> Effects[None]:
    yield Came(ask.guest, "open sesame", "Ali Baba")


def leave(ask: Leave, context: Context) -> Effects[None]:
    yield Left(ask.guest)


def sit(heard: Came, context: Context, seat: Seat | None) -> Effects[None]:
    yield Seat(heard.guest, heard.pass_word)


def rise(heard: Left, context: Context) -> Effects[None]:
    yield Seat(heard.guest, "")


def services(*more: Rule) -> list[Service]:
    """`more`: what the hall hears too."""
    return [
        Service("gate", keeps=[DOORS], says=[Came, Left], does=[on(Come, come), on(Leave, leave)]),
        Service("hall", keeps=[SEATS], says=[], does=[on(Came, sit, SEATS.maybe), *more]),
    ]


class Bus:
    """Keeps what it is given; `confirm` says that the broker has it."""

    up = True

    def __init__(self) -> None:
        self.given: list[tuple[EventRecord, Any]] = []

    def publish(self, event: EventRecord, then: Any) -> bool:
        self.given.append((event, then))
        return True

    def confirm(self) -> None:
        for _, then in self.given:
            then("")
        self.given.clear()


class House:
    def __init__(self, place: Place, bus: Bus | None = None, *more: Rule) -> None:
        self.place, self.bus, self.clock = place, bus, Clock()
        self.store = open_store(place.url, place.data, exclusive=bus is None)
        self.platform = Platform(self.store, services(*more), self.clock, bus=bus)

    async def tell(self, *messages: Request) -> None:
        for message in messages:
            self.platform.submit(message, NOBODY, lambda reply: None)
        await self.settle()

    async def settle(self) -> None:
        processor = self.platform.processor
        while await processor.step() and (processor.busy or not processor.sound):
            pass

    async def confirm(self) -> None:
        """The broker has all; returns once nothing is in the outbox."""
        assert self.bus is not None
        self.bus.confirm()
        outbox = sa.select(framework_tables("gate").outbox.c.id)
        async with asyncio.timeout(60):
            while await self.store.rows(outbox):
                await self.settle()
                await asyncio.sleep(0.01)

    async def sweep(self) -> None:
        while await self.platform._erasure.sweep():
            pass

    @property
    def log(self) -> str:
        return self.place.named("gate", "log")

    async def bodies(self) -> list[str]:
        rows = await self.store.rows(sa.select(framework_tables("gate").log.c.body).order_by("seq"))
        return [str(body) for (body,) in rows]


def furnish(place: Place, store: Store) -> None:
    if isinstance(store, SqliteStore):
        create_all(store, GATE, HALL)
        return

    def make(connection: sa.Connection) -> None:
        with connection.begin():
            for tables in (GATE, HALL):
                if place.kind == "postgres":
                    connection.exec_driver_sql(f"CREATE SCHEMA {tables.schema}")
                laid(ServiceSchema(tables, Path()), connection.dialect.name).create_all(connection)

    place.database.work(make)


async def opened(place: Place, bus: Bus | None = None, *more: Rule) -> AsyncIterator[House]:
    made = House(place, bus, *more)
    if place.url:
        furnish(place, made.store)
    await made.store.open()
    if not place.url:
        furnish(place, made.store)
    yield made
    await made.store.close()


@pytest.fixture
async def house(place: Place) -> AsyncIterator[House]:
    """Both services on a store that this process has to itself."""
    async for made in opened(place):
        yield made


@pytest.fixture
async def shared(postgres: Place) -> AsyncIterator[House]:
    """A store that others write to as well; events leave by a bus."""
    async for made in opened(postgres, Bus()):
        yield made


async def test_a_secret_goes_and_everything_else_stays(house: House) -> None:
    await house.tell(Come("ali"), Come("bea"))
    before = [json.loads(body) for body in await house.bodies()]
    assert [told["passWord"] for told in before] == ["open sesame"] * 2
    await house.sweep()
    assert [json.loads(body) for body in await house.bodies()] == [
        {**told, "passWord": ""} for told in before
    ]
    assert await house.store.get(SEATS, "ali") == Seat("ali", "open sesame")


async def test_what_is_personal_goes_with_the_person_alone(house: House) -> None:
    await house.tell(Come("ali"), Come("ali"), Come("bea"))
    await house.sweep()
    with bounds(retention, ROWS=1):
        await house.tell(Leave("ali"))
        await house.sweep()
    told = [json.loads(body) for body in await house.bodies()]
    assert [(one["guest"], one.get("fullName")) for one in told] == [
        ("ali", ""),
        ("ali", ""),
        ("bea", "Ali Baba"),
        ("ali", None),
    ]


async def test_kept_replies_and_dead_letters_go_with_the_person_too(house: House) -> None:
    """Also one that cannot be read; those of others stay."""
    gate, hall = tables_of("gate"), tables_of("hall")
    replies = {
        "1": '{"id":"ali","fullName":"Ali Baba","n":1}',
        "2": '{"id":"ali", Ali Baba',
        "3": '{"id":"ali2","fullName":"Ali Baba"}',
        "4": '{"id":"bea","fullName":"Ali Baba"}',
    }
    came = '{"type":"guest.came","guest":"ali","passWord":"x","fullName":"Ali Baba"}'
    letters = [("5", "ali", came), ("6", "ali", "Ali Baba"), ("7", "bea", came)]
    tx = await house.store.begin()
    await tx.insert(gate.inbox.rows, [(id, "", 0, reply, 1) for id, reply in replies.items()])
    for id, key, body in letters:
        row = (id, "DEAD", "event", "guest.came", key, body, 1, "", "", 1, 1, 1)
        await tx.insert(hall.parked.rows, [row])
    await tx.commit()
    with bounds(retention, ROWS=1):
        await house.tell(Leave("ali"))
        await house.sweep()
    kept = dict(await house.store.rows(sa.select(gate.inbox.rows.c.id, gate.inbox.rows.c.reply)))
    assert kept == replies | {"1": '{"id":"ali","fullName":"","n":1}', "2": "{}"}
    assert dict(await house.store.rows(sa.select(hall.parked.rows.c.id, hall.parked.rows.c.body))) == {
        "5": came.replace("Ali Baba", ""),
        "6": "{}",
        "7": came,
    }


async def test_letters_go_too_where_another_process_deletes_the_person(place: Place) -> None:
    """It has told so by an event, which waits behind the letters of its key; no log here has it."""
    came = '{"type":"guest.came","guest":"ali","passWord":"x","fullName":"Ali Baba"}'
    left = '{"type":"guest.left","guest":"ali"}'
    letters = [
        ("1", "DEAD", "guest.came", "ali", came),
        ("2", "WAITING", "guest.came", "ali", "Ali Baba"),
        ("3", "WAITING", "guest.left", "ali", left),
        ("4", "DEAD", "guest.came", "bea", came),
    ]
    async for house in opened(place, None, on(Left, rise)):
        hall = tables_of("hall")
        tx = await house.store.begin()
        for id, status, name, key, body in letters:
            row = (id, status, "event", name, key, body, 1, "", "", 1, 1, 1)
            await tx.insert(hall.parked.rows, [row])
        await tx.commit()
        await house.tell()
        await house.sweep()
        rows = hall.parked.rows.c
        assert dict(await house.store.rows(sa.select(rows.id, rows.body))) == {
            "1": came.replace("Ali Baba", ""),
            "2": "{}",
            "3": left,
            "4": came,
        }


async def test_nothing_goes_that_somebody_has_still_to_read(house: House) -> None:
    with bounds(batch_policy, RUSH=1, SLICE=2):
        for _ in range(4):
            house.platform.submit(Come("ali"), NOBODY, lambda reply: None)
        await house.platform.processor.step()
        assert house.platform.runtimes["hall"].subscriptions["gate"].behind
        await house.sweep()
        passed = house.platform.runtimes["hall"].subscriptions["gate"].position
        words = [json.loads(body)["passWord"] for body in await house.bodies()]
        assert words == [""] * passed + ["open sesame"] * (4 - passed)
        assert passed < 4
    await house.settle()
    await house.sweep()
    assert not any("sesame" in body for body in await house.bodies())


async def test_a_sweep_that_dies_is_done_again(house: House) -> None:
    await house.tell(Come("ali"), Come("bea"), Come("cid"))
    failpoints.arm("retention.blanked:2:error")
    with bounds(retention, ROWS=1):
        assert await house.platform._erasure.sweep()
        assert not await house.platform._erasure.sweep()
        assert ["sesame" in body for body in await house.bodies()] == [False, True, True]
        await house.settle()
        await house.sweep()
    assert not any("sesame" in body for body in await house.bodies())


async def test_a_restart_goes_on_where_the_last_run_ended(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.tell(Come("ali"))
    await house.sweep()
    house.platform = Platform(house.store, services(), house.clock)
    await house.tell(Come("bea"))
    seen: list[str] = []

    def watched(body: str, fields: tuple[str, ...]) -> str:
        seen.append(body)
        return blanked(body, fields)

    monkeypatch.setattr(retention, "blanked", watched)
    await house.sweep()
    assert len(seen) == 1 and "bea" in seen[0]


async def test_what_no_service_publishes_is_left_alone(house: House) -> None:
    await house.tell(Come("ali"))
    house.place.outside(f"UPDATE {house.log} SET body = 'no JSON'")
    await house.sweep()
    assert await house.bodies() == ["no JSON"]


async def test_the_timeline_shows_no_secret(house: House) -> None:
    await house.tell(Come("ali"))
    ((service, row),) = await house.platform.ask(ListEvents("ali"))
    assert (service, json.loads(row.body)) == (
        "gate",
        {"type": "guest.came", "guest": "ali", "fullName": "Ali Baba"},
    )


@pytest.mark.postgres
async def test_where_the_store_is_shared_the_broker_must_have_it_and_no_batch_may_be_open(
    shared: House,
) -> None:
    assert shared.bus is not None
    await shared.tell(Come("ali"))
    shared.clock.at += SETTLED_MS + 1
    await shared.settle()
    await shared.sweep()
    assert "sesame" in (await shared.bodies())[0]  # it is in the outbox
    await shared.confirm()
    await shared.tell(Come("bea"))
    await shared.sweep()
    assert ["sesame" in body for body in await shared.bodies()] == [False, True]
    await shared.confirm()
    await shared.settle()
    await shared.sweep()
    assert "sesame" in (await shared.bodies())[1]  # another copy may commit a lower number
    shared.clock.at += SETTLED_MS + 1
    await shared.settle()
    await shared.sweep()
    assert not any("sesame" in body for body in await shared.bodies())


@pytest.mark.postgres
async def test_two_copies_do_not_blank_the_same(shared: House) -> None:
    await shared.tell(Come("ali"))
    await shared.sweep()
    other = open_store(shared.place.url, shared.place.data, exclusive=False)
    await other.open()
    tx = await other.begin()
    assert await tx.rows(shared.platform.runtimes["gate"].statements.blanking_turn)
    assert not await shared.platform._erasure.sweep()
    await tx.rollback()
    await other.close()


def test_only_a_text_can_be_marked() -> None:
    class Wrong(Event, frozen=True):
        amount: Annotated[int, SECRET]

    assert marked(Came, Mark.SECRET) == ("passWord",)
    with pytest.raises(TypeError, match="must be a text"):
        marked(Wrong, Mark.SECRET)
