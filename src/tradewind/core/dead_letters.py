"""The dead letter and what an operator asks about it. In the core, because every API may offer it.

A message that cannot be handled is kept with its reason until an operator decides.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from .model import Aggregate, Query, Request
from .paging import Listing

LISTING = Listing("dead letters")
"""Its ids are internal: they tell the time by themselves."""


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
