"""Counts of one process: their bound, and how they stand in for shared ones."""

from __future__ import annotations

import pytest

from tradewind.core.rate_limiter import MINUTE, Buckets, Limit, Windows, in_process

START = 1_700_000_000_000


def test_a_window_ends_a_minute_after_its_first_request() -> None:
    counts = Windows(2, 10)
    assert [counts.at_once("a", START + at) for at in (0, 30_000, 59_001, 59_999)] == [0, 0, 1, 1]
    assert [counts.at_once("a", START + MINUTE + at) for at in range(3)] == [0, 0, 60]


def test_a_clock_that_was_set_back_locks_nobody_out() -> None:
    counts = Windows(1, 10)
    assert [counts.at_once("a", START), counts.at_once("a", START)] == [0, 60]
    assert counts.at_once("a", START - 10 * MINUTE) == 0


def test_the_number_of_windows_is_bounded_and_a_used_one_is_kept() -> None:
    counts = Windows(1, 100)
    counts.at_once("a", START)
    for number in range(90):
        counts.at_once(f"b{number}", START + number)
    assert counts.at_once("a", START + 1_000) == 59
    for number in range(10_000):
        counts.at_once(f"c{number}", START + 2_000 + number)
    assert len(counts.recent.young) + len(counts.recent.old) <= 200


@pytest.mark.parametrize("window", [False, True], ids=["bucket", "window"])
def test_who_has_used_up_the_shared_share_has_none_here(window: bool) -> None:
    counts = in_process(Limit(10, window))
    if window:
        assert counts.told("a", START, 10, 20_000) == 0
        assert counts.told("a", START, 11, 20_000) == 20
        assert counts.at_once("a", START + 1) == 20
        assert counts.at_once("a", START + 20_000) == 0
    else:
        assert counts.told("a", START, 1, MINUTE) == 0
        assert counts.told("a", START, 0, MINUTE) == 6
        assert counts.at_once("a", START + 1) == 6
        assert counts.at_once("a", START + 6_000) == 0
    assert isinstance(counts, Windows if window else Buckets)
