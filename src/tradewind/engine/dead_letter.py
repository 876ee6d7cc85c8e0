"""The operator's desk: messages that could not be handled, kept with their reason until somebody decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, ClassVar

from msgspec import Meta
from msgspec.structs import replace

from ..core.model import Aggregate, Context, Effects, Query, Refused, Request, Rule, Table, on


class DeadLetter(Aggregate, frozen=True):
    """A message aside. RETRYING: tried again at `due_at`. WAITING: behind another of the same key. DEAD:
    needs a decision.
    """

    status: str
    origin: str
    name: str
    key: str
    body: str
    attempts: int
    reason: str
    trace: str
    due_at: int
    first_at: int
    last_at: int


class ReplayDeadLetter(Request, frozen=True, tag="chassis.replay"):
    """Try a dead letter again, now."""

    keyed_by: ClassVar[str] = "dead_letter_id"
    dead_letter_id: str


class DiscardDeadLetter(Request, frozen=True, tag="chassis.discard"):
    """Give a dead letter up; those behind it go on."""

    keyed_by: ClassVar[str] = "dead_letter_id"
    dead_letter_id: str


class ListDeadLetters(Query, frozen=True, tag="chassis.parked"):
    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    cursor: str = ""


def replay(ask: ReplayDeadLetter, context: Context, letter: DeadLetter) -> Effects[DeadLetter]:
    if letter.status == "DONE":
        raise Refused("not_found", 404)
    if letter.status == "WAITING":
        raise Refused(
            "waits_for_another",
            says="An older message of the same key is parked: replay or discard that one.",
            key=letter.key,
        )
    again = replace(letter, status="RETRYING", due_at=context.at, attempts=0)
    yield again
    return again


def discard(ask: DiscardDeadLetter, context: Context, letter: DeadLetter) -> Effects[DeadLetter]:
    if letter.status == "DONE":
        raise Refused("not_found", 404)
    gone = replace(letter, status="DONE", last_at=context.at)
    yield gone
    return gone


RULES: dict[type[Request], Callable[[Table[Any]], Rule]] = {
    ReplayDeadLetter: lambda parked: on(ReplayDeadLetter, replay, parked),
    DiscardDeadLetter: lambda parked: on(DiscardDeadLetter, discard, parked),
}
