"""Lists the dead letters: no broken promise by themselves, but their orders are not finished."""

from __future__ import annotations

from .findings import SHOWN, Broken, Finding, Promise
from .flight import about
from .rows import Rows
from .waits import waits
from .wiring import WHOLE, Wiring


async def letters(source: Rows, wiring: Wiring = WHOLE) -> Finding:
    """The line that is always well."""
    found, count = [], 0
    for of in waits(wiring):
        count += (await source.rows(of.dead_count))[0][0]
        for key, name, order, body, reason in await source.rows(of.dead, {"n": SHOWN}):
            whom = order or about(body).order_id or about(body).payment_id
            found.append(Broken(key, f"{name}{f' of {whom}' if whom else ''}: {reason}"))
    found.sort(key=lambda letter: letter.id)
    note = "`tradewind dead-letters list` shows them; their orders wait for a decision" if count else ""
    return Finding(Promise.LETTERS.value, True, count, "letters", 0, tuple(found[:SHOWN]), note)
