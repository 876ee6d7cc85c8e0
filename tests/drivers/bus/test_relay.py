"""An event that cannot go now, since its channel is down, holds up no other key in the outbox."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.drivers.bus.hospital_cluster import Carrier, admit, done, tell, until
from tests.engine.hospital_messages import Note, Weigh
from tradewind.core.bus import EventBus, EventRecord
from tradewind.core.channel import ChannelBus
from tradewind.engine import outbox

pytestmark = pytest.mark.postgres


class Gate:
    """A bus that is up while it is open."""

    def __init__(self, bus: EventBus) -> None:
        self._bus, self.up = bus, False

    def publish(self, event: EventRecord, then: Callable[[str], None]) -> bool:
        return self.up and self._bus.publish(event, then)


async def test_those_that_can_go_do(
    in_memory: Carrier, monkeypatch: pytest.MonkeyPatch, silence: None
) -> None:
    monkeypatch.setattr(outbox, "LEASE_MS", 100)
    monkeypatch.setattr(outbox, "EVERY_S", 0.05)
    desk, ward = await in_memory.pair()
    await admit(desk, ["ann", "bob"])
    own, channel = Gate(desk.bus), Gate(desk.bus)
    kept = desk.platform.processor.outbox
    assert kept is not None
    await until(lambda: not kept.in_flight, "both are out")
    kept.bus = ChannelBus(own, {"Weighed": channel})
    await done(tell(desk, Weigh("ann", 70)), tell(desk, Note("ann", "0")), tell(desk, Note("bob", "0")))
    own.up = True

    async def bob() -> bool:
        return await in_memory.heard(ward, "bob") == ("admitted", "0")

    await until(bob, "bob's note goes, though ann's weight is before it")
    assert await in_memory.heard(ward, "ann") == ("admitted",)
    channel.up = True

    async def ann() -> bool:
        return await in_memory.heard(ward, "ann") == ("admitted", "0")

    await until(ann, "ann's note follows her weight")
    await until(lambda: not in_memory.place.outside("SELECT 1 FROM desk.outbox"), "all is out")


async def test_however_many_cannot_go_one_that_can_does(
    in_memory: Carrier, monkeypatch: pytest.MonkeyPatch, silence: None
) -> None:
    """More than the relay looks at before the first of them are due again."""
    stuck = [f"patient {number}" for number in range(12)]
    desk, ward = await in_memory.pair()
    await admit(desk, [*stuck, "ann"])
    own, channel = Gate(desk.bus), Gate(desk.bus)
    kept = desk.platform.processor.outbox
    assert kept is not None
    await until(lambda: not kept.in_flight, "all are out")
    for name, value in (("LEASE_MS", 2_000), ("EVERY_S", 0.2), ("HELD_S", 0.01), ("ROWS", 1)):
        monkeypatch.setattr(outbox, name, value)
    kept.bus = ChannelBus(own, {"Weighed": channel})
    await done(*[tell(desk, Weigh(patient, 70)) for patient in stuck])
    await done(tell(desk, Note("ann", "0")))
    own.up = True

    async def ann() -> bool:
        return await in_memory.heard(ward, "ann") == ("admitted", "0")

    await until(ann, "ann's note goes, though the weights of others are before it")
    assert await in_memory.heard(ward, stuck[0]) == ("admitted",)
    channel.up = True
    await until(lambda: not in_memory.place.outside("SELECT 1 FROM desk.outbox"), "all is out")
