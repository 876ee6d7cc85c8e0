"""How long to wait before a process is started again, and when to give up."""

from __future__ import annotations

import random

from tradewind.runtime.processes.restart_policy import Failures, Patience


class Most(random.Random):
    """No chance at all."""

    def uniform(self, a: float, b: float) -> float:
        return b


def test_pauses_double_up_to_the_longest() -> None:
    failures = Failures(Patience(first_s=0.1, longest_s=1.0), Most())
    assert [failures.ended(now, 0.0, False) for now in range(6)] == [0.1, 0.2, 0.4, 0.8, 1.0, 1.0]


def test_who_was_steady_begins_anew() -> None:
    failures = Failures(Patience(), Most())
    assert [failures.ended(0, 0.0, False), failures.ended(1, 0.0, False)] == [0.1, 0.2]
    assert failures.ended(10, 5.0, False) == 0.1


def test_chance_keeps_two_from_starting_at_once() -> None:
    pauses = {Failures(Patience(), random.Random(seed)).ended(0, 0.0, False) for seed in range(20)}
    assert len(pauses) == 20
    assert all(pause is not None and 0.05 <= pause <= 0.1 for pause in pauses)


def test_five_ends_without_a_word_within_a_minute_are_enough() -> None:
    failures = Failures(Patience(), Most())
    assert [failures.ended(now, None, False) is None for now in range(5)] == [
        False,
        False,
        False,
        False,
        True,
    ]


def test_but_not_spread_over_an_hour() -> None:
    failures = Failures(Patience(), Most())
    assert all(failures.ended(now * 61, None, False) is not None for now in range(60))


def test_nor_where_it_was_ready_or_said_why_in_between() -> None:
    failures = Failures(Patience(), Most())
    ends = [(None, False)] * 4 + [(0.0, False)] + [(None, False)] * 4 + [(None, True)] + [(None, False)] * 4
    assert all(failures.ended(now, ready, said) is not None for now, (ready, said) in enumerate(ends))


def test_who_was_not_ready_in_time_gets_twice_the_time_until_it_is() -> None:
    failures = Failures(Patience(ready_s=30.0, longest_ready_s=100.0), Most())
    given = []
    for _ in range(3):
        given.append(failures.ready_s)
        failures.late()
        failures.ended(0, None, False)
    assert [*given, failures.ready_s] == [30.0, 60.0, 100.0, 100.0]
    failures.ended(0, 1.0, False)
    assert failures.ready_s == 30.0
