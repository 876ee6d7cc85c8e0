"""Our client against NestJS's microservices, unchanged: a team may move the gateway first."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tradewind.apis.nest import wire
from tradewind.core.request_queue import Kind, Outcome
from tradewind.drivers.rabbitmq.rpc.client import RpcClient

from .nest import ORDER, PUBLISHED, Program

pytestmark = [pytest.mark.rabbitmq, pytest.mark.node]

UNKNOWN = "There is no matching message handler defined in the remote service."


class Asking:
    def __init__(self, client: RpcClient, suffix: str) -> None:
        self.client, self.suffix = client, suffix

    async def __call__(self, pattern: Any, data: Any, queue: str = ORDER, traceparent: str = "") -> Outcome:
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        cmd, body = (
            json.dumps(pattern, separators=(",", ":")).encode(),
            json.dumps(data, ensure_ascii=False).encode(),
        )
        self.client.call(queue + self.suffix, cmd, body, 10.0, future.set_result, traceparent=traceparent)
        return await future


@pytest.fixture
async def ask(nest_services: Program, url: str, suffix: str) -> AsyncIterator[Asking]:
    client = RpcClient(url, wire, name="interop")
    await client.start()
    yield Asking(client, suffix)
    await client.stop()


async def test_the_nine_patterns(ask: Asking) -> None:
    for queue, cmd, data, answer in PUBLISHED:
        outcome = await ask({"cmd": cmd}, data, queue)
        refused = isinstance(answer, dict) and "err" in answer
        assert outcome.kind is (Kind.REFUSED if refused else Kind.ANSWER), cmd
        assert json.loads(outcome.body) == (answer["err"] if refused else answer), cmd


CASES: list[tuple[Any, Kind, Any]] = [
    ({"cmd": "undefined"}, Kind.ANSWER, None),
    ({"cmd": "null"}, Kind.ANSWER, None),
    ({"cmd": "none"}, Kind.ANSWER, None),
    ({"cmd": "zero"}, Kind.ANSWER, 0),
    ({"cmd": "text"}, Kind.ANSWER, "text"),
    ({"cmd": "several"}, Kind.ANSWER, 1),
    ({"cmd": "several_slow"}, Kind.ANSWER, "first"),
    ({"cmd": "value_then_error"}, Kind.ANSWER, "first"),
    ({"cmd": "rpc_text"}, Kind.REFUSED, {"status": "error", "message": "a text"}),
    ({"cmd": "plain_error"}, Kind.REFUSED, {"status": "error", "message": "Internal server error"}),
    ({"cmd": "rejects"}, Kind.REFUSED, {"message": "no", "statusCode": 409, "more": [1]}),
    ({"cmd": "nobody"}, Kind.REFUSED, UNKNOWN),
    ("nobody", Kind.REFUSED, UNKNOWN),
    ("a text pattern", Kind.ANSWER, {"text": {"a": 1}}),
    ({"role": "a", "cmd": "b"}, Kind.ANSWER, "both"),
    ({"cmd": "b", "role": "a"}, Kind.ANSWER, "both"),
]


async def test_answers_of_any_shape(ask: Asking) -> None:
    for pattern, kind, body in CASES:
        outcome = await ask(pattern, {"a": 1})
        assert (outcome.kind, json.loads(outcome.body)) == (kind, body), pattern


@pytest.mark.parametrize(
    "data", [{"a": [1, 0.1, None, True, "\u00e4\U0001f375", "\u0000\n"]}, "text", 0, "", [], None]
)
async def test_data_of_any_shape(data: Any, ask: Asking) -> None:
    outcome = await ask({"cmd": "echo"}, data)
    assert (outcome.kind, json.loads(outcome.body)) == (Kind.ANSWER, data)


async def test_what_nest_sees_of_our_message(ask: Asking) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    seen = json.loads((await ask({"cmd": "headers"}, {"a": 1}, traceparent=trace)).body)
    assert seen["headers"].pop("x-deadline") > 1_700_000_000_000
    assert seen == {
        "headers": {"traceparent": trace},
        "expiration": "10000",
        "deliveryMode": None,
        "keys": ["pattern", "data", "id"],
        "same": True,
        "pattern": '{"cmd":"headers"}',
    }


async def test_many_at_once(ask: Asking) -> None:
    answers = await asyncio.gather(*[ask({"cmd": "echo"}, number) for number in range(1000)])
    assert [int(outcome.body) for outcome in answers] == list(range(1000))
