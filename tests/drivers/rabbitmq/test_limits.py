"""A link takes no more than it may keep, and what it does not take changes nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.drivers.rabbitmq.support import Kept, until
from tradewind.drivers.rabbitmq.amqp import Limits, Link, LinkFull, Properties, queues

pytestmark = pytest.mark.rabbitmq
Links = Callable[..., Link]


def fill(publish: Callable[[], None]) -> str:
    """Publishes until that is refused: why it was."""
    for _ in range(100):
        try:
            publish()
        except LinkFull as full:
            return str(full)
    return ""


async def test_a_delivery_that_is_too_large_is_rejected_and_counted(
    url: str, link: Links, name: str, kept: Kept
) -> None:
    ours, other = link(url, setup=kept.consuming(name), limits=Limits(message_bytes=1000)), link(url)
    await ours.start()
    await other.start()
    with pytest.raises(ValueError, match="1001 bytes"):
        ours.publish("", name, b"x" * 1001)
    for size in (1001, 1000, 500_000, 1):
        other.publish("", name, b"x" * size)
    await until(lambda: len(kept.deliveries) == 2)
    assert [len(body) for body in kept.bodies] == [1000, 1]
    assert ours.oversized == 2
    other.publish("", name, b"", mandatory=True)
    state = await other.declare_queue(name, passive=True)
    assert state.messages == 0


async def test_no_more_than_the_limits_is_under_way(url: str, link: Links, name: str, kept: Kept) -> None:
    few = link(url, setup=kept.consuming(name), confirms=True, limits=Limits(outstanding=10))
    await few.start()
    assert "10 messages wait" in fill(lambda: few.publish("", name, b"", then=kept.outcomes.append))
    await until(lambda: len(kept.outcomes) == 10)
    few.publish("", name, b"", then=kept.outcomes.append)
    small = link(url, limits=Limits(buffer_bytes=5000))
    await small.start()
    assert "bytes for the network" in fill(lambda: small.publish("", name, b"x" * 900))
    await small.declare_queue("", exclusive=True, durable=False)  # by when all that was before is written
    await until(lambda: len(kept.outcomes) == 11)
    small.publish("", name, b"x" * 900)


async def test_wrong_use_is_an_error_and_changes_nothing(
    url: str, link: Links, name: str, kept: Kept
) -> None:
    ours = link(url, setup=kept.consuming(name))
    await ours.start()
    with pytest.raises(ValueError, match="longer than 255 bytes"):
        ours.publish("", "x" * 256, b"")
    with pytest.raises(ValueError, match="no number of milliseconds"):
        ours.publish("", name, b"", Properties(expiration="soon"))
    with pytest.raises(ValueError, match="needs a link with confirms"):
        ours.publish("", name, b"", then=kept.outcomes.append)
    ours.publish("", name, b"fine")
    await until(lambda: kept.deliveries)
    with pytest.raises(ValueError, match="drops messages"):
        queues.quorum(delivery_limit=3)
