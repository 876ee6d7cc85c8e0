"""Each message has one end, whatever the broker confirms together, gives back or never answers; and a heart
knows its own pauses.
"""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.drivers.rabbitmq.amqp import Limits, LinkDown, Properties, queues
from tradewind.drivers.rabbitmq.amqp.fields import pack_properties
from tradewind.drivers.rabbitmq.amqp.heart import Heart
from tradewind.drivers.rabbitmq.amqp.messages import Delivery
from tradewind.drivers.rabbitmq.amqp.outstanding import NACKED, Outstanding

WHO = ("", "key", "correlation", "message")
STEPS = st.lists(
    st.tuples(st.sampled_from(["publish", "ack", "nack", "acks", "nacks", "return"]), st.integers(0, 30)),
    max_size=60,
)


@given(STEPS)
def test_one_end_each(steps: list[tuple[str, int]]) -> None:
    outstanding = Outstanding(1000, confirms=True)
    ends: dict[int, list[str]] = {}
    expected: dict[int, str] = {}
    last = 0
    for act, number in steps:
        if act == "publish":
            last += 1
            ends[last] = []
            outstanding.add(ends[last].append, None, ("", str(last), "", ""))
        elif act == "return":
            if (
                number in ends
                and number not in expected
                and not [n for n in range(number + 1, last + 1) if expected.get(n) == "gone"]
            ):
                outstanding.give_back(("", str(number), "", ""), "gone")
                expected[number] = "gone"
        else:
            outstanding.settle(number, act.endswith("s"), act.startswith("ack"))
            reached = range(1, (number or last) + 1) if act.endswith("s") else [number]
            for each in reached:
                if each in ends:
                    expected.setdefault(each, "" if act.startswith("ack") else NACKED)
    outstanding.lose("lost")
    assert ends == {number: [expected.get(number, "lost")] for number in ends}
    assert len(outstanding) == 0 and outstanding.oldest() == 0


def test_one_that_fails_keeps_no_other_from_being_told() -> None:
    outstanding, told = Outstanding(10, confirms=True), list[str]()
    outstanding.add(lambda says: told.remove("none"), None, None)
    outstanding.add(told.append, None, None)
    outstanding.settle(0, True, True)
    assert told == [""]


def test_without_confirms_only_the_newest_are_remembered() -> None:
    outstanding, told = Outstanding(3, confirms=False), list[int]()
    for number in range(10):
        outstanding.add(None, lambda says, n=number: told.append(n), ("", str(number), "", ""))  # type: ignore[misc]
    assert len(outstanding) == 3 and not outstanding.full
    for number in (2, 8, 7, 9):  # forgotten; there; before one that came back, so it was routed; there
        outstanding.give_back(("", str(number), "", ""), "gone")
    assert told == [8, 9]


def test_twins_come_back_one_after_the_other() -> None:
    outstanding, told = Outstanding(10, confirms=True), list[int]()
    for number in range(3):
        outstanding.add(lambda says, n=number: told.append(n), None, WHO)  # type: ignore[misc]
    for _ in range(4):
        outstanding.give_back(WHO, "gone")
    assert told == [0, 1, 2]


async def test_a_heart_does_not_count_its_own_absence() -> None:
    failed: list[LinkDown] = []
    body = SimpleNamespace(
        error=None,
        heard=False,
        confirms=True,
        blocked="",
        limits=Limits(confirm_s=0),
        outstanding=Outstanding(9, confirms=True),
        fail=failed.append,
        send=lambda data: None,
    )
    body.outstanding.add(None, None, None)
    heart = Heart(cast(Any, body), 10)
    for _ in range(9):
        heart._due = asyncio.get_running_loop().time() - 60  # it should have been called a minute ago
        heart._beat()
    assert not failed
    for _ in range(2):
        heart._due = asyncio.get_running_loop().time()
        heart._beat()
    assert "has not confirmed" in str(failed[0])


@pytest.mark.parametrize(
    ("headers", "redelivered", "count"),
    [
        (None, False, 0),
        (None, True, 1),
        ({"x-delivery-count": 3}, True, 3),
        ({"x-delivery-count": "3", "x-death": "no"}, False, 0),
        ({"x-delivery-count": 2, "x-death": [{"count": 4, "queue": "q"}, {"count": 1}, 7]}, True, 7),
        ({"x-delivery-count": -(2**62)}, False, 0),
    ],
)
def test_how_often_it_came(headers: dict[str, Any] | None, redelivered: bool, count: int) -> None:
    delivery = Delivery(b"", 1, redelivered, "", "q", "c", pack_properties(Properties(headers=headers), 0), 1)
    assert queues.deliveries_before(delivery) == count


def test_arguments_of_queues() -> None:
    assert queues.classic() == {}
    assert queues.classic(dead_letter="", dead_letter_key="dead", single_active=True) == {
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": "dead",
        "x-single-active-consumer": True,
    }
    assert queues.quorum(dead_letter="dlx", delivery_limit=5)["x-delivery-limit"] == 5
    assert queues.quorum() == {"x-queue-type": "quorum"}
