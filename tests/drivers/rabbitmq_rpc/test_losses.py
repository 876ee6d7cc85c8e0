"""Whatever is lost on the way: a call ends once, with the truth about what is known; a request is answered or
comes again.
"""

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pamqp import commands

from tests.support.proxy import Proxy, proxy
from tests.support.queues import Outside, do, until
from tradewind.core.request_queue import Kind, Outcome
from tradewind.drivers.rabbitmq.amqp import Link, LinkDown

from .support import ECHO, HOLD, Both, both, unacked

pytestmark = pytest.mark.rabbitmq

SERVING = Path(__file__).with_name("serving.py")


@pytest.fixture
async def between(url: str) -> AsyncIterator[Proxy]:
    async with proxy(urlsplit(url).port or 5672) as found:
        yield found


def through(url: str, between: Proxy) -> str:
    where = urlsplit(url)
    return where._replace(netloc=f"{where.username}:{where.password}@127.0.0.1:{between.port}").geturl()


async def answered(pair: Both) -> None:
    await until(lambda: pair.client.up and pair.server.up, "the links")
    assert await pair.ask(ECHO, b'"next"') == Outcome(Kind.ANSWER, b'"next"')


@pytest.fixture
async def shaky_client(url: str, queue: str, outer: Outside, between: Proxy) -> AsyncIterator[Both]:
    """The client's link goes through the proxy."""
    async with both(through(url, between), queue, taking=url, answering=url) as found:
        yield found


@pytest.fixture
async def shaky_taking(url: str, queue: str, outer: Outside, between: Proxy) -> AsyncIterator[Both]:
    """The link over which requests come goes through the proxy, the one for answers does not."""
    async with both(url, queue, taking=through(url, between), answering=url) as found:
        yield found


@pytest.fixture
async def shaky_answers(url: str, queue: str, outer: Outside, between: Proxy) -> AsyncIterator[Both]:
    """The other way round."""
    async with both(url, queue, answering=through(url, between)) as found:
        yield found


@pytest.mark.parametrize("loss", ["cut", "reset"])
async def test_the_client_is_cut_off(loss: str, shaky_client: Both, between: Proxy) -> None:
    pair = shaky_client
    calls = [pair.ask(HOLD) for _ in range(3)]
    await until(lambda: len(pair.handlers.held) == 3)
    between.accepting = False
    getattr(between, loss)()
    for outcome in await asyncio.gather(*calls):
        assert outcome.kind is Kind.DOWN and b"outcome unknown" in outcome.body
    assert not pair.client.up and pair.client.missing and pair.client.in_flight == 0
    refused = await pair.ask(ECHO)
    assert refused.kind is Kind.DOWN and b"not sent" in refused.body
    between.accepting = True
    await until(lambda: pair.client.up)
    for ask in pair.handlers.held:
        ask.answer(b"1")  # to a client that is gone
    await answered(pair)
    assert pair.client.calls.down == 4


async def test_the_client_ends(pair: Both) -> None:
    call = pair.ask(HOLD)
    await until(lambda: pair.handlers.held)
    await pair.client.stop()
    async with asyncio.timeout(60):
        assert (await call).kind is Kind.DOWN
    with pytest.raises(RuntimeError, match="after stop"):
        pair.ask(ECHO)


async def test_nothing_goes_through(shaky_client: Both, between: Proxy) -> None:
    between.stall()
    assert (await shaky_client.ask(ECHO, timeout_s=0.1)).kind is Kind.TIMEOUT
    between.resume()
    await answered(shaky_client)


async def test_the_connection_is_cut_that_requests_come_over(
    shaky_taking: Both, between: Proxy, outer: Outside
) -> None:
    pair, held = shaky_taking, shaky_taking.handlers.held
    call = pair.ask(HOLD)
    await until(lambda: held)
    between.cut()
    await until(lambda: len(held) == 2, "the request, again")
    assert [ask.redelivered for ask in held] == [False, True]
    assert held[0].id == held[1].id
    for ask in held:
        ask.answer(b"1")
    assert await call == Outcome(Kind.ANSWER, b"1")
    await until(lambda: pair.client.calls.late == 1, "the second answer")
    await answered(pair)
    assert await unacked(pair.server) == 0


