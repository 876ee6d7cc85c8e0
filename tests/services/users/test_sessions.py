"""What users decides about sessions: an old refresh token ends them, and the end is written though the caller
is turned away.
"""

import pytest
from msgspec.structs import replace

from tradewind.contracts.users import EndSession, Nothing, OpenSession, RotateSession, SessionView
from tradewind.core.model import Context, Refused, settle
from tradewind.services.users.domain import User
from tradewind.services.users.sessions import LIFETIME_MS, Session, end, rotate, start

NOW = Context(2_000, "s-new")
ADA = User("ada", "ada@example.com", "Ada", "customer", "ACTIVE", "$hash", 1, 1_000, 1_000)
SESSION = Session("s1", "ada", 3, "OPEN", 1_000, 1_500, 1_000 + LIFETIME_MS)
ENDED = replace(SESSION, status="ENDED", updated_at=2_000)
HERE = {"ada": ADA}
OVER = SessionView("s1", "", "customer", -1, 2_000)


def test_a_session_starts_with_its_first_generation() -> None:
    effects, reply = settle(start(OpenSession("ada"), NOW, ADA))
    assert effects == [Session("s-new", "ada", 1, "OPEN", 2_000, 2_000, 2_000 + LIFETIME_MS)]
    assert reply == SessionView("s-new", "ada", "customer", 1, 2_000)


@pytest.mark.parametrize("user", [None, replace(ADA, status="DELETED")])
def test_nobody_gets_no_session(user: User | None) -> None:
    with pytest.raises(Refused, match="invalid_credentials"):
        settle(start(OpenSession("ada"), NOW, user))


def test_the_current_generation_is_exchanged_for_the_next() -> None:
    effects, reply = settle(rotate(RotateSession("s1", 3), NOW, SESSION, HERE))
    assert effects == [replace(SESSION, generation=4, updated_at=2_000)]
    assert reply == SessionView("s1", "ada", "customer", 4, 2_000)


@pytest.mark.parametrize("generation", [2, 4, -1])
def test_another_generation_ends_the_session_for_good(generation: int) -> None:
    effects, reply = settle(rotate(RotateSession("s1", generation), NOW, SESSION, HERE))
    assert (effects, reply) == ([ENDED], OVER)
    assert settle(rotate(RotateSession("s1", 3), NOW, ENDED, HERE)) == ([], OVER)


def test_a_session_ends_after_thirty_days_or_with_its_user() -> None:
    late = replace(NOW, at=SESSION.expires_at)
    _, reply = settle(rotate(RotateSession("s1", 3), late, SESSION, HERE))
    assert reply.generation == -1
    assert settle(rotate(RotateSession("s1", 3), NOW, SESSION, {"ada": replace(ADA, status="DELETED")})) == (
        [ENDED],
        OVER,
    )
    assert settle(rotate(RotateSession("s1", 3), NOW, None, {})) == ([], OVER)


def test_to_end_twice_is_to_end_once() -> None:
    assert settle(end(EndSession("s1"), NOW, SESSION)) == ([ENDED], Nothing())
    assert settle(end(EndSession("s1"), NOW, ENDED)) == ([], Nothing())
    assert settle(end(EndSession("s1"), NOW, None)) == ([], Nothing())
