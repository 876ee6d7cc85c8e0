"""Orders and invoices of an amount: one unnamed line, an invoice for each order, numbers without a gap. Through
the Gateway, and where invoices knows nothing but an event, which others may write too.
"""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.policies.shop import ADMIN, Shop, opened
from tests.policies.test_customers import customers
from tests.support.databases import Place
from tradewind.contracts.invoices import InvoiceView, ListInvoices
from tradewind.contracts.orders import Item, Line, ListOrders, OrderCreated, PlaceOrder
from tradewind.contracts.policies import Policies
from tradewind.contracts.values import Money
from tradewind.core.bus import EventRecord
from tradewind.core.clock import SystemClock
from tradewind.core.dead_letters import DeadLetter, ListDeadLetters
from tradewind.core.model import Caller
from tradewind.core.store import Store as StorePort
from tradewind.core.store import StoreUnavailable
from tradewind.drivers.postgres.shared import SharedStore
from tradewind.drivers.sqlite.store import SqliteStore, SqliteTransaction
from tradewind.engine.inbox import encode
from tradewind.engine.platform import Platform
from tradewind.operations.audit import check
from tradewind.operations.audit.wiring import Wiring
from tradewind.operations.shared_store import Nobody
from tradewind.runtime import migrations
from tradewind.runtime.schema import schemas
from tradewind.services.invoices.service import invoices

AMOUNTS = Policies(
    pricing="client",
    payment="none",
    invoice="created",
    invoice_number="{number}",
    invoice_reset="never",
    customers="made-when-named",
    products="any",
    access="open",
    ids="v4",
)
STRANGER = Caller("1651654165", "customer")
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=255)


def amount(minor: int) -> PlaceOrder:
    return PlaceOrder((Item(1, price=Money(minor, "EUR")),))


async def test_an_order_of_an_amount_has_one_unnamed_line_and_an_invoice(tmp_path: Path) -> None:
    async with opened(tmp_path, AMOUNTS) as shop:
        placed = await asyncio.gather(*(shop.done(amount(n), STRANGER) for n in range(1, 31)))
        await shop.rest()
        orders = {order.id: order for order in (await shop.gateway.ask(ListOrders(limit=100), ADMIN)).data}
        for n, order in enumerate(placed, 1):
            price = Money(n, "EUR")
            found = orders[order["id"]]
            assert (found.items, found.total) == ((Line("", "", "", 1, price, price),), price)
            assert (found.status, found.expires_at[:4], found.customer_id) == ("PENDING", "1970", STRANGER.id)
            assert uuid.UUID(found.id).version == 4
        made = await papers(shop)
        assert {one.order_id: (one.total, one.customer_id, one.status) for one in made} == {
            order.id: (order.total, STRANGER.id, "ISSUED") for order in orders.values()
        }
        assert sorted(int(one.number or 0) for one in made) == list(range(1, 31))
        assert (await customers(shop)).keys() == {STRANGER.id}
        assert await shop.audit() == {}


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        ("DELETE FROM invoices_invoices", "invoices: none"),
        ("UPDATE invoices_invoices SET total = 1", "invoices: 1 EUR"),
    ],
)
async def test_the_audit_misses_the_invoice_of_an_order_that_nobody_pays(
    tmp_path: Path, spoil: str, why: str
) -> None:
    async with opened(tmp_path, AMOUNTS) as shop:
        placed = await shop.done(amount(5_000), STRANGER)
        assert await shop.audit() == {}
        shop.spoil(spoil)
        assert (await shop.audit())["accepted is kept"] == f"{placed['id']}: {why}"


async def papers(shop: Shop) -> list[InvoiceView]:
    found: list[InvoiceView] = (
        await shop.gateway.ask(ListInvoices(limit=100, with_customer=True), ADMIN)
    ).data
    return found


async def test_the_largest_amount_of_an_integer_column(tmp_path: Path) -> None:
    async with opened(tmp_path, AMOUNTS) as shop:
        placed = await shop.done(amount(2_147_483_647), STRANGER)
        assert placed["total"] == {"amount": 2_147_483_647, "currency": "EUR"}


