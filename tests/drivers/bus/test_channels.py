"""What a channel promises programs of other teams, whichever driver carries it: only the published form, no id
needed, nothing lost, nothing in a loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest

from tests.drivers.bus.channels import (
    AT,
    FIRST_SEEN,
    PATIENCE_S,
    TRACE,
    Deliveries,
    Driver,
    InMemory,
    Message,
    OnKafka,
    OnRabbit,
    noted,
    until,
)
from tests.support.queues import broker, fresh, outside
from tradewind.drivers.rabbitmq.amqp import Delivery, Link
from tradewind.drivers.rabbitmq.channels import TAKEN

BARE = b'{"who":"ann","text":"0"}'


BROKERS = [pytest.param("rabbit", marks=pytest.mark.rabbitmq), pytest.param("kafka", marks=pytest.mark.kafka)]


@pytest.fixture(params=["memory", *BROKERS])
async def driver(request: pytest.FixtureRequest) -> AsyncIterator[Driver]:
    queue = fresh("channel")
    if request.param == "memory":
        yield InMemory(queue)
        return
    if request.param == "kafka":
        topics = OnKafka(queue)
        yield topics
        await topics.close()
        return
    async with outside(broker(), mine=(queue, f"{queue}.dead")) as other:
        made = OnRabbit(broker(), queue, other)
        yield made
        await made.close()


@pytest.fixture
def got() -> Deliveries:
    return Deliveries()


async def dead(driver: Driver, count: int) -> list[Message]:
    """So many dead letters, once they are there."""
    found: list[Message] = []
    async with asyncio.timeout(PATIENCE_S):
        while len(found) < count:
            found += await driver.take(f"{driver.queue}.dead")
            await asyncio.sleep(0.01)
    return found


async def test_only_the_published_form_travels_and_our_own_words_are_beside_it(driver: Driver) -> None:
    bus = await driver.publisher()
    ends: list[str] = []
    assert bus.publish(noted("ann", "0", TRACE), ends.append)
    assert bus.publish(noted("bob", "1", "a request's own id"), ends.append)
    await until(lambda: ends == ["", ""], "both are confirmed")
    first, second = await driver.take()
    assert (first.body, second.body) == (BARE, b'{"who":"bob","text":"1"}')
    assert first.headers == {"key": "ann", "traceparent": TRACE}
    assert second.headers == {"key": "bob"}
    if (properties := first.properties) is not None:
        assert (properties.type, properties.delivery_mode) == ("ward.note", 2)
        assert (properties.message_id, properties.content_type) == ("one-id", "application/json")
        assert properties.timestamp == AT // 1000


async def test_a_message_needs_nothing_but_its_body(driver: Driver, got: Deliveries) -> None:
    await driver.subscriber(got)
    await driver.send(BARE)
    await driver.send(b' { "text": "1", "more": [], "who": "bob" } ', traceparent=TRACE, key=7)
    await until(lambda: len(got.events) == 2, "both come")
    (first, again), (second, _) = got.events
    assert (first.name, first.key, first.id, first.body, first.trace, again) == (
        "Noted", "ann", "", "", "", False,
    )  # fmt: skip
    assert (second.key, second.trace) == ("bob", TRACE)
    assert got.texts == ["0", "1"]


async def test_what_was_not_settled_comes_again_and_what_was_does_not(
    driver: Driver, got: Deliveries
) -> None:
    got.settle = lambda event: "" if event.key == "ann" else None
    first = await driver.subscriber(got)
    await driver.send(BARE)
    await driver.send(b'{"who":"bob","text":"1"}')
    await until(lambda: len(got.events) == 2, "both come")
    await driver.stop(first)
    later = Deliveries()
    await driver.subscriber(later)
    await driver.send(b'{"who":"cid","text":"2"}')
    await until(lambda: len(later.events) == 2, "the one that was not settled comes again")
    assert sorted((event.key, again) for event, again in later.events) == [("bob", True), ("cid", False)]


async def test_what_can_never_be_handled_is_a_dead_letter_and_holds_up_nobody(
    driver: Driver, got: Deliveries
) -> None:
    poison = [b"", b"not json", b'{"who":"ann"}', b"\xff\x00", b"[" * 5_000]
    await driver.subscriber(got)
    for body in poison:
        await driver.send(body, mine="x")
        await driver.send(BARE)
    letters = await dead(driver, len(poison))
    assert [letter.body for letter in letters] == poison
    for letter in letters:
        assert letter.headers == {
            "mine": "x", "x-reason": "no note", "x-first-seen": FIRST_SEEN, "x-attempts": 1,
        }  # fmt: skip
    await until(lambda: got.texts == ["0"] * len(poison), "those between them come")
    if not isinstance(driver, OnKafka):  # there it stays
        assert await driver.take() == []


async def test_what_the_service_refuses_is_a_dead_letter_with_its_reason(
    driver: Driver, got: Deliveries
) -> None:
    got.settle = lambda event: "conflict" if event.key == "ann" else ""
    await driver.subscriber(got)
    await driver.send(BARE)
    await driver.send(b'{"who":"bob","text":"1"}')
    (letter,) = await dead(driver, 1)
    assert (letter.body, letter.headers["x-reason"]) == (BARE, "conflict")
    await until(lambda: got.texts == ["0", "1"], "the other one comes")


async def test_a_dead_letter_that_was_sent_again_counts_on(driver: Driver, got: Deliveries) -> None:
    await driver.subscriber(got)
    before = {"x-reason": "conflict", "x-first-seen": "2026-01-01T00:00:00.000Z", "x-attempts": 3}
    await driver.send(b"{}", **before)
    (letter,) = await dead(driver, 1)
    assert letter.headers == {**before, "x-reason": "no note", "x-attempts": 4}


async def test_a_queue_with_other_arguments_is_waited_for(driver: Driver, got: Deliveries) -> None:
    if isinstance(driver, OnKafka):
        pytest.skip("a topic has no arguments in which two could differ")
    await driver.declare(**{"x-max-length": 7})
    subscriber, publisher = await driver.subscriber(got), await driver.publisher()
    assert "x-max-length" in driver.missing(subscriber)
    assert "x-max-length" in driver.missing(publisher)
    assert not publisher.publish(noted("ann", "0"), lambda end: None)
    await driver.delete()
    await until(lambda: not driver.missing(subscriber) and publisher.up, "both find the queue")
    ends: list[str] = []
    assert publisher.publish(noted("ann", "0"), ends.append)
    await until(lambda: got.texts == ["0"] and ends == [""], "what is published now comes")


async def test_a_queue_that_others_declare_is_waited_for(driver: Driver, got: Deliveries) -> None:
    driver.declared = False
    subscriber, publisher = await driver.subscriber(got), await driver.publisher()
    assert driver.queue in driver.missing(subscriber) and not publisher.up
    await driver.declare(**{"x-max-length": 7})
    await until(lambda: not driver.missing(subscriber) and publisher.up, "both find the queue")
    await driver.send(BARE)
    await until(lambda: got.texts == ["0"], "what is sent now comes")


async def test_a_queue_that_is_gone_is_declared_anew_and_nothing_counts_as_sent(driver: Driver) -> None:
    bus = await driver.publisher()
    await driver.delete()
    ends: list[str] = []
    assert bus.publish(noted("ann", "0"), ends.append)
    await until(lambda: ends, "the broker has it back")
    assert ends[0]

    async def again() -> None:
        """As the outbox does it."""
        ends.clear()
        while "" not in ends:
            bus.publish(noted("ann", "0"), ends.append)
            await asyncio.sleep(0.2)

    async with asyncio.timeout(PATIENCE_S):
        await again()
    assert {message.body for message in await driver.take()} == {BARE}


async def test_what_cannot_be_encoded_stays_in_the_outbox(driver: Driver) -> None:
    bus = await driver.publisher()
    assert not bus.publish(msgspec.structs.replace(noted("ann", "0"), body="{}"), lambda end: None)


@pytest.mark.rabbitmq
async def test_what_is_too_large_for_our_own_queues_is_not_lost(got: Deliveries) -> None:
    """A rejected message is gone where the queue has no exchange for dead letters."""
    queue, body = fresh("channel"), b"x" * (17 * 1024 * 1024)
    async with outside(broker(), mine=(queue, f"{queue}.dead")) as other:
        driver = OnRabbit(broker(), queue, other)
        await driver.subscriber(got)
        sender, kept = Link(broker(), name="test", limits=TAKEN), list[Delivery]()
        await sender.start()
        sender.publish("", queue, body)
        await sender.consume(f"{queue}.dead", kept.append, no_ack=True)
        await until(lambda: kept, "the dead letter")
        assert kept[0].body == body
        await sender.stop()
        await driver.close()
