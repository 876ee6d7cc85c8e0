"""Ids that increase, whatever the clock does and whoever made the last one."""

from __future__ import annotations

from tradewind.core.clock import SystemClock


class Still(SystemClock):
    def __init__(self, at: int) -> None:
        self.at = at
        super().__init__(seed=1)

    def now(self) -> int:
        return self.at


def test_ids_increase_within_a_millisecond_and_past_its_counter() -> None:
    clock = Still(1_800_000_000_000)
    made = [clock.uuid() for _ in range(10_000)]
    assert made == sorted(set(made))


def test_ids_increase_when_the_clock_is_set_back() -> None:
    clock = Still(1_800_000_000_000)
    first = clock.uuid()
    clock.at -= 60_000
    assert clock.uuid() > first


def test_a_new_process_goes_on_after_an_older_one_whose_clock_was_ahead() -> None:
    old = Still(1_800_000_000_000)
    last = [old.uuid() for _ in range(5_000)][-1]
    new = Still(1_799_999_000_000)
    assert new.uuid() < last
    new.past(last)
    assert new.uuid() > last


def test_what_is_past_already_changes_nothing() -> None:
    clock, other = Still(1_800_000_000_000), Still(1_800_000_000_000)
    clock.past(Still(1_700_000_000_000).uuid())
    assert clock.uuid() == other.uuid()