class Store(SqliteStore):
    """The next batches fail in these ways, where a number was given already."""

    fails: list[Exception]

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.fails = []

    async def begin(self) -> SqliteTransaction:
        made = await super().begin()
        commit = made.commit

        async def fail() -> None:
            if self.fails:
                raise self.fails.pop()
            await commit()

        made.commit = fail  # type: ignore[method-assign]
        return made


class Alone:
    """The service invoices, alone in a process: all it knows of an order is the event."""

    def __init__(self, store: StorePort) -> None:
        self.store, self.clock = store, SystemClock()
        self.platform = Platform(store, [invoices(policies=AMOUNTS)], self.clock, bus=Nobody(), delays_ms=[])

    async def hear(self, *events: OrderCreated, foreign: bool = True) -> list[str]:
        """Each as a message of its own, settled: why it was refused, or "". A foreign one has no id."""
        left: list[asyncio.Future[str]] = [asyncio.get_running_loop().create_future() for _ in events]
        for event, settled in zip(events, left, strict=True):
            event_id, body = ("", "") if foreign else (self.clock.uuid(), encode(event).decode())
            said = EventRecord("", event_id, "order.created", event.order_id, body, "", 0, 0)
            self.platform.receive(
                replace(said, decoded=event if foreign else None), "invoices", settled.set_result
            )
        async with asyncio.timeout(20):
            return await asyncio.gather(*left)

    async def papers(self) -> list[InvoiceView]:
        found = (await self.platform.ask(ListInvoices(limit=100, with_customer=True), ADMIN)).data
        return sorted(found, key=lambda paper: int(paper.number or 0))

    async def letters(self) -> list[DeadLetter]:
        found: list[DeadLetter] = (await self.platform.ask(ListDeadLetters(100))).data
        return found


@asynccontextmanager
async def alone(data: Path) -> AsyncIterator[Alone]:
    migrations.up("", data, schemas(["invoices"]))
    made = Alone(Store(data / "tradewind.db"))
    await made.platform.start()
    try:
        yield made
    finally:
        await made.platform.stop()


def created(order: str, minor: int = 5_000, customer: str = "ada") -> OrderCreated:
    total = Money(minor, "EUR")
    return OrderCreated(order, customer, (Line("", "", "", 1, total, total),), total, 0)


async def test_alone_it_keeps_a_replica_of_customer_and_amount(tmp_path: Path) -> None:
    async with alone(tmp_path) as shop:
        await shop.hear(created("101", 5_000, "1651654165"))
        (paper,) = await shop.papers()
        assert (paper.order_id, paper.customer_id, paper.total) == ("101", "1651654165", Money(5_000, "EUR"))
        assert (paper.number, paper.status) == ("1", "ISSUED")
        (found,) = (await shop.platform.ask(ListInvoices("101", with_customer=True), ADMIN)).data
        assert found == paper


@pytest.mark.parametrize("foreign", [True, False])
async def test_the_same_order_again_is_nothing_and_another_amount_a_conflict(
    tmp_path: Path, foreign: bool
) -> None:
    """A foreign event is refused, and its channel makes a dead letter of it; one of ours is one here."""
    async with alone(tmp_path) as shop:
        first = [created("one"), created("one"), created("one", 5_001), created("two")]
        refused = await shop.hear(*first, foreign=foreign)
        again = [created("one"), created("one", customer="bob"), created("one", 5_001), created("three")]
        refused += await shop.hear(*again, foreign=foreign)
        c = "conflict" if foreign else ""
        assert refused == ["", "", c, "", "", c, c, ""]
        assert [(paper.order_id, paper.number, paper.total.amount) for paper in await shop.papers()] == [
            ("one", "1", 5_000),
            ("two", "2", 5_000),
            ("three", "3", 5_000),
        ]
        letters = await shop.letters()
        assert [(letter.status, letter.key, letter.reason.partition(":")[0]) for letter in letters] == (
            [] if foreign else [("DEAD", "", "conflict")] * 3
        )
        assert all('"orderId":"one"' in letter.body for letter in letters)


