"""Reads on from a subscriber's place in a log: after a start, and when more was said than one batch may handle."""

from __future__ import annotations

from typing import Any

import msgspec

from ..core.model import wire_name
from ..core.store import Transaction
from .dead_letters import Parking
from .envelope import Incoming, Origin
from .service_runtime import Line, Room
from .unit_of_work import Unit

# rows read in search of a single message: a line that only skips must get on
SEARCH = 64


async def recover(tx: Transaction, rooms: dict[str, Room]) -> None:
    """Reads every place and every log's end anew, before anything is decided."""
    for room in rooms.values():
        last = (await tx.rows(room.last_seq))[0][0]
        room.seq = max(last, 0)
        room.blocked = {key for (key,) in await tx.rows(room.parked_keys)}
    for room in rooms.values():
        saved = dict(await tx.rows(room.positions))
        for name, line in room.lines.items():
            line.position = saved.get(name, 0)
            line.source.seq = max(line.source.seq, line.position)
            line.tail.clear()
    for room in rooms.values():
        for line in room.lines.values():
            line.gap = line.position < line.source.seq


async def pull(unit: Unit, rooms: dict[str, Room], now: int, limit: int, parking: Parking) -> list[Incoming]:
    """The next messages of every line that is behind, in their order; the lines move with them. A limit of 1 is one in all."""
    batch: list[Incoming] = []
    for room in rooms.values():
        for line in room.lines.values():
            if batch and limit == 1:
                return batch
            if line.gap:
                batch += await _read(unit, room, line, now, limit, parking)
            elif line.tail:
                for _ in range(min(limit, len(line.tail))):
                    incoming = line.tail.popleft()
                    incoming.at = now
                    line.position = incoming.seq
                    batch.append(incoming)
                if not line.tail:
                    line.position = line.source.seq
    return batch


async def _rows(unit: Unit, line: Line, most: int) -> list[Any]:
    """The next rows of a log. Its subscribers stand at the same place as a rule: one read is for all of them."""
    place = line.source.name, line.position, most
    rows = unit.read.get(place)
    if rows is None:
        rows = unit.read[place] = await unit.tx.rows(line.source.log_after, {"after": line.position, "n": most})
    return rows


async def _read(unit: Unit, room: Room, line: Line, now: int, limit: int, parking: Parking) -> list[Incoming]:
    most = SEARCH if limit == 1 else limit
    rows = await _rows(unit, line, most)
    batch: list[Incoming] = []
    if rows:
        unit.moved.add(line)
    for seq, event_id, name, key, body, _cause, trace, _at in rows:
        if len(batch) == limit:
            return batch
        kind = line.source.says.get(name)
        line.position = seq
        if kind is None or not room.hears(kind):
            continue
        try:
            message = unit.decoded.get(event_id) or room.decode(kind, body)
            unit.decoded[event_id] = message
        except msgspec.MsgspecError as error:
            parking.unreadable(unit, room, "event", wire_name(kind), body, error, key=key, trace=trace)
            continue
        incoming = Incoming(room, message, Origin.EVENT, event_id, now, trace=trace)
        incoming.seq, incoming.source = seq, line.source.name
        batch.append(incoming)
    if len(rows) < most:
        line.gap = False
    return batch


async def save_positions(tx: Transaction, unit: Unit, rooms: dict[str, Room]) -> None:
    """Moves the cursors, in the transaction of what was handled. A line that only skipped is saved with its next message."""
    left: dict[Line, int] = {}
    for incoming in (*unit.left, *unit.heard):
        line = incoming.room.lines[incoming.source]
        left[line] = min(left.get(line, incoming.seq), incoming.seq)
    for room in rooms.values():
        moved: list[tuple[Any, ...]] = []
        for name, line in room.lines.items():
            if not line.behind:
                line.position = left[line] - 1 if line in left else line.source.seq
            if line in unit.moved:
                moved.append((name, line.position))
        if moved:
            await tx.upsert(room.cursors, moved)
