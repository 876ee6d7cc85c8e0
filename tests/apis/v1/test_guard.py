"""Questions are answered once, at once where they can be, and whatever goes wrong on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from tradewind.apis.kernel.pending_reads import PendingReads


class Heard:
    def __init__(self) -> None:
        self.values: list[Any] = []
        self.errors: list[BaseException] = []
        self.called = asyncio.Event()

    def then(self, value: Any) -> None:
        self.values.append(value)
        self.called.set()

    def failed(self, error: BaseException) -> None:
        self.errors.append(error)
        self.called.set()


async def ask(asked: Coroutine[Any, Any, Any], asks: PendingReads | None = None) -> tuple[Heard, bool]:
    """What was heard, and whether it was heard at once."""
    heard = Heard()
    asks = asks or PendingReads(1.0)
    asks.run(asked, heard.then, heard.failed)
    at_once = heard.called.is_set()
    async with asyncio.timeout(60):
        await heard.called.wait()
    await asyncio.sleep(0)
    assert len(heard.values) + len(heard.errors) == 1
    assert not asks._tasks
    return heard, at_once


async def test_what_does_not_wait_is_answered_at_once() -> None:
    async def value() -> int:
        return 1

    async def error() -> int:
        raise ValueError

    heard, at_once = await ask(value())
    assert (heard.values, at_once) == ([1], True)
    heard, at_once = await ask(error())
    assert (isinstance(heard.errors[0], ValueError), at_once) == (True, True)
    heard, at_once = await ask(value(), PendingReads(1.0, at_once=False))
    assert (heard.values, at_once) == ([1], False)


async def test_what_waits_goes_on_where_it_was() -> None:
    async def waits() -> list[Any]:
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        loop.call_later(0.001, future.set_result, "a")
        heard = [await future]
        await asyncio.sleep(0)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001):
                await asyncio.sleep(1)
        try:
            await asyncio.gather(asyncio.sleep(0), boom())
        except KeyError as error:
            heard.append(error.args[0])
        return [*heard, await asyncio.to_thread(lambda: "c")]

    async def boom() -> None:
        raise KeyError("b")

    heard, at_once = await ask(waits())
    assert (heard.values, at_once) == ([["a", "b", "c"]], False)


async def test_an_error_after_a_wait() -> None:
    async def waits() -> None:
        await asyncio.sleep(0.001)
        raise ValueError

    heard, _ = await ask(waits())
    assert isinstance(heard.errors[0], ValueError)


async def test_what_waits_too_long_is_ended() -> None:
    ended: list[str] = []

    async def waits() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("here")

    heard, _ = await ask(waits(), PendingReads(0.01))
    assert isinstance(heard.errors[0], TimeoutError)
    assert ended == ["here"]


async def test_closing_ends_what_waits() -> None:
    asks = PendingReads(60)
    asyncio.get_running_loop().call_later(0.01, asks.close)
    heard, _ = await ask(asyncio.sleep(60), asks)
    assert isinstance(heard.errors[0], asyncio.CancelledError)


@pytest.mark.parametrize("waits", [0, 1])
async def test_a_listener_that_fails_is_told(waits: int) -> None:
    told: list[BaseException] = []

    async def value() -> int:
        for _ in range(waits):
            await asyncio.sleep(0)
        return 1

    def then(value: int) -> None:
        raise LookupError(value)

    PendingReads(1.0).run(value(), then, told.append)
    await asyncio.sleep(0.01)
    assert [type(error) for error in told] == [LookupError]
