"""What is committed is never past a record that is not done."""

from __future__ import annotations

import random

from tradewind.drivers.kafka.progress import Progress


def test_nothing_was_taken() -> None:
    assert Progress().position is None


def test_a_gap_holds_the_position_until_it_is_closed() -> None:
    progress = Progress()
    for offset in (7, 8, 11):  # others lie between: a transaction's marks, what compaction took
        progress.take(offset)
    progress.settle(8)
    progress.settle(11)
    assert (progress.position, len(progress)) == (7, 1)
    progress.settle(7)
    assert (progress.position, len(progress)) == (12, 0)


def test_in_whatever_order_they_are_done() -> None:
    chance = random.Random(15)
    for _ in range(200):
        progress, offset, under_way = Progress(), 0, set[int]()
        for _ in range(60):
            if under_way and chance.random() < 0.5:
                done = chance.choice(sorted(under_way))
                under_way.remove(done)
                progress.settle(done)
            else:
                offset += chance.randint(1, 3)
                under_way.add(offset)
                progress.take(offset)
            assert progress.position == min(under_way, default=offset + 1)
            assert len(progress) == len(under_way)
