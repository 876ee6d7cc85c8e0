"""What its caller no longer waits for is not begun; what was accepted is done all the same."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.gateway.conftest import Rig
from tests.gateway.test_port import ADA, ADMIN, TEA, order, refusal, submit
from tradewind.apis.services.client import ServicesGateway
from tradewind.contracts.inventory import ListProducts
from tradewind.core.clock import SystemClock
from tradewind.core.gateway import Gateway, Reply
from tradewind.core.model import Caller, Request
from tradewind.engine.inbox import PATIENCE_MS

now = SystemClock().now


async def test_a_request_whose_deadline_is_past_is_not_begun(gateway: Gateway) -> None:
    reply = await submit(gateway, TEA, ADMIN, deadline=now() - 1)
    assert (reply.status, refusal(reply).code, refusal(reply).retry_after) == (503, "overloaded", 1)
    assert (await gateway.ask(ListProducts())).data == []


async def test_a_request_in_time_is_done(gateway: Gateway) -> None:
    assert (await submit(gateway, TEA, ADMIN, deadline=now() + 20_000)).status == 0
    assert len((await gateway.ask(ListProducts(), deadline=now() + 20_000)).data) == 1


async def test_what_waits_for_its_batch_too_long_is_not_begun_and_others_are(rig: Rig) -> None:
    await submit(rig.platform, TEA, ADMIN)
    loop = asyncio.get_running_loop()

    def send(message: Request, deadline: int, **given: Any) -> asyncio.Future[Reply]:
        came: asyncio.Future[Reply] = loop.create_future()
        rig.platform.submit(message, ADA, came.set_result, deadline=deadline, **given)
        return came

    async with rig.platform.processor.transaction():  # no batch begins meanwhile
        soon = now() + 30
        late, kept = send(order(), soon), send(order(quantity=2), now() + 20_000)
        again = send(order(quantity=3), soon, claim="again", fingerprint="f", again=True)
        while now() <= soon:
            await asyncio.sleep(0.01)
    async with asyncio.timeout(20):
        replies = await asyncio.gather(late, kept, again)
    # one that was sent before may have been done: it is looked up, and not said to be not begun
    assert [reply.status for reply in replies] == [503, 0, 0]
    assert PATIENCE_MS > 0


async def test_the_wire_gets_the_time_that_is_left() -> None:
    seen: list[float] = []

    class Queue:
        up, missing = True, ""

        def call(
            self, queue: str, pattern: bytes, data: bytes, timeout_s: float, then: Any, /, **_: Any
        ) -> None:
            seen.append(timeout_s)

    gateway = ServicesGateway(Queue(), {"inventory": "q", "orders": "q"}, now=lambda: 1_000_000)
    caller = Caller("root", "admin")
    for deadline in (1_002_500, 0, 1_900_000):
        gateway.submit(TEA, caller, lambda _: None, deadline=deadline)
    asked = asyncio.create_task(gateway.ask(ListProducts(), deadline=1_001_500))
    while len(seen) < 4:
        await asyncio.sleep(0)
    asked.cancel()
    assert [round(left, 2) for left in seen] == [2.5, 10.0, 10.0, 1.5]
    with pytest.raises(TimeoutError):
        await gateway.ask(ListProducts(), deadline=1_000_000)
