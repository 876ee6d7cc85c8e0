"""Lists what could not be handled and waits for a person: no broken promise by itself, but these orders are not finished."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from ...chassis.engine.rooms import Room
from .findings import SHOWN, Broken, Finding, Promise
from .flight import About
from .stories import Rows


async def letters(source: Rows, rooms: dict[str, Room]) -> Finding:
    found, count = [], 0
    for room in rooms.values():
        letter = room.parked.rows.c
        dead = letter.status == "DEAD"
        count += (await source.rows(sa.select(sa.func.count()).select_from(room.parked.rows).where(dead)))[0][0]
        first = sa.select(letter.id, letter.name, letter.key, letter.body, letter.reason).where(dead).order_by(letter.id).limit(SHOWN)
        found += [Broken(key, f"{name}{_of(about, body)}: {reason}") for key, name, about, body, reason in await source.rows(first)]
    note = "`tradewind dead-letters list` shows them; their orders wait for a decision" if count else ""
    return Finding(Promise.LETTERS.value, True, count, "letters", 0, tuple(sorted(found, key=lambda one: one.id)[:SHOWN]), note)


def _of(key: str, body: str) -> str:
    try:
        about = msgspec.json.decode(body, type=About)
    except msgspec.MsgspecError:
        about = About()
    whom = key or about.order_id or about.payment_id
    return f" of {whom}" if whom else ""
