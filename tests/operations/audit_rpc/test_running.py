"""An audit of services at work accuses nobody whose message is on its way, and still sees what does not
move.
"""

from __future__ import annotations

import asyncio

import pytest

from tests.operations.audit.shop import red
from tests.operations.audit_rpc.conftest import Shop
from tests.operations.audit_rpc.rpc_services import RpcServices
from tradewind.core.clock import Clock, SystemClock
from tradewind.operations.audit import Promise, audited, running
from tradewind.runtime.config import Config
from tradewind.runtime.topology import Blueprint

pytestmark = pytest.mark.postgres
LEASED = (
    "INSERT INTO order_schema.outbox SELECT 'event', seq, key, 9000000000000, at - 20000 FROM "
    "order_schema.log WHERE key = '{plain}'"
)
AGAIN_S = 3.0  # a relay looks once a second


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "LOOK_AGAIN_S", AGAIN_S)


async def test_audits_of_services_at_work(wired: Shop) -> None:
    async with RpcServices(*wired.read) as rpc_services:
        selling = asyncio.create_task(_sell(rpc_services, wired.ids["tea"]))
        seen = 0
        while not selling.done():
            report = await audited(*_asked(wired))
            assert (red(report), report.running) == ({}, True)
            seen += report.in_flight > 0
        made = await selling
        await rpc_services.ended(*made)
        assert seen
    report = await audited(*_asked(wired))
    assert (red(report), report.running, report.in_flight) == ({}, False, 0)
    assert report.orders == len(made) + 3


async def _sell(rpc_services: RpcServices, tea: str) -> list[str]:
    loop, made = asyncio.get_running_loop(), list[str]()
    until = loop.time() + 3.0
    while loop.time() < until:
        made += await asyncio.gather(
            *(rpc_services.order(tea, 1, key=f"s-{len(made)}-{n}") for n in range(8))
        )
    return made


async def test_an_event_that_stays_in_the_outbox(published: Shop) -> None:
    async with RpcServices(*published.read):
        published.outside(LEASED)
        assert red(await audited(*_asked(published))) == {Promise.MOVES: ["event"]}


async def test_an_event_that_is_sent_before_the_second_look(published: Shop) -> None:
    async with RpcServices(*published.read):
        published.outside(LEASED)
        looking = asyncio.create_task(audited(*_asked(published)))
        await asyncio.sleep(0.3)
        published.outside("UPDATE order_schema.outbox SET lease = 0")  # a relay takes it up
        assert red(await looking) == {}


async def test_an_event_that_the_broker_has_lost(wired: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "UNSENT_MS", 300)
    async with RpcServices(*wired.read) as rpc_services:
        rpc_services.bus.deaf = True
        lost = await rpc_services.order(wired.ids["tea"], 1)
        await rpc_services.quiet()
        report = await audited(*_asked(wired))
        assert report.in_flight == 1
        await asyncio.sleep(0.4)
        found = red(await audited(*_asked(wired)))
        assert list(found) == [Promise.MOVES]
        said = wired.outside(f"SELECT 'orders#' || seq FROM order_schema.log WHERE key = '{lost}'")
        assert set(found[Promise.MOVES]) == {said[0][0]}


async def test_another_database_of_the_server_is_none_of_ours(published: Shop, wired: Shop) -> None:
    async with RpcServices(*wired.read):
        assert (await audited(*_asked(published))).running is False


def _asked(shop: Shop) -> tuple[Config, Clock, Blueprint]:
    config, blueprint = shop.read
    return config, SystemClock(), blueprint
