"""An audit of a platform at work accuses nobody who is on the way, and still sees what does not move."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.operations.audit.shop import Shop, config, red, spoil, trade
from tests.support.databases import Place
from tests.support.shop import Shop as Running
from tests.support.shops import OpenShop, kind, new_shop
from tests.support.traffic import gather, start
from tradewind.core.clock import SystemClock
from tradewind.operations.audit import Promise, audited, check, run_audit, running
from tradewind.runtime.data_lock import DataLock
from tradewind.runtime.schema import schemas
from tradewind.runtime.stores import open_store
from tradewind.services.payments.provider.ledger import LedgerEntry, entries

__all__ = ["kind", "new_shop"]
UNREAD = "UPDATE invoices_cursors SET position = 0 WHERE source = 'orders'"
TIMER = "INSERT INTO payments_timers VALUES ('t', 'payments.check_due', '{}', 1000)"


@pytest.fixture
def open_data(data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that a platform has open."""
    monkeypatch.setattr(running, "LOOK_AGAIN_S", 0.2)
    with DataLock(data):
        yield data


def test_it_knows_that_a_platform_is_there(open_data: Path) -> None:
    report = run_audit(config(open_data))
    assert (report.ok, report.running) == (True, True)


def test_what_changed_a_moment_ago_is_on_its_way(open_data: Path, orders: dict[str, str]) -> None:
    now = SystemClock().now()
    spoil(
        open_data,
        f"UPDATE payments_payments SET refunding = 1, updated_at = {now} WHERE order_id = :confirmed",
        **orders,
    )
    report = run_audit(config(open_data))
    assert (red(report), report.in_flight) == ({}, 1)


def test_unread_events(open_data: Path, orders: dict[str, str]) -> None:
    spoil(open_data, UNREAD)
    report = run_audit(config(open_data))
    assert (red(report), report.in_flight) == ({Promise.MOVES: ["orders#1"]}, len(orders) - 1)


def test_unread_events_of_a_platform_that_is_stopped_are_read_when_it_starts(
    data: Path, orders: dict[str, str]
) -> None:
    spoil(data, UNREAD)
    report = run_audit(config(data))
    assert (red(report), report.in_flight) == ({}, len(orders) - 1)


@pytest.mark.parametrize("statement", [UNREAD, TIMER])
async def test_what_moves_before_the_second_look_is_not_stuck(open_data: Path, statement: str) -> None:
    spoil(open_data, statement)
    looking = asyncio.create_task(audited(config(open_data), SystemClock()))
    await asyncio.sleep(0.15)
    spoil(open_data, "UPDATE invoices_cursors SET position = 99 WHERE source = 'orders'")
    spoil(open_data, "DELETE FROM payments_timers WHERE id = 't'") if statement == TIMER else None
    assert red(await looking) == {}


async def test_a_store_at_rest(data: Path) -> None:
    """What a simulation asks after each of its runs."""
    ledger, now = list(entries(data / "provider.db")), SystemClock().now()

    async def broken(ledger: list[LedgerEntry]) -> list[str]:
        store = open_store("", data)
        await store.open()
        found = await check(store, ledger, now)
        await store.close()
        return [finding.name for finding in found if not finding.ok]

    assert await broken(ledger) == []
    assert await broken(ledger[1:]) == [Promise.MONEY]
    spoil(data, UNREAD)
    assert await broken(ledger) == [Promise.MOVES]


async def test_audits_of_a_shop_at_work(tmp_path: Path) -> None:
    async with Shop(config(tmp_path)) as shop:
        with DataLock(tmp_path):
            selling = asyncio.create_task(_sell(shop, 3.0))
            seen = 0
            while not selling.done():
                report = await audited(config(tmp_path), SystemClock())
                assert red(report) == {}
                seen += report.in_flight > 0
                await asyncio.sleep(0.01)
            await selling
    assert seen > 3
    report = await audited(config(tmp_path), SystemClock())
    assert (red(report), report.running) == ({}, False)


async def _sell(shop: Shop, seconds: float) -> None:
    until, tokens = (
        asyncio.get_running_loop().time() + seconds,
        ("tok_ok", "tok_declined", "tok_charged_no_answer", "tok_no_answer"),
    )
    while asyncio.get_running_loop().time() < until:
        await asyncio.gather(*(shop.place(token, 1) for token in tokens))
        await trade(shop)


@pytest.mark.slow
def test_audits_of_a_real_shop_that_is_killed(new_shop: OpenShop) -> None:
    shop: Running = new_shop(provider_faults="0.1").start()
    for seed in range(2):
        buyers = start(shop, seed=seed, deeds=100)
        for _ in range(2):
            assert shop.audit()[0] == 0, shop.audit()
        assert shop.process is not None
        os.kill(shop.process.pid, signal.SIGKILL)
        shop.process.wait()
        gather(buyers)
        assert shop.audit()[0] == 0, shop.audit()
        shop.restart()
        assert shop.audit()[0] == 0, shop.audit()


@pytest.mark.postgres
async def test_postgres(postgres: Place, tmp_path: Path) -> None:
    found = config(tmp_path / "shop", postgres.url)
    postgres.fill(*schemas())
    async with Shop(found) as shop:
        orders = await trade(shop)
        report = await audited(found, SystemClock())
        assert (red(report), report.running, report.orders) == ({}, True, 8)
    assert (red(await audited(found, SystemClock())), (await audited(found, SystemClock())).running) == (
        {},
        False,
    )
    postgres.outside(
        f"DELETE FROM notifications.notifications WHERE order_id = '{orders['confirmed']}' AND template "
        f"= 'order_confirmed'"
    )
    postgres.outside("UPDATE inventory.products SET on_hand = on_hand + 1")
    postgres.outside(
        "UPDATE invoices.invoices SET hash = 'x' WHERE number = 'INV-2000-000001' OR number LIKE '%-000002'"
    )
    found_red = red(await audited(found, SystemClock()))
    assert list(found_red) == [Promise.STOCK, Promise.WHOLE, Promise.PAPERS]
    assert found_red[Promise.WHOLE] == [orders["confirmed"]]
