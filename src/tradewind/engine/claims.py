"""Looks up what of a batch was decided before, by an earlier copy or by a try of which nobody knows whether
it was kept.
"""

from __future__ import annotations

from typing import Any

from ..core.model import Table
from .envelope import Envelope, Origin, refusal, tell
from .unit_of_work import Unit


async def look_up(unit: Unit, batch: list[Envelope], *, shared: bool = False) -> None:
    """Brings in the replies to earlier copies; takes outcomes out whose activity has no row any more.

    Where the store is shared, a copy that is under way elsewhere cannot be seen: the first try asks nothing
    and leaves it to the key of the inbox to find it, and only who lost that race, or may have been here
    before, is looked up.
    """
    wanted: dict[Table[Any], dict[str, None]] = {}
    for envelope in batch:
        if envelope.claim and (envelope.tried or not shared):
            wanted.setdefault(envelope.runtime.inbox, {})[envelope.claim] = None
    await unit.fetch(wanted)
    for envelope in [i for i in batch if (i.tried or shared) and i.origin is Origin.OUTCOME]:
        if not await unit.tx.rows(envelope.runtime.activity, {"id": envelope.ref}):
            batch.remove(envelope)
            unit.end_activity(envelope.runtime, envelope.ref)


def unknowable(envelope: Envelope) -> bool:
    """A request without a key, in a commit of which nobody knows whether it was kept: a second try could not
    tell that it is one.
    """
    if envelope.origin is not Origin.REQUEST or envelope.claim:
        return False
    says = "It is not known whether this was done. Look first, or ask with an Idempotency-Key."
    tell(envelope, refusal(503, "outcome_unknown", says, retry_after=5))
    return True
