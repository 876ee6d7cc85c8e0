"""Decides how long a session lasts. Apart from the domain of users, of which it needs only whether the user
still exists.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from msgspec.structs import replace

from ...contracts.users import EndSession, Nothing, OpenSession, RotateSession, SessionView
from ...core.model import Aggregate, Context, Effects, Refused
from .domain import User

LIFETIME_MS = 30 * 24 * 60 * 60 * 1000
OVER = -1


class Session(Aggregate, frozen=True):
    """A family of refresh tokens: only that of the current `generation` is good. It ends 30 days after the
    log-in, used or not.
    """

    user_id: str
    generation: int
    status: Literal["OPEN", "ENDED"]
    created_at: int
    updated_at: int
    expires_at: int

    def ended(self, context: Context) -> Session:
        return replace(self, status="ENDED", updated_at=context.at)


def user_of(session: Session | None) -> Iterable[str]:
    return () if session is None else (session.user_id,)


def start(ask: OpenSession, context: Context, user: User | None) -> Effects[SessionView]:
    if user is None or not user.active:
        raise Refused("invalid_credentials", 401)
    session = Session(context.new_id, user.id, 1, "OPEN", context.at, context.at, context.at + LIFETIME_MS)
    yield session
    return SessionView(session.id, user.id, user.role, session.generation, context.at)


def rotate(
    ask: RotateSession, context: Context, session: Session | None, users: Mapping[str, User]
) -> Effects[SessionView]:
    """The next generation of a session; or generation -1, which the API answers with 401 `invalid_token`.

    Not `Refused`: that would undo the end of a session whose old token was used again, which means that it
    was stolen.
    """
    over = SessionView(ask.session_id, "", "customer", OVER, context.at)
    if session is None or session.status == "ENDED":
        return over
    user = users.get(session.user_id)
    if (
        user is None
        or not user.active
        or context.at >= session.expires_at
        or ask.generation != session.generation
    ):
        yield session.ended(context)
        return over
    session = replace(session, generation=session.generation + 1, updated_at=context.at)
    yield session
    return SessionView(session.id, user.id, user.role, session.generation, context.at)


def end(ask: EndSession, context: Context, session: Session | None) -> Effects[Nothing]:
    if session is not None and session.status == "OPEN":
        yield session.ended(context)
    return Nothing()
