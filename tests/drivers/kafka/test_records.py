"""Records that are no event, and events that Kafka does not take, hold up nobody."""

from __future__ import annotations

import asyncio

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from tests.drivers.kafka.support import PATIENCE_S, Ends, noted, send, tell, until
from tests.support.kafka import delete_topics
from tradewind.drivers.kafka.servers import MOST_BYTES

pytestmark = pytest.mark.kafka


async def test_a_tombstone_says_nothing_and_what_is_no_event_is_put_aside(ends: Ends) -> None:
    publisher = await ends.publisher()
    await send(ends.servers, ends.topic, None, name="Noted", id="1")
    await send(ends.servers, ends.topic, b"\xff", name="Noted", id="2")
    await send(ends.servers, ends.topic, b"{}")
    await send(ends.servers, ends.topic, b"{}", name="OfOthers", id="3")
    await tell(publisher, noted("p", 1))
    subscriber = await ends.subscriber()
    await until(lambda: ends.heard and len(ends.refused) == 2, "one event and two that are none")
    assert ends.ids == ["p-1"]
    assert sorted(ends.refused)[1] == "not UTF-8"
    await subscriber.stop()
    await ends.subscriber("b")
    await tell(publisher, noted("p", 2))
    await until(lambda: len(ends.heard) == 2, "the next event")
    assert (ends.ids, len(ends.refused)) == (["p-1", "p-2"], 2)


async def test_too_large_for_us_is_refused_at_once(ends: Ends, caplog: pytest.LogCaptureFixture) -> None:
    publisher = await ends.publisher()
    assert not publisher.publish(noted("p", 1, "x" * (MOST_BYTES + 1)), lambda _: None)
    assert "cannot be sent" in caplog.text
    await tell(publisher, noted("p", 2))
    assert publisher.link.lives == 1


async def test_too_large_for_the_topic_is_not_confirmed_and_the_next_one_is(ends: Ends) -> None:
    """A topic that others have made takes what they have set, 1 MB by default."""
    admin = AdminClient({"bootstrap.servers": ends.servers.brokers})
    await asyncio.to_thread(admin.create_topics([NewTopic(ends.topic, 1, 1)])[ends.topic].result)
    publisher = await ends.publisher()
    outcome: list[str] = []
    assert publisher.publish(noted("p", 1, "x" * 2_000_000), outcome.append)
    await until(lambda: outcome, "an outcome")
    assert "large" in outcome[0].lower()
    await tell(publisher, noted("p", 2))
    await ends.subscriber()
    await until(lambda: ends.heard, "the next one")
    assert ends.ids == ["p-2"]


async def test_a_topic_that_is_deleted_is_made_anew_and_heard_from_its_beginning(ends: Ends) -> None:
    publisher = await ends.publisher()
    await ends.subscriber()
    await tell(publisher, noted("p", 1))
    await until(lambda: ends.ids == ["p-1"], "the first event")
    await asyncio.to_thread(delete_topics, ends.topic)
    number = 1
    async with asyncio.timeout(PATIENCE_S):
        while len(ends.ids) == 1:  # a topic that is being deleted may take one more with it
            number += 1
            await tell(publisher, noted("p", number))
    await tell(publisher, noted("p", number + 1))
    await until(lambda: f"p-{number + 1}" in ends.ids, "the events of the new topic")
    first = ends.heard[1].event.seq
    assert ends.ids == ["p-1", *(f"p-{each}" for each in range(first, number + 2))]
