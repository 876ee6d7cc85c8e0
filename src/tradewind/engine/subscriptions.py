"""Reads on from a subscriber's place in a log: after a start, and when more was said than one batch may
handle.
"""

from __future__ import annotations

from typing import Any

import msgspec

from ..core.model import wire_name
from ..core.store import Transaction
from .dead_letters import DeadLetters
from .envelope import Envelope, Origin
from .service_runtime import ServiceRuntime, Subscription
from .unit_of_work import Unit

# rows read in search of a single message: a line that only skips must get on
SEARCH = 64


async def recover(tx: Transaction, runtimes: dict[str, ServiceRuntime]) -> None:
    """Reads every place and every log's end anew, before anything is decided."""
    for runtime in runtimes.values():
        last = (await tx.rows(runtime.last_seq))[0][0]
        runtime.seq = max(last, 0)
        runtime.blocked = {key for (key,) in await tx.rows(runtime.parked_keys)}
    for runtime in runtimes.values():
        saved = dict(await tx.rows(runtime.positions))
        for name, subscription in runtime.subscriptions.items():
            subscription.position = saved.get(name, 0)
            subscription.source.seq = max(subscription.source.seq, subscription.position)
            subscription.tail.clear()
    for runtime in runtimes.values():
        for subscription in runtime.subscriptions.values():
            subscription.gap = subscription.position < subscription.source.seq


async def pull(
    unit: Unit, runtimes: dict[str, ServiceRuntime], now: int, limit: int, dead_letters: DeadLetters
) -> list[Envelope]:
    """The next messages of every line that is behind, in their order; the lines move with them. A limit of 1
    is one in all.
    """
    batch: list[Envelope] = []
    for runtime in runtimes.values():
        for subscription in runtime.subscriptions.values():
            if batch and limit == 1:
                return batch
            if subscription.gap:
                batch += await _read(unit, runtime, subscription, now, limit, dead_letters)
            elif subscription.tail:
                for _ in range(min(limit, len(subscription.tail))):
                    envelope = subscription.tail.popleft()
                    envelope.at = now
                    subscription.position = envelope.seq
                    batch.append(envelope)
                if not subscription.tail:
                    subscription.position = subscription.source.seq
    return batch


async def _rows(unit: Unit, subscription: Subscription, most: int) -> list[Any]:
    """The next rows of a log. Its subscribers stand at the same place as a rule: one read is for all of
    them.
    """
    place = subscription.source.name, subscription.position, most
    rows = unit.read.get(place)
    if rows is None:
        rows = unit.read[place] = await unit.tx.rows(
            subscription.source.log_after, {"after": subscription.position, "n": most}
        )
    return rows


async def _read(
    unit: Unit,
    runtime: ServiceRuntime,
    subscription: Subscription,
    now: int,
    limit: int,
    dead_letters: DeadLetters,
) -> list[Envelope]:
    most = SEARCH if limit == 1 else limit
    rows = await _rows(unit, subscription, most)
    batch: list[Envelope] = []
    if rows:
        unit.moved.add(subscription)
    for seq, event_id, name, key, body, _cause, trace, _at in rows:
        if len(batch) == limit:
            return batch
        kind = subscription.source.says.get(name)
        subscription.position = seq
        if kind is None or not runtime.hears(kind):
            continue
        try:
            message = unit.decoded.get(event_id) or runtime.decode(kind, body)
            unit.decoded[event_id] = message
        except msgspec.MsgspecError as error:
            dead_letters.unreadable(
                unit, runtime, "event", wire_name(kind), body, error, key=key, trace=trace
            )
            continue
        envelope = Envelope(runtime, message, Origin.EVENT, event_id, now, trace=trace)
        envelope.seq, envelope.source = seq, subscription.source.name
        batch.append(envelope)
    if len(rows) < most:
        subscription.gap = False
    return batch


async def save_positions(tx: Transaction, unit: Unit, runtimes: dict[str, ServiceRuntime]) -> None:
    """Moves the cursors, in the transaction of what was handled. A line that only skipped is saved with its
    next message.
    """
    left: dict[Subscription, int] = {}
    for envelope in (*unit.left, *unit.heard):
        subscription = envelope.runtime.subscriptions[envelope.source]
        left[subscription] = min(left.get(subscription, envelope.seq), envelope.seq)
    for runtime in runtimes.values():
        moved: list[tuple[Any, ...]] = []
        for name, subscription in runtime.subscriptions.items():
            if not subscription.behind:
                subscription.position = (
                    left[subscription] - 1 if subscription in left else subscription.source.seq
                )
            if subscription in unit.moved:
                moved.append((name, subscription.position))
        if moved:
            await tx.upsert(runtime.cursors, moved)
