"""A broker that restarts, is killed, throws us out or runs out of memory: nothing that it confirmed is lost,
and all goes on by itself.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

import pytest

from tests.drivers.rabbitmq.support import Kept, until
from tests.support.broker import Broker
from tradewind.drivers.rabbitmq.amqp import BrokerUnusable, Limits, Link, LinkDown, LinkFull, Properties

pytestmark = pytest.mark.rabbitmq
Links = Callable[..., Link]
DURABLE = Properties(delivery_mode=2)


def restarted(broker: Broker) -> None:
    broker.restart()


def killed(broker: Broker) -> None:
    broker.kill()
    broker.start()


def threw_us_out(broker: Broker) -> None:
    broker.control("close_all_connections", "go away")


@pytest.mark.parametrize("how", [restarted, killed, threw_us_out], ids=lambda how: how.__name__)
async def test_nothing_confirmed_is_lost(
    broker: Broker, link: Links, name: str, kept: Kept, how: Callable[[Broker], None]
) -> None:
    publisher, consumer = (
        link(broker.url, confirms=True),
        link(broker.url, setup=kept.consuming(name, durable=True, done=True)),
    )
    await consumer.start()
    await publisher.start()
    ends: Counter[int] = Counter()
    confirmed: list[int] = []

    def ended(number: int, says: str) -> None:
        ends[number] += 1
        if says == "":
            confirmed.append(number)

    async def publish(count: int = 0) -> None:
        while True:
            try:
                publisher.publish(
                    "",
                    name,
                    b"%d" % count,
                    DURABLE,
                    mandatory=True,
                    then=lambda says, n=count: ended(n, says),  # type: ignore[misc]
                )
                count += 1
            except LinkDown:
                pass
            await asyncio.sleep(0.002)

    publishing = asyncio.create_task(publish())
    try:
        await until(lambda: len(confirmed) > 20)
        await asyncio.to_thread(how, broker)
        loop = asyncio.get_running_loop()
        back, before = loop.time(), len(confirmed)
        await until(lambda: publisher.lives > 1 and consumer.up and len(confirmed) > before + 20)
        assert loop.time() - back < 5
    finally:
        publishing.cancel()
    await publisher.stop()
    assert set(ends.values()) == {1}
    await until(lambda: {b"%d" % number for number in confirmed} <= set(kept.bodies))
    assert consumer.lives > 1


async def test_a_broker_without_memory(broker: Broker, link: Links, name: str, kept: Kept) -> None:
    publisher = link(broker.url, confirms=True, limits=Limits(blocked_s=0.2))
    consumer = link(broker.url, setup=kept.consuming(name))
    await publisher.start()
    await consumer.start()
    publisher.publish("", name, b"before", then=kept.outcomes.append)
    await until(lambda: kept.outcomes == [""])
    try:
        await asyncio.to_thread(broker.control, "set_vm_memory_high_watermark", "0")
        publisher.publish(
            "", name, b"meanwhile", then=kept.outcomes.append
        )  # which is when the broker blocks us
        await until(lambda: publisher.blocked)
        assert "it takes no messages now: low on memory" in publisher.missing
        assert publisher.up and not consumer.blocked and consumer.missing == ""

        def refused() -> bool:
            try:
                publisher.publish("", name, b"", then=kept.outcomes.append)
            except LinkFull:
                return True
            return False

        await until(refused)
        consumer.ack(kept.deliveries[0])
        assert kept.outcomes == [""]
    finally:
        await asyncio.to_thread(broker.control, "set_vm_memory_high_watermark", "0.4")
    await until(lambda: publisher.missing == "" and publisher.outstanding == 0)
    assert set(kept.outcomes) == {""} and kept.bodies[1] == b"meanwhile"
    assert publisher.lives == consumer.lives == 1


async def test_a_queue_that_is_deleted_under_its_consumer(
    broker: Broker, link: Links, name: str, kept: Kept
) -> None:
    ours = link(broker.url, setup=kept.consuming(name, durable=True))
    reasons: list[str] = []
    ours.on_down.append(reasons.append)
    await ours.start()
    await asyncio.to_thread(broker.control, "delete_queue", name)
    await until(lambda: ours.lives == 2 and ours.up)
    assert "its queue was deleted" in reasons[0]
    ours.publish("", name, b"to the new one")
    await until(lambda: kept.deliveries)


async def test_a_setup_that_the_broker_refuses_later(
    broker: Broker, link: Links, name: str, kept: Kept
) -> None:
    """Somebody has declared our queue otherwise meanwhile: said in `missing`, tried again for ever, good when
    it is put right.
    """
    ours = link(broker.url, setup=kept.consuming(name, durable=True), limits=Limits(retry_most_s=0.1))
    other = link(broker.url)
    await ours.start()
    await other.start()
    durable = True

    async def setup(again: Link) -> None:
        await again.declare_queue(name, durable=durable)

    ours._setup = setup
    durable = False
    await asyncio.to_thread(broker.control, "close_all_connections", "go away")
    await until(lambda: "it exists with other arguments" in ours.missing)
    lives = ours.lives
    await until(lambda: ours.lives > lives + 2)
    durable = True
    await until(lambda: ours.up)
    assert ours.missing == ""


async def test_a_patient_start_waits_for_a_broker_that_is_away(broker: Broker, link: Links) -> None:
    """It returns at once, says what is missing, and the link is up once the broker is there."""
    await asyncio.to_thread(broker.kill)
    waiting = link(broker.url)
    try:
        await waiting.start(patient=True)
        assert not waiting.up and "it cannot be reached" in waiting.missing
        with pytest.raises(LinkDown):
            waiting.publish("", "nowhere", b"")
    finally:
        await asyncio.to_thread(broker.start)
    await until(lambda: waiting.up)
    assert waiting.missing == ""


async def test_a_patient_start_does_not_wait_for_what_no_wait_can_mend(broker: Broker, link: Links) -> None:
    refused = link(broker.url.replace("guest:guest", "guest:wrong"))
    with pytest.raises(BrokerUnusable, match="wrong user or password"):
        await refused.start(patient=True)
