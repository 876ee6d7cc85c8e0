"""A server takes what is in time, shares its queue with others, and leaves in order."""

import asyncio

import pytest

from tests.support.queues import Outside, until
from tradewind.apis.nest import wire
from tradewind.core.request_queue import Kind, Outcome
from tradewind.drivers.rabbitmq.amqp import BrokerUnusable
from tradewind.drivers.rabbitmq.rpc.client import RpcClient
from tradewind.drivers.rabbitmq.rpc.server import RpcServer

from .support import ECHO, HOLD, Both, ask, both, unacked

pytestmark = pytest.mark.rabbitmq


async def test_what_is_too_late_is_not_run(url: str, queue: str, outer: Outside) -> None:
    late = 1_800_000_000_000
    async with both(url, queue, client={"clock": lambda: late - 10_000}, clock=lambda: late) as pair:
        call = pair.ask(ECHO, timeout_s=9.999)
        await until(lambda: pair.server.taken.too_late)
        assert (await pair.ask(ECHO, timeout_s=10.001)).kind is Kind.ANSWER
        assert len(pair.handlers.seen) == 1
        assert not call.done()
        assert await unacked(pair.server) == 0


async def test_what_nobody_took_in_time_is_dropped_by_the_broker(
    url: str, queue: str, outer: Outside
) -> None:
    await outer.link.declare_queue(queue)
    client = RpcClient(url, wire, name="alone")
    await client.start()
    assert (await ask(client, queue, ECHO, b"1", 0.05)).kind is Kind.TIMEOUT
    assert (await ask(client, queue, ECHO, b"1", 0.05)).kind is Kind.TIMEOUT
    await client.stop()
    async with both(url, queue) as pair:
        assert (await pair.ask(ECHO, b"2")).body == b"2"
        assert [each.data for each in pair.handlers.seen] == [b"2"]
        assert pair.server.taken.too_late == 0, "they did not even come"


async def test_two_servers_share_a_queue(url: str, queue: str, outer: Outside) -> None:
    async with both(url, queue, prefetch=4) as one, both(url, queue, prefetch=4) as other:
        calls = [one.ask(HOLD, b"%d" % number) for number in range(8)]
        await until(lambda: len(one.handlers.held) == len(other.handlers.held) == 4)
        for each in one.handlers.held + other.handlers.held:
            each.answer(each.data)
        assert [outcome.body for outcome in await asyncio.gather(*calls)] == [
            b"%d" % number for number in range(8)
        ]


async def test_no_more_than_the_prefetch_at_once(url: str, queue: str, outer: Outside) -> None:
    async with both(url, queue, prefetch=3) as pair:
        calls = [pair.ask(HOLD) for _ in range(5)]
        await until(lambda: len(pair.handlers.held) == 3)
        assert await outer.depth(queue) == 2
        state = await pair.server.state()
        assert (state.messages, state.consumers) == (2, 1)
        done = 0
        while done < 5:
            await until(lambda: len(pair.handlers.held) > done)  # noqa: B023
            pair.handlers.held[done].answer(b"1")
            done += 1
        await asyncio.gather(*calls)


async def test_a_slow_request_does_not_hold_up_the_others(url: str, queue: str, outer: Outside) -> None:
    """Finished ones behind it are acked one by one, else the prefetch would be used up."""
    async with both(url, queue, prefetch=8) as pair:
        slow = pair.ask(HOLD)
        await until(lambda: pair.handlers.held)
        for number in range(50):
            assert (await pair.ask(ECHO, b"%d" % number)).body == b"%d" % number
        pair.handlers.held[0].answer(b'"slow"')
        assert (await slow).body == b'"slow"'


async def test_leaving_in_order(url: str, queue: str, outer: Outside) -> None:
    async with both(url, queue) as pair:
        calls = [pair.ask(HOLD, b"%d" % number) for number in range(3)]
        await until(lambda: len(pair.handlers.held) == 3)
        leaving = asyncio.create_task(pair.server.drain(5.0))
        await until(lambda: pair.server._draining)
        later = pair.ask(ECHO, b'"later"')
        for each in pair.handlers.held:
            assert not leaving.done()
            each.answer(each.data)
        assert await leaving
        await pair.server.stop()
        assert [outcome.body for outcome in await asyncio.gather(*calls)] == [b"0", b"1", b"2"]
        async with both(url, queue):
            assert await later == Outcome(Kind.ANSWER, b'"later"')
        assert await outer.depth(queue) == 0


async def test_leaving_without_patience(url: str, queue: str, outer: Outside) -> None:
    async with both(url, queue) as pair:
        call = pair.ask(HOLD)
        await until(lambda: pair.handlers.held)
        assert not await pair.server.drain(0.05)
        await pair.server.stop()
        async with both(url, queue) as other:
            await until(lambda: other.handlers.held, "the request, again")
            other.handlers.held[0].answer(b"1")
            assert await call == Outcome(Kind.ANSWER, b"1")


async def test_more_at_work_than_ever_should_be(pair: Both) -> None:
    pair.server._most = 1
    held = pair.ask(HOLD)
    refused = await pair.ask(HOLD)
    assert refused == Outcome(
        Kind.REFUSED, b'{"status":"error","message":"Too much is under way","statusCode":503}'
    )
    assert pair.server.taken.shed == 1
    pair.handlers.held[0].answer(b"1")
    assert (await held).kind is Kind.ANSWER


async def test_a_queue_with_other_arguments(url: str, queue: str, outer: Outside) -> None:
    """One line that says so; nothing is left open."""
    await outer.link.declare_queue(queue, arguments={"x-max-length": 10})
    server = RpcServer(url, queue, {}, wire, name="refused")
    with pytest.raises(BrokerUnusable, match="x-max-length") as refused:
        await server.start()
    assert "\n" not in str(refused.value)
    assert not server.up
    allowed = RpcServer(url, queue, {}, wire, name="allowed", queue_arguments={"x-max-length": 10})
    await allowed.start()
    await allowed.stop()
