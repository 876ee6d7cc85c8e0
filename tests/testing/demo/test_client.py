"""The demo's HTTP client reads every form of answer, and asks again with the same key until there is one."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tradewind.testing.demo import buying
from tradewind.testing.demo.buying import Buying
from tradewind.testing.demo.figures import Figures
from tradewind.testing.demo.people import Buyer
from tradewind.testing.demo.persistence import Client, GaveUp
from tradewind.testing.http import BadAnswer, Http

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
NO = b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\nretry-after: 0\r\n\r\n"


class Server:
    """Answers each request with the next of `answers`, the last one for ever. An empty answer hangs up."""

    def __init__(self, answers: Sequence[bytes]) -> None:
        self.answers, self.heard, self.connections = list(answers), list[bytes](), 0
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                size = int(
                    next(
                        (
                            line.split(b":")[1]
                            for line in head.split(b"\r\n")
                            if line.startswith(b"Content-Length")
                        ),
                        b"0",
                    )
                )
                self.heard.append(head + await reader.readexactly(size))
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                writer.write(answer)
                if not answer or (b"content-length" not in answer.lower() and b"chunked" not in answer):
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(*answers: bytes) -> AsyncIterator[Server]:
    made = Server(answers)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield made


def client(server: Server, patience_s: float = 5.0, find: Callable[[], str | None] = lambda: None) -> Client:
    return Client(Http(server.url), find, random.Random(1), patience_s)


@pytest.mark.parametrize(
    ("answer", "content"),
    [
        (OK, b"{}"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: "
            b"chunked\r\n\r\n3;x=1\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: 1\r\n\r\n",
            b"abcde",
        ),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", b"until the end"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, b"{}"),
        (b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n", b""),
    ],
)
async def test_forms_of_an_answer(answer: bytes, content: bytes) -> None:
    async with serving(answer) as server:
        http = Http(server.url)
        assert [(await http.ask("GET", "/")).content for _ in range(2)] == [content, content]
        assert server.connections == (2 if content == b"until the end" else 1)
        await http.close()


@pytest.mark.parametrize(
    "answer", [b"220 mail.example.com ESMTP\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n"]
)
async def test_what_is_not_http(answer: bytes) -> None:
    async with serving(answer) as server:
        http = Http(server.url)
        with pytest.raises(BadAnswer):
            await http.ask("GET", "/")
        await http.close()


async def test_a_request_as_it_is_sent() -> None:
    async with serving(OK) as server:
        http = Http(server.url + "/behind/a/proxy/")
        await http.ask("POST", "/api", {"a": 1}, token="t", headers={"Idempotency-Key": "k"})
        await http.close()
    head, _, body = server.heard[0].partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert (lines[0], body) == (b"POST /behind/a/proxy/api HTTP/1.1", b'{"a":1}')
    assert {
        b"Idempotency-Key: k",
        b"Authorization: Bearer t",
        b"Content-Length: 7",
        b"Content-Type: application/json",
    } < set(lines)


async def test_it_asks_again_with_the_same_key() -> None:
    async with serving(b"", NO, answered(b"409 Conflict", b'{"code":"request_in_progress"}'), OK) as server:
        made = client(server)
        answer = await made.ask("POST", "/api", {}, key="one")
        await made.http.close()
    assert (answer.status, made.retries, len(server.heard)) == (200, 3, 4)
    assert all([b"Idempotency-Key: one" in heard for heard in server.heard])


async def test_it_waits_as_long_as_it_is_told() -> None:
    async with serving(b"HTTP/1.1 429 Slow\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n", OK) as server:
        made, begun = client(server, patience_s=0.1), asyncio.get_running_loop().time()
        assert (await made.ask("GET", "/")).status == 200
        await made.http.close()
    assert asyncio.get_running_loop().time() - begun >= 1
    assert (made.retries, made.held_back) == (0, 1)


async def test_it_gives_up() -> None:
    async with serving(NO) as server:
        made = client(server, patience_s=0.3)
        with pytest.raises(GaveUp, match="answers 503"):
            await made.ask("GET", "/")
        await made.http.close()


async def test_a_platform_that_came_back_elsewhere() -> None:
    async with serving(OK) as new, serving(b"") as old:
        made = client(old, find=lambda: new.url)
        assert (await made.ask("GET", "/")).status == 200
        await made.http.close()


def answered(status: bytes, body: bytes) -> bytes:
    return b"HTTP/1.1 %b\r\ncontent-length: %d\r\n\r\n%b" % (status, len(body), body)


async def buy(server: Server, orders: int = 3, patience_s: float = 0.2) -> Figures:
    figures = Figures(orders)
    made = client(server, patience_s)
    await Buying(
        made, [Buyer("b@example.com", "p", "t")], ["tea", "pot", "rare"], figures, random.Random(3), "run"
    ).all()
    await made.http.close()
    return figures


async def test_an_order_that_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buying, "END_S", 0.2)
    async with serving(answered(b"201 Created", b'{"id":"1","status":"PENDING"}')) as server:
        figures = await buy(server)
    told: dict[str, Any] = figures.told()
    assert (figures.kept, told["placed"], told["notFinal"]) == (False, 3, 3)


async def test_orders_that_are_refused() -> None:
    async with serving(answered(b"422 No", b'{"code":"unknown_product"}')) as server:
        figures = await buy(server)
    assert (figures.kept, figures.told()["refused"]) == (False, {"unknown_product": 3})


async def test_nothing_more_is_placed_once_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buying, "PLACING", 2)
    async with serving(NO) as server:
        figures = await buy(server, orders=1_000)
    assert (figures.kept, figures.accepted) == (False, 0)
    assert sum(figures.told()["lost"].values()) == 2


async def test_an_order_that_has_ended() -> None:
    order = b'{"id":"1","status":"FAILED","failure":{"code":"payment_declined"}}'
    async with serving(answered(b"201 Created", order)) as server:
        figures = await buy(server)
    assert (figures.kept, figures.told()["failed"]) == (True, {"payment_declined": 3})
    assert ("failed: payment_declined", "3") in figures.rows()
