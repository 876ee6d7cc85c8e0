"""One call through breaker, deadline, retries and room, as the page's figures have it."""

import pytest

from tests.apis.resilience.support import Stand
from tradewind.apis.kernel.resilience.breaker import State
from tradewind.apis.kernel.resilience.guarded import Guarded, Verdict
from tradewind.apis.kernel.resilience.presets import READ, WRITE, Preset

FINE, FAILED, TIMED_OUT, BUSY, OPEN = (
    Verdict.FINE,
    Verdict.FAILED,
    Verdict.TIMED_OUT,
    Verdict.BUSY,
    Verdict.OPEN,
)


def waits(stand: Stand) -> list[float]:
    """Between the end of an attempt that failed at once and the next attempt."""
    return [
        round(b - a - stand.service.takes, 6)
        for a, b in zip(stand.service.began, stand.service.began[1:], strict=False)
    ]


def test_a_call_that_succeeds_is_one_attempt() -> None:
    stand = Stand()
    assert stand.call() == (FINE, FINE)
    assert stand.service.timeouts == [5.0]
    assert (stand.guarded.in_flight, stand.guarded.stats()["fires"], stand.guarded.stats()["successes"]) == (
        0,
        1,
        1,
    )


def test_a_read_is_tried_again_after_300_600_1200_ms() -> None:
    stand = Stand(chance=0.5)
    assert stand.call(FAILED, FAILED, FAILED, FINE) == (FINE, FINE)
    assert waits(stand) == [0.3, 0.6, 1.2]


def test_a_write_is_tried_again_once_after_500_ms() -> None:
    stand = Stand(chance=0.5)
    assert stand.call(FAILED, FAILED, FINE, preset=WRITE) == (FAILED, FAILED)
    assert waits(stand) == [0.5]


@pytest.mark.parametrize(("chance", "factor"), [(0.0, 0.5), (0.999999, 1.5)])
def test_delays_vary_by_half(chance: float, factor: float) -> None:
    stand = Stand(chance=chance)
    stand.call(FAILED, FAILED, FAILED, FINE)
    assert waits(stand) == pytest.approx([0.3 * factor, 0.6 * factor, 1.2 * factor], rel=1e-5)


def test_what_may_not_be_repeated_is_not() -> None:
    stand = Stand()
    assert stand.call(FAILED, FINE, retryable=False) == (FAILED, FAILED)
    assert len(stand.service.began) == 1


def test_a_call_is_one_fire_however_often_it_is_tried() -> None:
    stand = Stand()
    stand.call(FAILED, FAILED, FINE)
    stats = stand.guarded.stats()
    assert (stats["fires"], stats["successes"], stats["failures"], stats["retries"]) == (1, 1, 0, 2)


def test_all_attempts_share_one_deadline() -> None:
    stand = Stand(chance=0.5)
    preset = Preset(5.0, (0.3, 0.6, 1.2), 7.0)
    stand.service.usual = TIMED_OUT
    began = stand.time.now
    assert stand.call(preset=preset) == (TIMED_OUT, TIMED_OUT)
    assert stand.service.timeouts == pytest.approx([5.0, 1.7])
    assert stand.time.now - began <= 7.0 + 0.02  # the test looks every 10 ms


def test_a_service_that_never_answers_costs_a_read_22_1_seconds_at_the_most() -> None:
    stand = Stand(chance=0.999)
    stand.service.usual = TIMED_OUT
    began = stand.time.now
    stand.call()
    assert stand.time.now - began <= READ.deadline_s + 0.02
    assert len(stand.service.timeouts) == 4
    assert stand.guarded.stats()["timeouts"] == 1


def test_five_failures_open_the_circuit_and_calls_are_refused_at_once() -> None:
    stand = Stand()
    stand.trip()
    assert stand.guarded.state is State.OPEN
    before = len(stand.service.began)
    stand.start()
    assert stand.ended[-1] == (OPEN, None)
    assert len(stand.service.began) == before
    assert stand.guarded.retry_after() == 30
    assert stand.guarded.stats()["rejects"] == 1


def test_one_probe_after_30_s_closes_the_circuit() -> None:
    stand = Stand()
    stand.trip()
    stand.time.pass_by(30.0)
    stand.ended.clear()
    stand.start()
    stand.start()
    stand.time.pass_by(0.01)
    assert stand.ended == [(OPEN, None), (FINE, FINE)]
    assert stand.guarded.state is State.CLOSED


def test_a_probe_is_tried_once_only() -> None:
    stand = Stand()
    stand.trip()
    stand.time.pass_by(30.0)
    before = len(stand.service.began)
    assert stand.call(FAILED, FINE) == (FAILED, FAILED)
    assert len(stand.service.began) == before + 1
    assert stand.guarded.state is State.OPEN


def test_who_waits_for_a_retry_is_told_when_the_circuit_opens() -> None:
    stand = Stand()
    stand.service.usual = FAILED
    stand.start()
    stand.time.pass_by(0.01)
    stand.trip()
    attempts = len(stand.service.began)
    stand.time.pass_by(5.0)
    assert len(stand.service.began) == attempts
    assert stand.ended[-1] == (FAILED, FAILED)
    assert stand.guarded.in_flight == 0


def test_beyond_the_bound_a_call_is_refused_and_not_counted_as_a_failure() -> None:
    stand = Stand(in_flight=3)
    stand.service.takes = 1.0
    for _ in range(10):
        stand.start()
    assert stand.ended == [(BUSY, None)] * 7
    assert stand.guarded.in_flight == 3
    assert stand.guarded.stats()["semaphoreRejections"] == 7
    stand.time.pass_by(1.0)
    assert stand.guarded.in_flight == 0
    assert stand.guarded.state is State.CLOSED
    assert stand.call() == (FINE, FINE)


def test_a_transport_without_room_is_not_tried_again_and_not_counted() -> None:
    stand = Stand()
    for _ in range(20):
        assert stand.call(BUSY) == (BUSY, BUSY)
    assert len(stand.service.began) == 20
    assert stand.guarded.state is State.CLOSED


def test_a_retry_without_room_ends_with_what_came_before() -> None:
    stand = Stand()
    assert stand.call(TIMED_OUT, BUSY) == (TIMED_OUT, TIMED_OUT)
    assert stand.guarded.stats()["failures"] == 1


def test_a_transport_that_raises_leaves_no_place_taken(caplog: pytest.LogCaptureFixture) -> None:
    stand = Stand()

    def broken(timeout: float, then: object) -> None:
        raise RuntimeError("a bug")

    guarded: Guarded[Verdict] = stand.guarded
    guarded.run(READ, True, broken, lambda verdict, outcome: stand.ended.append((verdict, outcome)))
    assert stand.ended == [(FAILED, None)]
    assert guarded.in_flight == 0
    assert "could not be made" in caplog.text
