"""Any order of calls, ends and waits: the breaker does what a slow model does that remembers every single
one.
"""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tradewind.apis.kernel.resilience.breaker import REFUSED, Breaker, State

WINDOW_S, RESET_S, VOLUME = 10, 30.0, 5


class Model:
    """Whole seconds are the buckets. `open_until` is None while closed."""

    def __init__(self) -> None:
        self.calls: list[int] = []
        self.failures: list[int] = []
        self.open_until: float | None = None
        self.life = 0
        self.probe: int | None = None

    def state(self, now: float) -> State:
        if self.open_until is None:
            return State.CLOSED
        return State.OPEN if now < self.open_until else State.HALF_OPEN

    def enter(self, now: float, number: int) -> bool:
        state = self.state(now)
        if state is State.OPEN or (state is State.HALF_OPEN and self.probe is not None):
            return False
        if state is State.HALF_OPEN:
            self.probe = number
        self.calls.append(int(now))
        return True

    def end(self, now: float, number: int, life: int, fine: bool) -> None:
        if not fine:
            self.failures.append(int(now))
        if self.probe == number:
            self.probe = None
            self.life += 1
            self.open_until = None if fine else now + RESET_S
        elif not fine and life == self.life and self.open_until is None:
            recent = [
                sum(int(now) - WINDOW_S < second for second in seconds)
                for seconds in (self.calls, self.failures)
            ]
            if recent[0] >= VOLUME and recent[1] / recent[0] >= 0.5:
                self.life += 1
                self.open_until = now + RESET_S

    def unsent(self, now: float, number: int) -> None:
        self.calls.remove(int(now))
        if self.probe == number:
            self.probe = None


class Machine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.breaker, self.model = Breaker(), Model()
        self.now, self.number = 1_000.0, 0
        self.open: list[tuple[int, int, int, float]] = []  # number, ticket, life, since

    @rule()
    def enter(self) -> None:
        self.number += 1
        life = self.model.life
        ticket = self.breaker.enter(self.now)
        assert (ticket != REFUSED) is self.model.enter(self.now, self.number)
        if ticket != REFUSED:
            self.open.append((self.number, ticket, life, self.now))

    @precondition(lambda self: self.open)
    @rule(data=st.data(), fine=st.booleans(), timed_out=st.booleans())
    def end(self, data: st.DataObject, fine: bool, timed_out: bool) -> None:
        number, ticket, life, since = self.open.pop(data.draw(st.integers(0, len(self.open) - 1)))
        if fine:
            self.breaker.succeeded(ticket, self.now, self.now - since)
        else:
            self.breaker.failed(ticket, self.now, self.now - since, timed_out=timed_out)
        self.model.end(self.now, number, life, fine)

    @precondition(lambda self: self.model.state(self.now) is not State.OPEN)
    @rule()
    def find_no_room(self) -> None:
        self.number += 1
        ticket = self.breaker.enter(self.now)
        entered = self.model.enter(self.now, self.number)
        assert (ticket != REFUSED) is entered
        if entered:
            self.breaker.unsent(ticket, self.now)
            self.model.unsent(self.now, self.number)

    @rule(seconds=st.sampled_from([0.001, 0.25, 1.0, 3.0, 9.99, 10.0, 29.0, 30.0, 45.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @invariant()
    def same_state(self) -> None:
        assert self.breaker.state(self.now) is self.model.state(self.now)
        assert (self.breaker.opens_in(self.now) > 0) is (self.model.state(self.now) is State.OPEN)


TestBreaker = Machine.TestCase
TestBreaker.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)
