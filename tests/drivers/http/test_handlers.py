"""What a handler may do wrong: no bug of its leaves a client without an answer, or with an answer that is not
its own.
"""

import logging

import pytest

from tradewind.core.http import Request, Response

from .support import Keeper, echo, serving

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def test_a_handler_is_tested_without_a_server() -> None:
    request = Request("GET", "/x")
    echo(request)
    assert request.answer is not None
    assert request.answer.status == 200


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_handler_that_fails_is_answered_for(when: str, caplog: pytest.LogCaptureFixture) -> None:
    def broken(request: Request) -> None:
        if when == "after":
            echo(request)
        raise LookupError("no such thing")

    async with serving(broken) as server, server.connect() as client:
        with caplog.at_level(logging.ERROR, "tradewind.http"):
            client.send(GET)
            answer = await client.answer()
            client.send(GET)
            await client.answer()
    assert answer.status == (500 if when == "before" else 200)
    assert b"no such thing" not in answer.body
    assert "no such thing" in caplog.text


@pytest.mark.parametrize(
    "answer",
    [
        Response(200, headers=((b"location", b"/a\r\nset-cookie: stolen"),)),
        Response(200, headers=((b"location", b"/a\nx"),)),
        Response(200, content_type=b"text/html\r\n\r\n<script>"),
        Response(777),
        Response(200, "a text"),  # type: ignore[arg-type]
    ],
)
async def test_an_answer_that_cannot_be_sent_becomes_a_500(
    answer: Response, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(lambda request: request.respond(answer)) as server:
        got = await server.ask(GET)
    assert (got.status, got.code) == (500, "internal_error")
    assert "cannot be sent" in caplog.text


async def test_only_the_first_answer_counts(caplog: pytest.LogCaptureFixture) -> None:
    keeper = Keeper()
    async with serving(keeper) as server, server.connect() as client:
        client.send(GET)
        (request,) = await keeper.have(1)
        request.respond(Response(201))
        request.respond(Response(409))
        assert (await client.answer()).status == 201
        client.send(GET)
        (await keeper.have(2))[1].respond(Response(202))
        assert (await client.answer()).status == 202
    assert "answered twice" in caplog.text
