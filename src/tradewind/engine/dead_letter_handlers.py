"""Decides what becomes of a dead letter when an operator asks: every service hears these messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from ..core.dead_letters import DeadLetter, DiscardDeadLetter, ReplayDeadLetter
from ..core.model import Context, Effects, Refused, Request, Rule, Table, on


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


HANDLERS: dict[type[Request], Callable[[Table[Any]], Rule]] = {
    ReplayDeadLetter: lambda parked: on(ReplayDeadLetter, replay, parked),
    DiscardDeadLetter: lambda parked: on(DiscardDeadLetter, discard, parked),
}