async def test_the_audit_of_invoices_alone_checks_its_numbers_and_misses_no_order(tmp_path: Path) -> None:
    wiring = Wiring(frozenset({"invoices"}), AMOUNTS, apart=True)
    async with alone(tmp_path) as shop:
        await shop.hear(*[created(f"order-{n}", n) for n in range(1, 20)])
        found = {one.name: one for one in await check(shop.store, [], shop.clock.now() + 1, wiring)}
        assert [one.name for one in found.values() if not one.ok] == []
        assert found["invoice numbers and hash chain"].checked == 19
        assert {one.name for one in found.values() if one.wired} == {
            "nothing stuck",
            "invoice numbers and hash chain",
            "dead letters",
        }


EVENTS = st.lists(
    st.one_of(
        st.builds(created, st.one_of(st.sampled_from("abc"), TEXTS), st.sampled_from([1, 2])),
        st.just(StoreUnavailable("the disk is full")),
    ),
    max_size=30,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(EVENTS, st.integers(1, 9))
def test_whatever_comes_and_fails_numbers_have_no_gap(
    events: list[OrderCreated | Exception], size: int
) -> None:
    """One invoice for each order id, with the amount that came first; the others are dead letters or nothing."""
    asyncio.run(_numbers_have_no_gap(events, size))


async def _numbers_have_no_gap(events: list[OrderCreated | Exception], size: int) -> None:
    first: dict[str, int] = {}
    conflicts = 0
    for event in events:
        if (
            isinstance(event, OrderCreated)
            and first.setdefault(event.order_id, event.total.amount) != event.total.amount
        ):
            conflicts += 1
    with TemporaryDirectory() as folder:
        async with alone(Path(folder)) as shop:
            store = shop.store
            assert isinstance(store, Store)
            batch: list[OrderCreated] = []
            refused: list[str] = []
            for event in events:
                if isinstance(event, StoreUnavailable):
                    store.fails.append(event)
                elif isinstance(event, OrderCreated):
                    batch.append(event)
                if len(batch) >= size:
                    refused += await shop.hear(*batch)
                    batch = []
            refused += await shop.hear(*batch)
            made = await shop.papers()
            assert {paper.order_id: paper.total.amount for paper in made} == first
            assert [int(paper.number or 0) for paper in made] == list(range(1, len(first) + 1))
            assert [paper.previous_hash for paper in made[1:]] == [paper.hash for paper in made[:-1]]
            assert [reason for reason in refused if reason] == ["conflict"] * conflicts


@pytest.mark.parametrize(
    "order", ["0192F0C1-0000-7000-8000-00000000000A", "0192f0c1-0000-7000-8000-00000000000a"]
)
async def test_an_id_is_compared_as_it_was_sent(tmp_path: Path, order: str) -> None:
    async with alone(tmp_path) as shop:
        await shop.hear(created(order), created(order.swapcase()))
        assert {paper.order_id for paper in await shop.papers()} == {order, order.swapcase()}


@pytest.mark.postgres
@pytest.mark.parametrize("seed", range(3))
async def test_copies_that_hear_of_the_same_orders_agree_on_one_invoice_each(
    postgres: Place, seed: int
) -> None:
    """Whoever comes first writes it; the numbers are one series, and what contradicts it is refused."""
    draw = random.Random(seed)
    postgres.fill(*schemas(["invoices"]))
    copies = [Alone(SharedStore(postgres.url)) for _ in range(3)]
    for one in copies:
        await one.platform.start()
    try:
        events = [created(f"order-{draw.randrange(40)}", draw.choice([1, 1, 2])) for _ in range(150)]
        told = [copies[n % 3].hear(*events[n : n + 10]) for n in range(0, len(events), 10)]
        reasons = [reason for some in await asyncio.gather(*told) for reason in some]
        made = {paper.order_id: paper for paper in await copies[0].papers()}
        assert made.keys() == {event.order_id for event in events}
        assert sorted(int(paper.number or 0) for paper in made.values()) == list(range(1, len(made) + 1))
        other = [event.total != made[event.order_id].total for event in events]
        assert reasons == ["conflict" if refused else "" for refused in other] and any(other)
    finally:
        for one in copies:
            await one.platform.stop()
