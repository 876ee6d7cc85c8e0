"""Each call ends once, with what the service said or with why it has said nothing."""

import asyncio
import time

import pytest

from tests.support.queues import Outside, fresh, outside, until
from tradewind.apis.nest import wire
from tradewind.core.request_queue import Kind, Outcome
from tradewind.drivers.rabbitmq.rpc.client import RpcClient

from .support import BREAK, ECHO, HOLD, REFUSE, Both, ask, both

pytestmark = pytest.mark.rabbitmq


async def test_answer(pair: Both) -> None:
    data = b'{"dto" : {"total":1.50, "name":"\xc3\xa4"}}'
    assert await pair.ask(ECHO, data) == Outcome(Kind.ANSWER, data), "to the byte"
    assert pair.handlers.seen[0].pattern == "echo"
    assert pair.client.calls.answer == pair.server.taken.answered == 1


async def test_a_pattern_may_be_a_text(pair: Both) -> None:
    assert await pair.ask(b'"echo"', b"1") == Outcome(Kind.ANSWER, b"1")


async def test_refusal(pair: Both) -> None:
    for err in (b'{"message":["a","b"],"error":"Bad Request","statusCode":400}', b'"text"', b"7", b"[]"):
        assert await pair.ask(REFUSE, err) == Outcome(Kind.REFUSED, err)


async def test_a_handler_with_a_bug_is_answered_as_nestjs_would(
    pair: Both, caplog: pytest.LogCaptureFixture
) -> None:
    assert await pair.ask(BREAK) == Outcome(
        Kind.REFUSED, b'{"status":"error","message":"Internal server error"}'
    )
    assert "ZeroDivisionError" in caplog.text
    assert await pair.ask(ECHO) == Outcome(Kind.ANSWER, b"{}")
    assert pair.server.taken.failed == 1


async def test_a_handler_answers_once(pair: Both) -> None:
    first = pair.ask(HOLD)
    await until(lambda: pair.handlers.held)
    held = pair.handlers.held[0]
    held.answer(b"1")
    for again in (held.answer, held.refuse):
        with pytest.raises(RuntimeError, match="hold was answered twice"):
            again(b"2")
    assert await first == Outcome(Kind.ANSWER, b"1")


async def test_what_the_message_carries(url: str, queue: str, outer: Outside) -> None:
    now = 1_800_000_000_000
    async with both(url, queue, client={"clock": lambda: now}, clock=lambda: now) as pair:
        await pair.ask(ECHO, b"1", 2.5, traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        await pair.ask(ECHO, b"1", 2.5)
        first, second = pair.handlers.seen
        assert first.deadline_ms == now + 2500
        assert first.traceparent == "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        assert second.traceparent == ""
        assert first.id != second.id
        assert not first.redelivered
        assert first.received_at > 0


async def test_timeout(pair: Both) -> None:
    assert (await pair.ask(HOLD, timeout_s=0.05)).kind is Kind.TIMEOUT
    pair.handlers.held[0].answer(b"1")
    await until(lambda: pair.client.calls.late, "the late answer")
    assert pair.client.in_flight == 0


async def test_timeouts_come_in_the_order_of_the_deadlines_and_none_early(pair: Both) -> None:
    loop, ended = asyncio.get_running_loop(), list[tuple[float, float]]()
    start = loop.time()

    def ask_for(timeout: float) -> None:
        pair.ask(HOLD, timeout_s=timeout).add_done_callback(
            lambda _: ended.append((timeout, loop.time() - start))
        )

    for timeout in (0.2, 0.05, 0.15, 0.1, 0.05):
        ask_for(timeout)
    await until(lambda: len(ended) == 5)
    assert [timeout for timeout, _ in ended] == [0.05, 0.05, 0.1, 0.15, 0.2]
    assert all(took >= timeout for timeout, took in ended)


async def test_without_time_nothing_is_sent(pair: Both) -> None:
    assert (await pair.ask(ECHO, timeout_s=0.0)).kind is Kind.TIMEOUT
    assert await pair.ask(ECHO)
    assert len(pair.handlers.seen) == 1


async def test_too_many_calls(url: str, queue: str, outer: Outside) -> None:
    async with both(url, queue, client={"in_flight": 2}) as pair:
        held = [pair.ask(HOLD), pair.ask(HOLD)]
        assert (await pair.ask(ECHO)).kind is Kind.BUSY
        await until(lambda: len(pair.handlers.held) == 2)
        for each in pair.handlers.held:
            each.answer(b"1")
        await asyncio.gather(*held)
        assert (await pair.ask(ECHO)).kind is Kind.ANSWER


async def test_nobody_declared_the_queue(pair: Both) -> None:
    """The call waits: a queue that is not there is a service that starts."""
    began = time.monotonic()
    outcome = await pair.ask(ECHO, queue=(name := fresh("absent")), timeout_s=1.0)
    assert 0.7 < time.monotonic() - began < 3.0
    assert outcome.kind is Kind.DOWN
    assert b"no such queue" in outcome.body and name.encode() in outcome.body
    assert (await pair.ask(ECHO)).kind is Kind.ANSWER, "the link has lived on"


async def test_a_queue_that_is_declared_late_is_asked(pair: Both, url: str) -> None:
    late = fresh("late")
    async with outside(url, mine=(late,)):
        await _asked_late(pair, url, late)


async def _asked_late(pair: Both, url: str, late: str) -> None:
    call = asyncio.ensure_future(pair.ask(ECHO, queue=late, timeout_s=20.0))
    await asyncio.sleep(0.3)  # it has come back once
    assert not call.done()
    async with both(url, late) as service:
        assert (await call).kind is Kind.ANSWER
        assert len(service.handlers.seen) == 1


async def test_never_from_within_the_call(url: str, queue: str, outer: Outside) -> None:
    """A caller may hold what it changes in `then`: busy, without time, and down come in a later turn, too."""
    async with both(url, queue, client={"in_flight": 0}) as pair:
        for timeout in (1.0, 0.0):
            outcomes: list[Outcome] = []
            pair.client.call(queue, ECHO, b"1", timeout, outcomes.append)
            assert outcomes == []
            await asyncio.sleep(0)
            assert len(outcomes) == 1


async def test_what_fails_after_a_call_hurts_no_other(pair: Both, caplog: pytest.LogCaptureFixture) -> None:
    def fail(_: Outcome) -> None:
        raise ZeroDivisionError

    pair.client.call(pair.server.queue, ECHO, b"1", 5.0, fail)
    assert (await pair.ask(ECHO)).kind is Kind.ANSWER
    assert "what came after a call has failed" in caplog.text


async def test_a_client_that_is_not_started(url: str) -> None:
    client = RpcClient(url, wire, name="idle")
    assert not client.up
    assert client.missing == "not started"
    with pytest.raises(RuntimeError, match="before start"):
        ask(client, "q", ECHO, b"1", 1.0)


async def test_thousands_at_once_come_back_to_their_own_callers(pair: Both) -> None:
    answers = await asyncio.gather(*[pair.ask(ECHO, b"%d" % number) for number in range(3000)])
    assert [int(outcome.body) for outcome in answers] == list(range(3000))
    assert pair.client.in_flight == pair.server.in_flight == 0
