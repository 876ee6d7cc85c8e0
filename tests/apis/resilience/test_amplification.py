"""A service that is down gets at most a tenth more than its callers send, and a little floor; and all is well
soon after it is back.
"""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.apis.resilience.support import Stand
from tradewind.apis.kernel.resilience.breaker import Rules, State
from tradewind.apis.kernel.resilience.guarded import FLOOR_PER_S, RATIO, Verdict

NEVER = Rules(failing_percent=101.0)  # a breaker that never opens: the budget alone must hold
WINDOW_S = 10.0


def load(stand: Stand, per_s: int, seconds: float) -> int:
    for _ in range(int(per_s * seconds)):
        stand.start()
        stand.time.pass_by(1 / per_s)
    return int(per_s * seconds)


@settings(max_examples=25, deadline=None)
@given(
    per_s=st.sampled_from([1, 10, 50, 200]),
    seconds=st.sampled_from([5.0, 20.0, 45.0]),
    chance=st.floats(0, 0.999),
)
def test_retries_stay_within_the_budget(per_s: int, seconds: float, chance: float) -> None:
    stand = Stand(rules=NEVER, in_flight=100_000, chance=chance)
    stand.service.usual = Verdict.FAILED
    calls = load(stand, per_s, seconds)
    stand.time.pass_by(30.0)
    retries = len(stand.service.began) - calls
    windows = -(-(seconds + 30.0) // (WINDOW_S - 1))  # the oldest bucket of a window is a part of one
    assert retries <= RATIO * calls * WINDOW_S / (WINDOW_S - 1) + windows * FLOOR_PER_S * WINDOW_S
    assert stand.guarded.in_flight == stand.time.waiting == 0
    assert len(stand.ended) == calls


def test_a_loaded_service_that_is_down_sees_at_most_a_tenth_more() -> None:
    stand = Stand(rules=NEVER, in_flight=100_000)
    load(stand, 1_000, 12.0)  # all is well
    stand.service.usual = Verdict.FAILED
    before = len(stand.service.began)
    calls = load(stand, 1_000, 30.0)
    stand.time.pass_by(3.0)
    assert (len(stand.service.began) - before) / calls <= 1.1 * 1.02
    assert stand.guarded.retries == len(stand.service.began) - before - calls
    assert stand.guarded.denied > calls / 2


def test_a_quiet_service_is_still_tried_again() -> None:
    stand = Stand()
    assert stand.call(Verdict.FAILED, Verdict.FAILED, Verdict.FAILED, Verdict.FINE) == (
        Verdict.FINE,
        Verdict.FINE,
    )


def test_with_the_breaker_a_dead_service_is_hardly_called() -> None:
    stand = Stand(in_flight=100_000)
    stand.service.usual = Verdict.FAILED
    calls = load(stand, 100, 60.0)
    assert len(stand.service.began) < calls / 100
    assert stand.guarded.state is State.OPEN


@pytest.mark.parametrize("dead", [Verdict.FAILED, Verdict.TIMED_OUT])
def test_it_recovers_within_one_reset(dead: Verdict) -> None:
    stand = Stand(in_flight=100_000)
    load(stand, 50, 10.0)
    stand.service.usual = dead
    load(stand, 50, 40.0)
    stand.service.usual = Verdict.FINE
    load(stand, 50, 41.0)  # the rest of an opening, and a probe that was sent to the dead
    assert stand.guarded.state is State.CLOSED
    stand.ended.clear()
    calls = load(stand, 50, 5.0)
    stand.time.pass_by(0.1)
    assert stand.ended == [(Verdict.FINE, Verdict.FINE)] * calls


def test_a_service_that_flickers_keeps_every_call_accounted_for() -> None:
    dice = random.Random(7)
    stand = Stand(in_flight=50)
    calls = 0
    for _ in range(300):
        stand.service.usual = dice.choice([Verdict.FINE, Verdict.FAILED, Verdict.TIMED_OUT, Verdict.BUSY])
        stand.service.takes = dice.choice([0.001, 0.5, 3.0])
        calls += load(stand, 20, 0.5)
    stand.time.pass_by(60.0)
    assert len(stand.ended) == calls
    assert stand.guarded.in_flight == stand.time.waiting == 0
