"""Several requests in one go: answered in their order, worked on side by side only where that is safe, and
never without bound.
"""

import json

from tradewind.core.http import Request, Response

from .loose import Loose
from .support import QUICK, Keeper, answers, echo, serving


def get(path: bytes, method: bytes = b"GET") -> bytes:
    return b"%b /%b HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n" % (method, path)


def paths(requests: list[Request]) -> list[str]:
    return [request.path for request in requests]


def paused(loose: Loose) -> bool:
    return loose.transport.paused


async def test_answers_leave_in_the_order_of_their_requests() -> None:
    keeper = Keeper()
    async with serving(keeper) as server, server.connect() as client:
        client.send(get(b"1") + get(b"2") + get(b"3"))
        for request in reversed(await keeper.have(3)):
            request.respond(Response(200, request.path.encode()))
        assert [(await client.answer()).body for _ in range(3)] == [b"/1", b"/2", b"/3"]


async def test_a_thousand_at_once() -> None:
    async with serving(echo) as server, server.connect() as client:
        client.send(b"".join(get(b"%d" % number) for number in range(1000)))
        got = [json.loads((await client.answer()).body)[1] for _ in range(1000)]
        assert got == [f"/{number}" for number in range(1000)]


def test_an_unsafe_request_is_alone() -> None:
    keeper = Keeper()
    loose = Loose(keeper, QUICK)
    loose.feed(get(b"1") + get(b"2") + get(b"3", b"POST") + get(b"4", b"POST") + get(b"5") + get(b"6"))
    assert paths(keeper.requests) == ["/1", "/2"]
    keeper.requests[1].respond(Response(200))
    assert len(keeper.requests) == 2
    keeper.requests[0].respond(Response(200))
    assert paths(keeper.requests) == ["/1", "/2", "/3"]
    keeper.requests[2].respond(Response(200))
    assert paths(keeper.requests) == ["/1", "/2", "/3", "/4"]
    keeper.requests[3].respond(Response(200))
    assert paths(keeper.requests) == ["/1", "/2", "/3", "/4", "/5", "/6"]


def test_no_more_than_eight_are_worked_on_and_then_nothing_is_read() -> None:
    keeper = Keeper()
    loose = Loose(keeper, QUICK)
    loose.feed(*[get(b"%d" % number) for number in range(8)])
    assert len(keeper.requests) == 8
    assert not paused(loose)
    loose.feed(get(b"8"), get(b"9"))
    assert len(keeper.requests) == 8
    assert paused(loose)
    keeper.requests[0].respond(Response(200))
    assert paused(loose)
    keeper.requests[1].respond(Response(200))
    assert not paused(loose)
    assert len(keeper.requests) == 10


def test_nothing_is_worked_on_for_a_client_that_does_not_read() -> None:
    loose = Loose(keeper := Keeper(), QUICK)
    loose.connection.pause_writing()
    loose.feed(get(b"1"))
    assert keeper.requests == []
    assert paused(loose)
    loose.connection.resume_writing()
    assert paths(keeper.requests) == ["/1"]
    assert not paused(loose)


def test_time_spent_paused_is_not_the_clients() -> None:
    loose = Loose(keeper := Keeper(), QUICK)
    loose.feed(b"".join(get(b"%d" % number) for number in range(9)) + b"GET /half")
    assert paused(loose)
    loose.pass_time(QUICK.header_seconds * 1.5)
    for request in keeper.requests:
        request.respond(Response(200))
    keeper.requests[8].respond(Response(200))
    assert not paused(loose)
    loose.pass_time(QUICK.header_seconds * 0.5)
    loose.feed(b" HTTP/1.1\r\nHost: x\r\n\r\n")
    assert paths(keeper.requests)[9:] == ["/half"]


def test_continue_is_not_said_to_who_has_sent_the_body_already() -> None:
    loose = Loose(echo, QUICK)
    loose.feed(
        b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab"
        + get(b"next")
        + b"GET /half"
    )
    loose.feed(b" HTTP/1.1\r\n")
    assert b"100 Continue" not in loose.transport.written
    assert len(answers(loose.transport.written)) == 2


async def test_a_refusal_waits_for_its_turn() -> None:
    keeper = Keeper()
    async with serving(keeper) as server, server.connect() as client:
        client.send(get(b"1", b"POST") + b"garbage\r\n\r\n" + get(b"2"))
        (await keeper.have(1))[0].respond(Response(201))
        found = answers(await client.rest())
        assert [answer.status for answer in found] == [201, 400]
        assert len(keeper.requests) == 1


async def test_what_follows_a_last_request_is_not_read() -> None:
    async with serving(echo) as server, server.connect() as client:
        client.send(b"GET /1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" + get(b"2"))
        assert (await client.only_answer()).headers[b"connection"] == b"close"
