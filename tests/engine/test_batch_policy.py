"""How much a batch takes: a rush is of requests alone, and nobody waits for a long batch."""

from __future__ import annotations

import gc

from tests.engine.hospital import ADMIN, START, Hospital
from tests.engine.hospital_messages import Admit, Noted
from tests.engine.hospital_services import Bed
from tradewind.engine.batch_policy import CALM_MS, RUSH, SHARE, SLICE, WAITING, BatchPolicy
from tradewind.engine.inbox import Envelope, Origin


def test_what_waits_gets_a_share_of_the_requests_and_a_bound_without_them() -> None:
    policy = BatchPolicy()
    assert policy.waiting(0, START) == WAITING
    assert policy.waiting(1, START) == SLICE
    assert policy.waiting(64, START) == 64 * SHARE
    policy.saw(RUSH, START)
    assert policy.waiting(0, START + CALM_MS) == SLICE
    assert policy.waiting(0, START + CALM_MS + 1) == WAITING


async def test_a_rush_is_counted_from_the_end_of_a_full_batch(hospital: Hospital) -> None:
    """However long the batch took: else a slow disk turns a rush into one long batch after the other."""
    await hospital.step()
    commit = hospital.store.begin

    async def slow() -> object:
        hospital.clock.at += 10 * CALM_MS
        return await commit()

    hospital.store.begin = slow  # type: ignore[method-assign, assignment]
    for n in range(RUSH):
        hospital.tell(Admit(f"p{n}"))
    assert await hospital.step()
    assert hospital.processor.batch_policy.rush(hospital.clock.now())


async def test_outcomes_are_no_rush(hospital: Hospital) -> None:
    await hospital.say(Admit("ann"))
    ward = hospital.runtime("ward")
    for n in range(RUSH + 1):
        hospital.processor.put_internal(Envelope(ward, Noted("ann", str(n)), Origin.LEARNED, f"x{n}", 0))
    assert await hospital.step()
    assert not hospital.processor.batch_policy.rush(hospital.clock.now())


def test_what_waits_in_memory_costs_the_garbage_collector_nothing() -> None:
    """Tens of thousands wait in a rush; to look through them takes long enough to be felt by every caller."""
    note = Noted("ann", "one")
    waiting = Envelope(None, note, Origin.EVENT, "id", 0, caller=ADMIN)
    assert not gc.is_tracked(note) and not gc.is_tracked(waiting)
    assert not gc.is_tracked(Bed("ann", ("one",)))