async def test_answers_wait_while_the_link_for_them_is_down(
    shaky_answers: Both, between: Proxy, outer: Outside
) -> None:
    pair = shaky_answers
    await pair.ask(ECHO)  # now its address is known
    calls = [pair.ask(HOLD, b"%d" % number) for number in range(3)]
    await until(lambda: len(pair.handlers.held) == 3)
    between.accepting = False
    between.cut()
    await until(lambda: not pair.server.up)
    for ask in pair.handlers.held:
        ask.answer(ask.data)
    assert pair.server._replies.waiting == 3
    between.accepting = True
    assert [outcome.body for outcome in await asyncio.gather(*calls)] == [b"0", b"1", b"2"]
    assert await unacked(pair.server) == 0


async def test_answers_do_not_wait_for_what_comes_again(
    url: str, queue: str, outer: Outside, between: Proxy
) -> None:
    async with both(url, queue, taking=through(url, between)) as pair:
        call = pair.ask(HOLD)
        await until(lambda: pair.handlers.held)
        between.accepting = False
        between.cut()
        await until(lambda: not pair.server._link.up and not pair.server._answers.up)
        pair.handlers.held[0].answer(b'"lost"')
        assert pair.server._replies.waiting == 0
        between.accepting = True
        await until(lambda: len(pair.handlers.held) == 2, "the request, again")
        await until(lambda: pair.server.up)
        pair.handlers.held[1].answer(b'"again"')
        assert await call == Outcome(Kind.ANSWER, b'"again"')
        assert await unacked(pair.server) == 0


async def test_answers_wait_no_longer_than_their_requests(shaky_answers: Both, between: Proxy) -> None:
    pair, held = shaky_answers, shaky_answers.handlers.held
    await pair.ask(ECHO)  # now its address is known
    call = pair.ask(HOLD)
    await until(lambda: held)
    between.accepting = False
    between.cut()
    await until(lambda: not pair.server.up)
    held[0].answer(b'"lost"')
    assert pair.server._replies.waiting == 1
    life = pair.server._link._life
    assert life is not None
    life.fail(LinkDown("for the test"))
    assert pair.server._replies.waiting == 0
    await until(lambda: len(held) == 2, "the request, again")
    between.accepting = True
    held[1].answer(b'"again"')
    assert await call == Outcome(Kind.ANSWER, b'"again"')
    assert await unacked(pair.server) == 0


async def test_a_server_is_killed(url: str, queue: str, outer: Outside) -> None:
    victim = await asyncio.create_subprocess_exec(sys.executable, str(SERVING), url, queue, stdout=PIPE)
    assert victim.stdout is not None
    assert await victim.stdout.readline() == b"ready\n"
    async with both(url, queue) as pair:
        await pair.server.drain(5.0)  # the victim alone takes
        call = pair.ask(ECHO, b"7")
        taken = (await victim.stdout.readline()).decode().split()
        async with both(url, queue) as other:
            victim.kill()
            await victim.wait()
            assert await call == Outcome(Kind.ANSWER, b"7")
            (ask,) = other.handlers.seen
            assert ask.redelivered and ask.id == taken[1]
            assert await unacked(other.server) == 0


async def test_a_server_that_links_cannot_serve_is_not_up(shaky_answers: Both, between: Proxy) -> None:
    assert shaky_answers.server.up and shaky_answers.server.missing == ""
    between.accepting = False
    between.cut()
    await until(lambda: not shaky_answers.server.up)
    assert shaky_answers.server.missing
    between.accepting = True
    await answered(shaky_answers)


async def test_the_queue_is_deleted(pair: Both, outer: Outside, queue: str) -> None:
    """It is declared anew, and requests are taken again."""
    await do(outer.link, commands.Queue.Delete(queue=queue), "Queue.DeleteOk")
    link: Link = pair.server._link
    await until(lambda: link.lives == 2 and link.up, "another life of the link")
    await answered(pair)
