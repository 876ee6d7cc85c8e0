"""A service that is back is tried at once: while its circuit is open it is asked every second, and nobody's
request is risked for it.
"""

from tests.apis.resilience.support import Service, Stand
from tradewind.apis.kernel.resilience.guarded import LOOK_S, Verdict


def looking() -> tuple[Stand, Service]:
    """A stand, and the service as it is looked at."""
    stand = Stand()
    seen = Service(stand.time, Verdict.FAILED)
    stand.guarded.look = seen
    return stand, seen


def shown(stand: Stand) -> str:
    return stand.guarded.state.value


def test_nobody_is_looked_at_while_the_circuit_is_closed() -> None:
    stand, seen = looking()
    stand.call(Verdict.FAILED, retryable=False)
    stand.time.pass_by(60.0)
    assert seen.began == []


def test_a_service_that_is_back_is_half_open_at_once_and_closed_by_the_next_call() -> None:
    stand, seen = looking()
    stand.trip()
    stand.time.pass_by(5.5)
    assert shown(stand) == "OPEN"
    assert len(seen.began) == 5 and set(seen.timeouts) == {LOOK_S}
    seen.usual = Verdict.FINE
    stand.time.pass_by(1.1)
    assert shown(stand) == "HALF_OPEN"
    assert stand.call() == (Verdict.FINE, Verdict.FINE)
    assert shown(stand) == "CLOSED"
    looks = len(seen.began)
    stand.time.pass_by(60.0)
    assert len(seen.began) == looks


def test_one_that_answers_but_fails_is_looked_at_again() -> None:
    stand, seen = looking()
    stand.trip()
    seen.usual = Verdict.FINE
    stand.time.pass_by(1.1)
    stand.call(Verdict.FAILED)
    assert shown(stand) == "OPEN"
    stand.time.pass_by(1.1)
    assert shown(stand) == "HALF_OPEN"


def test_one_that_never_answers_is_half_open_when_its_time_is_over() -> None:
    stand, seen = looking()
    stand.trip()
    seen.usual = Verdict.TIMED_OUT
    stand.time.pass_by(29.0)
    assert shown(stand) == "OPEN"
    assert len(seen.began) <= 15
    stand.time.pass_by(1.1)
    assert shown(stand) == "HALF_OPEN"


def test_who_leaves_looks_no_more() -> None:
    stand, seen = looking()
    stand.trip()
    stand.guarded.look = None
    stand.time.pass_by(10.0)
    assert seen.began == []
