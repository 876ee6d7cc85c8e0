"""Messages through a real server: published, confirmed, returned, delivered, acked, rejected, answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.drivers.rabbitmq.support import Kept, until
from tradewind.drivers.rabbitmq.amqp import (
    BrokerUnusable,
    Delivery,
    Limits,
    Link,
    LinkDown,
    Properties,
    queues,
)

pytestmark = pytest.mark.rabbitmq
Links = Callable[..., Link]
DIRECT = "amq.rabbitmq.reply-to"


async def test_all_that_is_said_beside_a_body_arrives(url: str, link: Links, name: str, kept: Kept) -> None:
    ours = link(url, setup=kept.consuming(name), confirms=True)
    await ours.start()
    said = Properties(
        "application/json",
        "c-1",
        "answers",
        "m-1",
        "60000",
        "order.created",
        "tests",
        1_763_720_197,
        2,
        {
            "x-deadline": 1_763_720_197_000,
            "traceparent": "00-ab-cd-01",
            "deep": {"list": [1, 2.5, None, True, "ü"]},
        },
    )
    ours.publish("", name, b"{}", said, mandatory=True, then=kept.outcomes.append)
    assert kept.outcomes == []  # never from within
    await until(lambda: kept.deliveries and kept.outcomes)
    [delivery] = kept.deliveries
    assert (delivery.body, delivery.routing_key, delivery.exchange, delivery.redelivered) == (
        b"{}",
        name,
        "",
        False,
    )
    assert delivery.properties == said
    assert kept.outcomes == [""]


async def test_every_message_is_confirmed_once_and_comes_in_order(
    url: str, link: Links, name: str, kept: Kept
) -> None:
    ours = link(url, setup=kept.consuming(name), confirms=True, limits=Limits(prefetch=2000))
    await ours.start()
    for number in range(1000):
        ours.publish("", name, b"%d" % number, then=kept.outcomes.append)
    await until(lambda: len(kept.outcomes) == 1000 and len(kept.deliveries) == 1000)
    assert set(kept.outcomes) == {""}
    assert [int(body) for body in kept.bodies] == list(range(1000))
    assert ours.outstanding == 0


@pytest.mark.parametrize("size", [0, 1, 131_064, 131_065, 3_000_000])
async def test_a_body_of_any_size(url: str, link: Links, name: str, kept: Kept, size: int) -> None:
    ours = link(url, setup=kept.consuming(name))
    await ours.start()
    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    ours.publish("", name, body)
    await until(lambda: kept.deliveries)
    assert kept.bodies == [body]


async def test_a_message_that_no_queue_takes_is_told(url: str, link: Links, name: str, kept: Kept) -> None:
    sure = link(url, setup=kept.consuming(name), confirms=True)
    quick = link(url)
    await sure.start()
    await quick.start()
    told: list[tuple[int, str]] = []
    for number in range(20):  # every second one has somewhere to go
        key = name if number % 2 else name + ".none"
        sure.publish(
            "",
            key,
            b"",
            Properties(message_id=str(number)),
            mandatory=True,
            then=lambda says, n=number: told.append((n, says)),  # type: ignore[misc]
        )
    await until(lambda: len(told) == 20)
    assert all((says == "") == bool(number % 2) for number, says in told)
    assert f"no such queue (default exchange, {name}.none)" in dict(told)[0]
    for _ in range(3):
        quick.publish("", name + ".none", b"", mandatory=True, returned=kept.outcomes.append)
    await until(lambda: len(kept.outcomes) == 3)


async def test_a_question_is_answered_directly(url: str, link: Links, name: str, kept: Kept) -> None:
    async def answering(server: Link) -> None:
        def answer(delivery: Delivery) -> None:
            server.publish(
                "",
                delivery.properties.reply_to,
                b"yes",
                Properties(correlation_id=delivery.properties.correlation_id),
            )
            server.ack(delivery)

        await server.declare_queue(name, durable=False, auto_delete=True)
        await server.consume(name, answer)

    answers = Kept()

    async def asking(client: Link) -> None:
        await client.consume(DIRECT, answers.deliveries.append, no_ack=True)

    server, client = link(url, setup=answering), link(url, setup=asking)
    await server.start()
    await client.start()
    said = Properties(correlation_id="q", reply_to=DIRECT)
    client.publish("", name, b"?", said, mandatory=True, returned=kept.outcomes.append)
    client.publish(
        "", name + ".none", b"?", said, mandatory=True, returned=kept.outcomes.append
    )  # the broker rewrites its reply-to
    await until(lambda: answers.deliveries and kept.outcomes)
    assert [(answer.body, answer.properties.correlation_id) for answer in answers.deliveries] == [
        (b"yes", "q")
    ]
    client.ack(answers.deliveries[0])  # there is nothing to ack: nothing happens
    for wrong in (
        DIRECT,
        DIRECT + ".",
        DIRECT + ".nonsense",
        DIRECT + ".g1h2AA" + "x" * 100,
        "gone",
        "\udcff",
    ):
        server.publish("", wrong, b"to nobody")
    client.publish("", name, b"again", said)
    await until(lambda: len(answers.deliveries) == 2)
    assert server.lives == client.lives == 1


async def test_what_is_rejected_comes_again_or_goes_to_the_dead_letters(
    url: str, link: Links, name: str, kept: Kept
) -> None:
    dead = Kept()

    async def setup(ours: Link) -> None:
        await ours.declare_exchange(name, "fanout", durable=False)
        await ours.declare_queue(name + ".dead", durable=False, auto_delete=True)
        await ours.bind(name + ".dead", name, "")
        await ours.consume(name + ".dead", dead.deliveries.append)
        arguments = queues.quorum(dead_letter=name, delivery_limit=2) | {"x-expires": 60_000}
        assert (await ours.declare_queue(name, arguments=arguments)).consumers == 0
        await ours.consume(name, kept.deliveries.append)

    ours = link(url, setup=setup, confirms=True)
    await ours.start()
    ours.publish("", name, b"bad", Properties(delivery_mode=2))
    for tried in range(3):
        await until(lambda wanted=tried + 1: len(kept.deliveries) == wanted)  # type: ignore[misc]
        assert queues.deliveries_before(kept.deliveries[-1]) == tried
        ours.reject(kept.deliveries[-1], requeue=True)
        ours.reject(kept.deliveries[-1], requeue=True)  # a second time is no matter
    await until(lambda: dead.deliveries)
    assert dead.bodies == [b"bad"]
    assert queues.deliveries_before(dead.deliveries[0]) >= 1
    assert ours.lives == 1


async def test_acks_of_many_at_once_and_prefetch(url: str, link: Links, name: str, kept: Kept) -> None:
    async def setup(ours: Link) -> None:
        await ours.declare_queue(name, durable=False, auto_delete=True)
        await ours.qos(5)
        await ours.consume(name, kept.deliveries.append)

    ours, other = link(url, setup=setup), link(url, confirms=True)
    await ours.start()
    await other.start()
    for _ in range(12):
        other.publish("", name, b"", then=kept.outcomes.append)
    await until(lambda: len(kept.deliveries) == 5 and len(kept.outcomes) == 12)
    state = await other.declare_queue(name, passive=True)
    assert (state.messages, state.consumers) == (7, 1)
    ours.ack(kept.deliveries[2], multiple=True)
    for delivery in kept.deliveries[:3]:  # all of them are acked already
        ours.ack(delivery)
    await until(lambda: len(kept.deliveries) == 8)
    ours.ack(kept.deliveries[7], multiple=True)
    await until(lambda: len(kept.deliveries) == 12)
    assert ours.lives == 1


async def test_a_handler_that_fails_stops_nobody(
    url: str, link: Links, name: str, kept: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    def take(delivery: object) -> None:
        kept.outcomes.append("")
        if len(kept.outcomes) == 1:
            raise RuntimeError("a bug")

    async def setup(ours: Link) -> None:
        await ours.declare_queue(name, durable=False, auto_delete=True)
        await ours.consume(name, take)

    ours = link(url, setup=setup)
    await ours.start()
    for _ in range(3):
        ours.publish("", name, b"")
    await until(lambda: len(kept.outcomes) == 3)
    assert "could not be handed over" in caplog.text


async def test_a_cancelled_subscription_gets_no_more(url: str, link: Links, name: str, kept: Kept) -> None:
    tags: list[str] = []

    async def setup(ours: Link) -> None:
        await ours.declare_queue(name, arguments={"x-expires": 60_000})
        tags.append(await ours.consume(name, kept.deliveries.append))

    ours = link(url, setup=setup, confirms=True)
    await ours.start()
    await ours.cancel(tags[0])
    await ours.cancel(tags[0])
    ours.publish("", name, b"later", then=kept.outcomes.append)
    await until(lambda: kept.outcomes)
    assert (await ours.declare_queue(name, arguments={"x-expires": 60_000})).messages == 1
    assert kept.deliveries == []


async def test_a_stop_waits_for_confirms_and_refuses_what_is_new(
    url: str, link: Links, name: str, kept: Kept
) -> None:
    ours = link(url, setup=kept.consuming(name), confirms=True)
    with pytest.raises(LinkDown, match="not started"):
        ours.publish("", name, b"")
    await ours.start()
    for _ in range(50):
        ours.publish("", name, b"x" * 1000, then=kept.outcomes.append)
    await ours.stop()
    assert kept.outcomes == [""] * 50
    assert (ours.up, ours.missing) == (False, "stopped")
    with pytest.raises(LinkDown, match="stopped"):
        ours.publish("", name, b"")
    ours.ack(kept.deliveries[0])
    await ours.stop()
    await ours.start()  # and a new start works
    assert ours.up and ours.missing == ""


async def test_an_error_of_the_setup_is_told_as_it_is(url: str, link: Links) -> None:
    async def setup(ours: Link) -> None:
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        await link(url, setup=setup).start()

    async def slow(ours: Link) -> None:
        await asyncio.Event().wait()

    with pytest.raises(BrokerUnusable, match=r"setup took more than 0\.1 s"):
        await link(url, setup=slow, limits=Limits(setup_s=0.1)).start()
    with pytest.raises(BrokerUnusable, match=r"not ready in 0\.1 s"):
        await link(url, setup=slow).start(0.1)
