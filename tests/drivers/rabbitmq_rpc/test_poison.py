"""Whatever lies on a queue: its sender is told, or it is parked with its reason; it is gone, and the next
request is answered.
"""

import asyncio
import base64
import json
from typing import Any

import pytest
from pamqp import commands

from tests.support.queues import Outside, do, until
from tradewind.apis.nest import wire
from tradewind.core.request_queue import Kind, Outcome
from tradewind.drivers.rabbitmq.amqp import Limits, Properties
from tradewind.drivers.rabbitmq.rpc import server
from tradewind.drivers.rabbitmq.rpc.addresses import DIRECT
from tradewind.drivers.rabbitmq.rpc.proving import channel

from .support import ECHO, HOLD, Both, both, unacked

pytestmark = pytest.mark.rabbitmq

UNKNOWN = "There is no matching message handler defined in the remote service."


def bad(reason: str) -> dict[str, Any]:
    return {"status": "error", "message": f"Bad request: {reason}", "statusCode": 400}


def packet(pattern: bytes = ECHO, data: bytes = b"1") -> bytes:
    return wire.pack_request(pattern, data, b"7")


DEEP = b"[" * 100 + b"]" * 100
POISON: dict[str, tuple[bytes, Any]] = {
    "empty": (b"", bad("not JSON")),
    "not JSON": (b"hello", bad("not JSON")),
    "half": (packet()[:-1], bad("not JSON")),
    "binary": (bytes(range(256)), bad("not JSON")),
    "no UTF-8": (packet(data=b'"\xff"'), bad("not JSON")),
    "lone surrogate": (packet(data=b'"\\ud800"'), bad("not JSON")),
    "NaN": (packet(data=b"NaN"), bad("not JSON")),
    "UTF-16": (packet().decode().encode("utf-16"), bad("not JSON")),
    "a list": (b"[]", bad("not a JSON object")),
    "a number": (b"7", bad("not a JSON object")),
    "null": (b"null", bad("not a JSON object")),
    "another shape": (b'{"id":"7","order":{}}', bad("neither pattern nor data")),
    "10 MB": (packet(data=b'"' + b"x" * 10_000_000 + b'"'), bad("larger than 8388608 bytes")),
    "deep": (packet(data=DEEP), bad("nested deeper than 64")),
    "very deep": (packet(data=DEEP * 1000), bad("not JSON")),
    "abysmal": (packet(data=b"[" * 1_000_000 + b"]" * 1_000_000), bad("nested deeper than 64")),
    "deep pattern": (packet(pattern=DEEP), UNKNOWN),
    "unknown pattern": (packet(pattern=b'{"cmd":"nobody"}'), UNKNOWN),
    "unknown text": (packet(pattern=b'"nobody"'), UNKNOWN),
    "pattern null": (packet(pattern=b"null"), UNKNOWN),
    "no pattern": (b'{"data":1,"id":"7"}', UNKNOWN),
}


@pytest.mark.parametrize("kind", POISON)
async def test_the_sender_is_told(kind: str, pair: Both, outer: Outside) -> None:
    body, err = POISON[kind]
    inbox = await outer.inbox()
    outer.send(pair.server.queue, body, Properties(reply_to=inbox.name, correlation_id="c-1"))
    reply = await inbox.next()
    assert reply.properties.correlation_id == "c-1"
    assert json.loads(reply.body)["err"] == err
    await gone_and_well(pair)
    assert pair.parked == []


@pytest.mark.parametrize("kind", [kind for kind in POISON if POISON[kind][1] != UNKNOWN])
async def test_without_a_sender_it_is_parked(kind: str, pair: Both, outer: Outside) -> None:
    body, err = POISON[kind]
    outer.send(pair.server.queue, body)
    await until(lambda: pair.parked)
    reason, kept = pair.parked[0]
    assert kept == body
    if kind not in ("deep",):
        assert bad(reason) == err
    await gone_and_well(pair)


EVENTS = {
    "event": (b'{"pattern":"order_created","data":{}}', "an event, on a queue of requests"),
    "event for a handler": (b'{"pattern":{"cmd":"echo"},"data":{}}', "an event, on a queue of requests"),
    "request without reply-to": (packet(), "a request without a reply-to that can be answered"),
}


@pytest.mark.parametrize("kind", EVENTS)
async def test_what_asks_nothing_is_parked(kind: str, pair: Both, outer: Outside) -> None:
    body, reason = EVENTS[kind]
    outer.send(pair.server.queue, body)
    await until(lambda: pair.parked)
    assert pair.parked == [(reason, body)]
    assert pair.handlers.seen == []
    await gone_and_well(pair)


def direct(pid: bytes, key: str = "Zm9v") -> str:
    return f"{DIRECT}.{base64.b64encode(pid).decode()}.{key}"


NODE = b"reply@57398136"
PID = b"\x83Xd" + len(NODE).to_bytes(2) + NODE + bytes(12)
WRONG = {
    "half": f"{DIRECT}.",
    "like it": f"{DIRECT}x",
    "no pid": direct(b"hello"),
    "cut": direct(PID[:-1]),
    "long": direct(PID + b"x"),
    "an atom": direct(b"\x83d\0\1a"),
    "an unknown name": direct(PID.replace(b"Xd", b"Xh")),
    "no base64": f"{DIRECT}.g1h2 AA5y.Zm9v",
    "no key": direct(PID, ""),
    "bad key": direct(PID, "$"),
}
NOBODY = {
    "no such queue": "nobody-" + "x" * 240,
    "zero": "\x00",
    "umlauts": "ä" * 100,
    "no UTF-8": "\udcff\udcfe",
}


