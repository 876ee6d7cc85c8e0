"""The window forgets by buckets, and its percentiles are opossum's."""

from hypothesis import given
from hypothesis import strategies as st

from tradewind.apis.kernel.resilience.rolling import SAMPLES, Rolling


def test_what_is_older_than_the_window_is_forgotten() -> None:
    window = Rolling(10.0, 10)
    window.at(100.0).fires += 1
    window.at(109.9).fires += 1
    assert window.totals(109.9)["fires"] == 2
    assert window.totals(110.0)["fires"] == 1
    assert window.totals(500.0)["fires"] == 0


def test_a_clock_that_stands_or_goes_back_counts_for_the_present() -> None:
    window = Rolling(10.0, 10)
    window.at(100.0).fires += 1
    window.at(50.0).fires += 1
    assert window.totals(100.0)["fires"] == 2


@given(st.lists(st.tuples(st.floats(0, 30), st.integers(1, 3)), max_size=40), st.floats(0, 30))
def test_it_holds_what_a_list_of_all_times_would_say(steps: list[tuple[float, int]], rest: float) -> None:
    window, now, seen = Rolling(10.0, 10), 1_000.0, []
    for wait, times in steps:
        now += wait
        window.at(now).fires += times
        seen += [int(now)] * times
    now += rest
    assert window.totals(now)["fires"] == sum(int(now) - 10 < second for second in seen)


def test_percentiles_and_mean_are_those_of_opossum() -> None:
    window = Rolling(10.0, 10)
    for ms in range(1, 101):
        window.at(100.0 + ms / 20).took(float(ms))
    mean, found = window.latencies(105.0)
    assert mean == 50.5
    assert found == {
        "0": 1.0,
        "0.25": 25.0,
        "0.5": 50.0,
        "0.75": 75.0,
        "0.9": 90.0,
        "0.95": 95.0,
        "0.99": 99.0,
        "0.995": 100.0,
        "1": 100.0,
    }


def test_nothing_seen_is_zero() -> None:
    mean, found = Rolling().latencies(1.0)
    assert mean == 0.0
    assert set(found.values()) == {0.0}


def test_latencies_kept_are_bounded() -> None:
    window = Rolling(10.0, 10)
    for ms in range(10 * SAMPLES):
        window.at(100.0).took(float(ms))
    assert window.latencies(100.0)[1]["0"] == 9 * SAMPLES
