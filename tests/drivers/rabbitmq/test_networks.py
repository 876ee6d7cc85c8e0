"""A link through a bad network: it comes back by itself, tells every message's end once, and keeps no more
than its limits.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from urllib.parse import urlsplit

import pytest
from pamqp import commands, frame

from tests.drivers.rabbitmq.support import Kept, until
from tests.support.proxy import Proxy, proxy
from tradewind.drivers.rabbitmq.amqp import Limits, Link, LinkDown, LinkFull, Properties, fields, frames
from tradewind.drivers.rabbitmq.amqp.properties import NONE

pytestmark = pytest.mark.rabbitmq
Links = Callable[..., Link]
QUICK = Limits(retry_first_s=0.01, retry_most_s=0.05)


@pytest.fixture
async def network(url: str) -> AsyncIterator[Proxy]:
    async with proxy(urlsplit(url).port or 5672) as between:
        yield between


@pytest.fixture
def through(network: Proxy) -> str:
    return f"amqp://guest:guest@127.0.0.1:{network.port}"


@pytest.mark.parametrize("how", ["cut", "reset", "inject"])
async def test_a_lost_connection_comes_back(
    network: Proxy, through: str, link: Links, name: str, kept: Kept, how: str
) -> None:
    events: list[str] = []

    async def setup(ours: Link) -> None:
        assert not ours.up
        await ours.declare_queue(name, arguments={"x-expires": 60_000})
        await ours.consume(name, kept.deliveries.append)

    ours = link(through, setup=setup, confirms=True, limits=QUICK)
    ours.on_up.append(lambda: events.append("up"))
    ours.on_down.append(events.append)
    ours.on_down.insert(0, lambda _: [][0])  # one that fails
    await ours.start()
    ours.publish("", name, b"first", then=kept.outcomes.append)
    await until(lambda: kept.deliveries and kept.outcomes)
    for number in range(100):
        ours.publish("", name, b"%d" % number, then=kept.outcomes.append)
    if how == "inject":
        network.inject(b"GARBAGE, at least eight bytes")
    else:
        getattr(network, how)()
    await until(lambda: len(events) == 3)
    assert len(kept.outcomes) == 101  # each once, when it went down at the latest
    assert all(
        outcome == "" or outcome.startswith("lost before the broker confirmed it")
        for outcome in kept.outcomes
    )
    assert events[0] == events[2] == "up"
    assert "RabbitMQ 127.0.0.1" in events[1]
    assert ours.lives == 2 and ours.missing == ""
    await until(lambda: len([body for body in kept.bodies if body == b"first"]) == 2)  # it was not acked
    old, new = [delivery for delivery in kept.deliveries if delivery.body == b"first"]
    assert new.redelivered and new.epoch == 2
    ours.ack(old, multiple=True)  # of a life that is over: nothing happens
    ours.reject(old, requeue=False)
    ours.ack(new)
    ours.publish("", name, b"last", then=kept.outcomes.append)
    await until(lambda: kept.bodies[-1:] == [b"last"])
    assert ours.lives == 2


async def test_an_ack_for_an_earlier_life_is_no_ack(
    network: Proxy, through: str, link: Links, name: str, kept: Kept
) -> None:
    async def setup(ours: Link) -> None:
        await ours.declare_queue(name, arguments={"x-expires": 60_000})
        await ours.consume(name, kept.deliveries.append)

    ours = link(through, setup=setup, limits=QUICK)
    await ours.start()
    ours.publish("", name, b"kept")
    for life in (1, 2, 3):
        await until(lambda wanted=life: len(kept.deliveries) == wanted)  # type: ignore[misc]
        assert (kept.deliveries[-1].tag, kept.deliveries[-1].epoch) == (1, life)  # all tags are alike
        if life > 1:
            ours.ack(kept.deliveries[0])
            await ours.declare_queue(name, passive=True)  # by when the broker has seen all that was before
        network.cut()
        await until(lambda last=life: ours.lives > last and ours.up)  # type: ignore[misc]


async def test_while_there_is_no_broker(network: Proxy, through: str, link: Links, kept: Kept) -> None:
    ours = link(through, confirms=True, limits=QUICK, random=random.Random(7))
    await ours.start()
    network.accepting = False
    network.cut()
    await until(lambda: not ours.up)
    with pytest.raises(LinkDown, match="RabbitMQ 127"):
        ours.publish("", "q", b"", then=kept.outcomes.append)
    with pytest.raises(LinkDown):
        await ours.declare_queue("q")
    began, loop = ours.lives, asyncio.get_running_loop()
    since = loop.time()
    await until(lambda: ours.lives >= began + 20)
    assert loop.time() - since > 0.15  # with pauses: 20 of 0 .. 50 ms
    assert "closes the connection without a word" in ours.missing
    network.accepting = True
    await until(lambda: ours.up)
    assert kept.outcomes == []


async def test_one_byte_at_a_time(network: Proxy, through: str, link: Links, name: str, kept: Kept) -> None:
    network.piece = 1
    ours = link(through, setup=kept.consuming(name), confirms=True)
    await ours.start()
    ours.publish(
        "", name, b"x" * 300, Properties(headers={"a": 1}), mandatory=True, then=kept.outcomes.append
    )
    await until(lambda: kept.deliveries and kept.outcomes)
    assert kept.bodies == [b"x" * 300] and kept.outcomes == [""]


async def test_a_connection_that_stands_still_is_noticed(
    network: Proxy, through: str, link: Links, kept: Kept
) -> None:
    ours = link(f"{through}?heartbeat=1", confirms=True, limits=QUICK)
    idle = link(f"{through}?heartbeat=1")
    await ours.start()
    await idle.start()
    network.stall()
    ours.publish("", "nobody", b"", then=kept.outcomes.append)
    await until(lambda: not ours.up)
    assert "no sign of life for 2 s" in ours.missing
    assert kept.outcomes and "no sign of life" in kept.outcomes[0]
    network.resume()
    await until(lambda: ours.up and idle.up)


async def test_heartbeats_keep_an_idle_connection(network: Proxy, through: str, link: Links) -> None:
    ours = link(f"{through}?heartbeat=1")
    await ours.start()
    await until(
        lambda: network.heard.count(frames.BEAT) >= 5
    )  # the broker gives up after two intervals without
    assert ours.up and ours.lives == 1


async def test_a_network_that_takes_nothing(
    network: Proxy, through: str, link: Links, name: str, kept: Kept
) -> None:
    limits = Limits(buffer_bytes=3_000_000, prefetch=1000)
    ours = link(through, setup=kept.consuming(name, no_ack=True), confirms=True, limits=limits)
    await ours.start()
    network.stall()
    sent, refused = 0, ""
    while not refused and sent < 1000:
        try:
            ours.publish("", name, b"x" * 50_000, then=kept.outcomes.append)
            sent += 1
            await asyncio.sleep(0)
        except LinkFull as full:
            refused = str(full)
    assert "bytes for the network" in refused
    assert sent < 400  # our buffer, and those of the sockets between
    network.resume()
    await until(lambda: len(kept.outcomes) == sent and len(kept.deliveries) == sent)
    assert set(kept.outcomes) == {""}


async def test_a_confirm_that_never_comes(network: Proxy, through: str, link: Links, kept: Kept) -> None:
    ours = link(f"{through}?heartbeat=1", confirms=True, limits=Limits(confirm_s=0.1, retry_most_s=0.05))
    await ours.start()
    network.piece = 0  # from now on all bytes are swallowed
    ours.publish("", "nobody", b"", then=kept.outcomes.append)

    def told() -> bool:
        network.inject(frames.BEAT)
        return bool(kept.outcomes)

    await until(told)
    assert "has not confirmed a message" in kept.outcomes[0]


async def test_what_comes_unasked_is_no_matter_or_ends_the_connection(
    network: Proxy, through: str, link: Links
) -> None:
    ours = link(through, limits=QUICK)
    await ours.start()
    network.inject(
        frame.marshal(commands.Basic.Deliver("nobody", 1, False, "", "k"), 1)
        + frames.content(fields.pack_properties(NONE, 0), b"", 9)
    )
    network.inject(frame.marshal(commands.Basic.Ack(99, True), 1) + frame.marshal(commands.Basic.Nack(99), 1))
    network.inject(
        frame.marshal(commands.Basic.Return(313, "NO_CONSUMERS", "", "k"), 1)
        + frames.content(fields.pack_properties(NONE, 0), b"", 9)
    )
    await ours.declare_queue("", exclusive=True, durable=False)
    assert ours.lives == 1
    for wrong in (commands.Queue.BindOk(), commands.Connection.CloseOk(), commands.Basic.GetEmpty()):
        lives = ours.lives
        network.inject(frame.marshal(wrong, 1))
        await until(lambda before=lives: ours.lives > before and ours.up)  # type: ignore[misc]


async def test_a_stop_ends_the_attempts(network: Proxy, through: str, link: Links, kept: Kept) -> None:
    ours = link(through, confirms=True, limits=QUICK)
    await ours.start()
    network.stall()
    ours.publish("", "nobody", b"", then=kept.outcomes.append)
    await ours.stop(0.05)
    assert kept.outcomes == ["lost before the broker confirmed it: stopped"]
    lives = ours.lives
    network.resume()
    other = link(through)
    await other.start()
    assert ours.lives == lives and not ours.up
    assert not [
        task
        for task in asyncio.all_tasks()
        if task.get_name() == "amqp link test" and task is not other._keeper
    ]
