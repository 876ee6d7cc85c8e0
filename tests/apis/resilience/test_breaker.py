"""The circuit as the page draws it: CLOSED, OPEN at half of five calls, HALF_OPEN after 30 s with one
probe.
"""

import pytest

from tradewind.apis.kernel.resilience.breaker import REFUSED, Breaker, Rules, State


def run(breaker: Breaker, now: float, fine: int = 0, failed: int = 0) -> None:
    for _ in range(fine):
        breaker.succeeded(breaker.enter(now), now, 0.001)
    for _ in range(failed):
        breaker.failed(breaker.enter(now), now, 0.001)


def opened(at: float = 100.0) -> Breaker:
    breaker = Breaker()
    run(breaker, at, failed=5)
    assert breaker.state(at) is State.OPEN
    return breaker


def test_four_failures_are_too_few() -> None:
    breaker = Breaker()
    run(breaker, 100.0, failed=4)
    assert breaker.state(100.0) is State.CLOSED
    run(breaker, 100.0, failed=1)
    assert breaker.state(100.0) is State.OPEN


@pytest.mark.parametrize(
    ("fine", "failed", "state"),
    [(5, 5, State.OPEN), (6, 5, State.CLOSED), (3, 2, State.CLOSED), (3, 3, State.OPEN)],
)
def test_half_of_the_calls_is_the_threshold(fine: int, failed: int, state: State) -> None:
    breaker = Breaker()
    run(breaker, 100.0, fine=fine, failed=failed)
    assert breaker.state(100.0) is state


def test_failures_older_than_ten_seconds_do_not_count() -> None:
    breaker = Breaker()
    run(breaker, 100.0, failed=4)
    run(breaker, 110.0, failed=4)
    assert breaker.state(110.0) is State.CLOSED


def test_all_calls_are_refused_while_open() -> None:
    breaker = opened()
    assert breaker.enter(100.0) == REFUSED
    assert breaker.enter(129.9) == REFUSED
    assert breaker.opens_in(110.0) == pytest.approx(20.0)


def test_half_open_after_thirty_seconds_with_one_probe() -> None:
    breaker = opened()
    assert breaker.state(130.0) is State.HALF_OPEN
    ticket = breaker.enter(130.0)
    assert ticket != REFUSED
    assert breaker.enter(130.0) == REFUSED
    assert not breaker.lets_retry(ticket)


def test_a_probe_that_succeeds_closes() -> None:
    breaker = opened()
    breaker.succeeded(breaker.enter(130.0), 131.0, 1.0)
    assert breaker.state(131.0) is State.CLOSED
    assert breaker.enter(131.0) != REFUSED


def test_a_probe_that_fails_opens_for_another_thirty_seconds() -> None:
    breaker = opened()
    breaker.failed(breaker.enter(130.0), 135.0, 5.0)
    assert breaker.state(164.9) is State.OPEN
    assert breaker.state(165.0) is State.HALF_OPEN


def test_a_probe_without_room_leaves_its_place_to_the_next() -> None:
    breaker = opened()
    breaker.unsent(breaker.enter(130.0), 130.0)
    assert breaker.state(130.0) is State.HALF_OPEN
    assert breaker.enter(130.0) != REFUSED


@pytest.mark.parametrize("succeeds", [True, False])
def test_the_end_of_a_call_from_before_decides_nothing(succeeds: bool) -> None:
    breaker = Breaker()
    late = [breaker.enter(100.0) for _ in range(2)]
    run(breaker, 100.0, failed=6)
    (breaker.succeeded if succeeds else breaker.failed)(late[0], 110.0, 10.0)
    assert breaker.state(110.0) is State.OPEN
    probe = breaker.enter(130.0)
    (breaker.succeeded if succeeds else breaker.failed)(late[1], 130.0, 30.0)
    assert breaker.state(130.0) is State.HALF_OPEN
    breaker.succeeded(probe, 131.0, 1.0)
    assert breaker.state(131.0) is State.CLOSED


def test_what_was_never_sent_is_not_counted() -> None:
    breaker = Breaker()
    for _ in range(100):
        breaker.unsent(breaker.enter(100.0), 100.0)
    run(breaker, 100.0, failed=4)
    assert breaker.state(100.0) is State.CLOSED
    run(breaker, 100.0, failed=1)
    assert breaker.state(100.0) is State.OPEN


def test_refusals_while_open_do_not_thin_the_failures_after_it_has_closed() -> None:
    breaker = Breaker(Rules(reset_s=1.0))
    run(breaker, 100.0, failed=5)
    for _ in range(1_000):
        assert breaker.enter(100.5) == REFUSED
    breaker.succeeded(breaker.enter(101.0), 101.0, 0.001)
    assert breaker.state(101.0) is State.CLOSED
    run(breaker, 111.0, failed=5)
    assert breaker.state(111.0) is State.OPEN


def test_stats_have_the_names_of_opossum() -> None:
    breaker = Breaker()
    run(breaker, 100.0, fine=6, failed=4)
    breaker.failed(breaker.enter(100.0), 100.0, 5.0, timed_out=True)
    stats = breaker.stats(100.0)
    assert {
        name: stats[name]
        for name in ("fires", "successes", "failures", "timeouts", "rejects", "semaphoreRejections")
    } == {"fires": 11, "successes": 6, "failures": 5, "timeouts": 1, "rejects": 0, "semaphoreRejections": 0}
    assert stats["latencyMean"] == pytest.approx((10 * 1 + 5_000) / 11, abs=0.001)
    assert stats["percentiles"]["1"] == 5_000.0
    for name in ("fallbacks", "cacheHits", "cacheMisses", "coalesceCacheHits", "coalesceCacheMisses"):
        assert stats[name] == 0
