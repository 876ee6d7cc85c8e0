"""Events that nobody listens to are not sent, and whoever begins to listen misses none that came after."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.drivers.bus.hospital_cluster import Carrier, admit, done, tell, until
from tests.engine.hospital_messages import Note
from tests.support.queues import fresh, outside
from tradewind.core.bus import EventRecord
from tradewind.drivers.rabbitmq import unroutable as quiet
from tradewind.drivers.rabbitmq.unroutable import LOST, UnroutableBuffer


class Broker:
    """Answers when it is told to: `heard` routes, else what comes goes back."""

    def __init__(self) -> None:
        self.heard, self.up = False, True
        self.sent: list[str] = []
        self.open: list[Callable[[str, bool], None]] = []

    def send(self, event: EventRecord, then: Callable[[str, bool], None]) -> bool:
        if self.up:
            self.sent.append(event.id)
            self.open.append(then)
        return self.up

    def answer(self, trouble: str = "") -> None:
        answers, self.open = self.open, []
        for then in answers:
            then(trouble or ("" if self.heard else "no route"), not self.heard and not trouble)


class Said:
    def __init__(self) -> None:
        self.broker, self.ends = Broker(), dict[str, str]()
        self.quiet = UnroutableBuffer(self.broker.send)

    def say(self, *ids: str) -> None:
        for one in ids:
            assert self.quiet.publish(
                EventRecord("desk", one, "Noted", "k", "{}", "", 1, 1),
                lambda end, one=one: self.ends.update({one: end}),  # type: ignore[misc]
            )

    async def probed(self) -> None:
        before = len(self.broker.sent)
        await until(lambda: len(self.broker.sent) > before, "the broker is asked again")


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Said:
    monkeypatch.setattr(quiet, "PROBE_S", 0.01)
    return Said()


async def test_what_nobody_hears_is_done_with_and_the_next_ones_wait(said: Said) -> None:
    said.say("1")
    said.broker.answer()
    said.say("2", "3")
    assert (said.broker.sent, said.ends) == (["1"], {"1": ""})
    await said.probed()
    said.say("4")  # after the question: it is not answered for this one
    said.broker.answer()
    assert (said.broker.sent, said.ends) == (["1", "2"], {"1": "", "2": "", "3": ""})
    await said.probed()
    assert said.broker.sent == ["1", "2", "4"]


async def test_who_begins_to_listen_hears_all_that_was_held_in_order(said: Said) -> None:
    said.say("1")
    said.broker.answer()
    said.say("2", "3", "4")
    said.broker.heard = True
    await said.probed()
    said.say("5")
    said.broker.answer()
    assert said.broker.sent == ["1", "2", "3", "4", "5"]
    said.broker.answer()
    said.say("6")
    said.broker.answer()
    assert said.ends == dict.fromkeys("123456", "")


@pytest.mark.parametrize("down", [True, False])
async def test_what_was_held_when_the_broker_went_is_not_taken_for_kept(said: Said, down: bool) -> None:
    said.say("1")
    said.broker.answer()
    said.say("2", "3")
    said.broker.up = not down
    if down:
        await until(lambda: "3" in said.ends, "it is given up")
        assert said.ends == {"1": "", "2": LOST, "3": LOST}
    else:
        await said.probed()
        said.broker.answer("gone")
        assert said.ends == {"1": "", "2": "gone", "3": "gone"}


@pytest.mark.postgres
@pytest.mark.rabbitmq
async def test_a_queue_that_is_bound_later_gets_what_is_said_later(apart: Carrier) -> None:
    desk = await apart.open("desk")
    await admit(desk, ["ann"])
    await done(*[tell(desk, Note("ann", str(n))) for n in range(50)])
    await until(
        lambda: not apart.place.outside("SELECT 1 FROM desk.outbox"), "nobody listens, and nothing waits"
    )
    queue = fresh("late")
    async with outside(apart.broker, mine=(queue,)) as other:
        await other.link.declare_queue(queue, durable=False)
        await other.link.bind(queue, apart.exchange, "Noted")
        got: asyncio.Queue[bytes] = asyncio.Queue()
        await other.link.consume(queue, lambda delivery: got.put_nowait(delivery.body), no_ack=True)
        for n in range(50, 80):
            await done(tell(desk, Note("ann", str(n))))
        heard = [await asyncio.wait_for(got.get(), 60) for _ in range(30)]
    assert heard == [f'{{"patient":"ann","text":"{n}"}}'.encode() for n in range(50, 80)]