@pytest.mark.parametrize("kind", WRONG)
async def test_a_reply_to_that_would_cost_us_the_connection(kind: str, pair: Both, outer: Outside) -> None:
    lives = pair.server._answers.lives
    outer.send(pair.server.queue, packet(), Properties(reply_to=WRONG[kind]))
    outer.send(pair.server.queue, b"hello", Properties(reply_to=WRONG[kind]))
    await until(lambda: len(pair.parked) == 2)
    assert [reason for reason, _ in pair.parked] == [
        "a request without a reply-to that can be answered",
        "not JSON",
    ]
    await gone_and_well(pair)
    assert pair.server._answers.lives == lives, "the answers of all others go over the same link"


@pytest.mark.parametrize("kind", NOBODY)
async def test_a_reply_to_where_nobody_is(kind: str, pair: Both, outer: Outside) -> None:
    lives = pair.server._answers.lives
    outer.send(pair.server.queue, packet(), Properties(reply_to=NOBODY[kind]))
    outer.send(pair.server.queue, packet(pattern=b'"nobody"'), Properties(reply_to=NOBODY[kind]))
    await until(lambda: pair.server.taken.unknown)
    assert len(pair.handlers.seen) == 1
    await gone_and_well(pair)
    assert pair.server._answers.lives == lives


@pytest.mark.parametrize("node", [b"v\0\x09reply@123", b"w\x09reply@123", b"d\0\x09reply@123"])
async def test_a_reply_to_that_the_broker_breaks_at(
    node: bytes, url: str, queue: str, outer: Outside
) -> None:
    """It is well-formed, but of no node that is there. It costs a connection that nobody else answers over,
    twice, and is known then.
    """
    wrong = direct(b"\x83X" + node + bytes(12))
    async with both(url, queue, limits=Limits(retry_first_s=0.01, retry_most_s=0.01)) as pair:
        assert await pair.ask(ECHO, b"1")
        server = pair.server
        outer.send(queue, packet(), Properties(reply_to=wrong))
        await until(lambda: channel(wrong) in server._replies._prover._bad)
        outer.send(queue, packet(), Properties(reply_to=wrong))
        await until(lambda: len(pair.handlers.seen) == 3)
        await gone_and_well(pair)
        assert (server._answers.lives, server._link.lives, server._proofs.lives) == (1, 1, 3)


async def test_a_new_client_is_answered_after_a_forged_one(url: str, queue: str, outer: Outside) -> None:
    wrong = direct(b"\x83Xv\0\x09reply@123" + bytes(12))
    async with both(url, queue, limits=Limits(retry_first_s=0.01, retry_most_s=0.01)) as pair:
        outer.send(queue, packet(), Properties(reply_to=wrong))
        answers = await asyncio.gather(*[pair.ask(ECHO, b"%d" % number) for number in range(20)])
        assert [outcome.body for outcome in answers] == [b"%d" % number for number in range(20)]


async def test_an_answer_that_comes_back_as_a_request_ends_there(pair: Both, outer: Outside) -> None:
    outer.send(pair.server.queue, packet(), Properties(reply_to=pair.server.queue))
    await until(lambda: pair.parked)
    assert pair.parked == [("neither pattern nor data", b'{"response":1,"isDisposed":true,"id":"7"}')]
    await gone_and_well(pair)


@pytest.mark.parametrize("known", [False, True])
async def test_an_answer_that_is_too_large(known: bool, pair: Both) -> None:
    if known:
        await pair.ask(ECHO)
    outcome = pair.ask(HOLD)
    await until(lambda: pair.handlers.held)
    pair.handlers.held[0].answer(b'"' + b"x" * 17_000_000 + b'"')
    assert await outcome == Outcome(Kind.REFUSED, wire.INTERNAL)


async def test_a_place_to_park_that_fails(
    url: str, queue: str, outer: Outside, caplog: pytest.LogCaptureFixture
) -> None:
    async with both(url, queue) as pair:

        def fail(reason: str, body: bytes) -> None:
            raise OSError("full")

        pair.server._aside._park = fail
        outer.send(queue, b"hello")
        await until(lambda: "could not be parked (not JSON)" in caplog.text)
        await gone_and_well(pair)


async def test_a_bug_of_ours_takes_one_message_with_it(
    pair: Both, outer: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "notes", lambda headers: 1 / 0)
    assert json.loads((await pair.ask(ECHO)).body) == bad("it could not be taken")
    monkeypatch.undo()
    await gone_and_well(pair)


async def gone_and_well(pair: Both) -> None:
    """Nothing is left to be put back, the next one is answered, and again nothing is left."""
    taken = pair.server.taken
    await until(lambda: pair.server.in_flight == 0)
    pair.server._window.flush()  # acknowledgements wait a moment for each other
    before = (taken.poison, taken.unknown, taken.events, taken.redelivered)
    await do(pair.server._link, commands.Basic.Recover(requeue=True), "Basic.RecoverOk")
    assert (await pair.ask(ECHO, b'"next"')).body == b'"next"'
    assert (taken.poison, taken.unknown, taken.events, taken.redelivered) == before
    assert pair.server.in_flight == 0
    assert await unacked(pair.server) == 0
