"""NestJS's ClientProxy, unchanged, against our server: a team may move a service first."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from tests.support.queues import Outside, until
from tradewind.apis.nest import wire
from tradewind.core.request_queue import Ask
from tradewind.drivers.rabbitmq.rpc.server import RpcServer

from .nest import HANDLERS, ORDER, PUBLISHED, QUEUES, Program

pytestmark = [pytest.mark.rabbitmq, pytest.mark.node]

UNKNOWN = "There is no matching message handler defined in the remote service."


class Served:
    def __init__(self) -> None:
        self.servers: dict[str, RpcServer] = {}
        self.parked: list[tuple[str, bytes]] = []
        self.asks: list[Ask] = []

    def extra(self) -> dict[str, Any]:
        def echo(ask: Ask) -> None:
            self.asks.append(ask)
            ask.answer(ask.data)

        def fail(ask: Ask) -> None:
            raise ZeroDivisionError

        return {
            "echo": echo,
            "silent": self.asks.append,
            "bug": fail,
            "null": lambda ask: ask.answer(b"null"),
            "zero": lambda ask: ask.answer(b"0"),
            "err text": lambda ask: ask.refuse(b'"a text"'),
            '{"role":"a","cmd":"b"}': lambda ask: ask.answer(b'"both"'),
        }


@asynccontextmanager
async def serving(url: str, suffix: str) -> AsyncIterator[Served]:
    served = Served()
    async with AsyncExitStack() as stack:
        for queue in QUEUES:
            handlers = {**HANDLERS[queue], **(served.extra() if queue == ORDER else {})}
            server = RpcServer(
                url,
                queue + suffix,
                handlers,
                wire,
                name=queue,
                park=lambda reason, body: served.parked.append((reason, body)),
            )
            await server.start()
            stack.push_async_callback(server.stop)
            served.servers[queue] = server
        yield served


@pytest.fixture
async def served(url: str, suffix: str, outer: Outside) -> AsyncIterator[Served]:
    async with serving(url, suffix) as found:
        yield found


def expected(answer: Any) -> Any:
    return answer if isinstance(answer, dict) and "err" in answer else {"value": answer}


async def test_the_nine_patterns(nest_client: Program, served: Served, suffix: str) -> None:
    for queue, cmd, data, answer in PUBLISHED:
        assert await nest_client.say(queue=queue + suffix, pattern={"cmd": cmd}, data=data) == expected(
            answer
        ), cmd


CASES: list[tuple[Any, Any, Any]] = [
    ({"cmd": "echo"}, {"a": [1, 0.1, None, True, "\u00e4\U0001f375", "\u0000\n"]}, None),
    ({"cmd": "echo"}, "text", None),
    ({"cmd": "echo"}, 0, None),
    ({"cmd": "echo"}, "", None),
    ("echo", {"a": 1}, None),
    ({"cmd": "b", "role": "a"}, {}, {"value": "both"}),
    ({"cmd": "null"}, {}, {"value": None}),
    ({"cmd": "zero"}, {}, {"value": 0}),
    ({"cmd": "err text"}, {}, {"err": "a text"}),
    ({"cmd": "bug"}, {}, {"err": {"status": "error", "message": "Internal server error"}}),
    ({"cmd": "nobody"}, {}, {"err": UNKNOWN}),
    ("nobody", {}, {"err": UNKNOWN}),
    ({"cmd": {"x": [1]}}, {}, {"err": UNKNOWN}),
    (7, {}, {"err": UNKNOWN}),
    ({"cmd": "echo"}, [[[[[[1]]]]]] * 40, None),
]


@pytest.mark.parametrize(
    "client", [{}, {"queueOptions": {}}, {"persistent": True, "headers": {"x-lang": "de"}, "noAssert": True}]
)
async def test_answers_of_any_shape(
    client: dict[str, Any], nest_client: Program, served: Served, suffix: str
) -> None:
    """Also: the queue that we have declared is the one that NestJS declares by default, else it would be
    closed with a 406.
    """
    for pattern, data, answer in CASES:
        said = await nest_client.say(queue=ORDER + suffix, pattern=pattern, data=data, client=client)
        assert said == (answer or {"value": data}), (pattern, data)
    assert served.parked == []


async def test_a_stream_ends_after_our_answer(nest_client: Program, served: Served, suffix: str) -> None:
    """isDisposed: without it `toArray` would wait for more."""
    assert await nest_client.say(queue=ORDER + suffix, pattern={"cmd": "echo"}, data=1, all=True) == {
        "values": [1]
    }


async def test_options_of_a_record(nest_client: Program, served: Served, suffix: str) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    record = {
        "headers": {"traceparent": trace, "x-any": "1"},
        "priority": 3,
        "persistent": True,
        "expiration": "5000",
        "messageId": "m",
    }
    said = await nest_client.say(queue=ORDER + suffix, pattern={"cmd": "echo"}, data={"a": 1}, record=record)
    assert said == {"value": {"a": 1}}
    (ask,) = served.asks
    assert ask.traceparent == trace
    assert ask.deadline_ms == 0
    assert len(ask.id) == 21


async def test_a_record_without_data(nest_client: Program, served: Served, suffix: str) -> None:
    said = await nest_client.say(queue=ORDER + suffix, pattern={"cmd": "echo"}, record={"priority": 0})
    assert said == {"value": None}


async def test_an_event_is_kept_aside(nest_client: Program, served: Served, suffix: str) -> None:
    assert await nest_client.say(queue=ORDER + suffix, pattern="order_created", data={"a": 1}, emit=True) == {
        "emitted": True
    }
    await until(lambda: served.parked)
    assert served.parked == [
        ("an event, on a queue of requests", b'{"pattern":"order_created","data":{"a":1}}')
    ]
    assert await nest_client.say(queue=ORDER + suffix, pattern="echo", data=1) == {"value": 1}


async def test_a_caller_that_has_given_up_hurts_no_other(
    nest_client: Program, served: Served, suffix: str
) -> None:
    assert await nest_client.say(queue=ORDER + suffix, pattern="echo", data=1) == {
        "value": 1
    }  # it connects when first used
    said = await nest_client.say(queue=ORDER + suffix, pattern="silent", data=1, wait=50)
    assert said == {"failed": "TimeoutError"}
    await until(lambda: len(served.asks) == 2)
    served.asks[1].answer(b"1")
    assert await nest_client.say(queue=ORDER + suffix, pattern="echo", data=2) == {"value": 2}


async def test_many_at_once(nest_client: Program, served: Served, suffix: str) -> None:
    for number in range(500):
        nest_client.tell(queue=ORDER + suffix, pattern={"cmd": "echo"}, data={"number": number}, mark=number)
    for _ in range(500):
        said = await nest_client.hear()
        assert said["value"] == {"number": said["mark"]}


async def alone(outer: Outside, queue: str) -> None:
    async with asyncio.timeout(60):
        while (await outer.link.declare_queue(queue, passive=True)).consumers != 1:
            await asyncio.sleep(0.01)


async def test_a_nest_service_gives_way_to_ours(
    nest_client: Program, nest_services: Program, outer: Outside, url: str, suffix: str
) -> None:
    """Both on one queue, then ours alone: no caller sees it."""
    async with serving(url, suffix) as served:
        for number in range(20):
            said = await nest_client.say(
                queue=ORDER + suffix, pattern={"cmd": "get_order_by_id"}, data={"id": str(number)}
            )
            assert said == {"value": {"id": str(number)}}
        assert 0 < served.servers[ORDER].taken.answered < 20
        nest_services.process.kill()
        await nest_services.process.wait()
        await alone(
            outer, ORDER + suffix
        )  # it takes without acks: what the broker sends to a dying one is lost, with NestJS as with us
        said = await nest_client.say(
            queue=ORDER + suffix, pattern={"cmd": "get_order_by_id"}, data={"id": "last"}
        )
        assert said == {"value": {"id": "last"}}
