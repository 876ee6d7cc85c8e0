"""In whatever order requests end: nothing is acked before its end, everything after it, with few acks."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from tests.support.queues import until
from tradewind.drivers.rabbitmq.amqp import Delivery
from tradewind.drivers.rabbitmq.rpc.window import Window


class Broker:
    def __init__(self) -> None:
        self.open: set[int] = set()
        self.acks = 0

    def ack(self, delivery: Delivery, *, multiple: bool = False) -> None:
        assert delivery.tag in self.open
        self.acks += 1
        self.open -= {tag for tag in self.open if tag <= delivery.tag} if multiple else {delivery.tag}
        delivery.tag = 0


def deliveries(broker: Broker, count: int) -> list[Delivery]:
    broker.open = set(range(1, count + 1))
    return [Delivery(b"", tag, False, "", "", "", b"", 1) for tag in range(1, count + 1)]


@given(st.permutations(range(20)), st.sets(st.integers(0, 20)), st.integers(0, 8))
def test_whatever_the_order(order: list[int], turns: set[int], most: int) -> None:
    async def play() -> None:
        broker = Broker()
        window = Window(broker, most)
        taken = deliveries(broker, 20)
        places = [window.add(delivery) for delivery in taken]
        done: set[int] = set()
        for step, index in enumerate(order):
            done.add(index + 1)
            places[index].finish()
            if step in turns:
                window.flush()  # as its timer does
                unacked = broker.open & done
                assert {tag for tag in range(1, 21) if tag not in done} <= broker.open
                assert len(unacked) <= most
        window.flush()
        assert not broker.open

    asyncio.run(play())


async def test_what_finishes_about_the_same_time_has_one_ack() -> None:
    broker = Broker()
    window = Window(broker, 30)
    for place in reversed([window.add(delivery) for delivery in deliveries(broker, 20)]):
        place.finish()
    assert broker.acks == 0
    await until(lambda: broker.acks)
    assert broker.acks == 1 and not broker.open


async def test_when_many_are_finished_nobody_waits_for_the_timer() -> None:
    broker = Broker()
    window = Window(broker, 8)
    for place in [window.add(delivery) for delivery in deliveries(broker, 8)]:
        place.finish()
    await asyncio.sleep(0)
    assert not broker.open


async def test_what_a_lost_connection_had_is_not_acked() -> None:
    broker = Broker()
    window = Window(broker, 8)
    (taken,) = deliveries(broker, 1)
    window.add(taken).finish()
    window.stale = True
    await asyncio.sleep(0)
    assert broker.acks == 0
