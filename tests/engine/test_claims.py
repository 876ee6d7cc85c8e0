"""A request that comes again gets what its first copy got, byte for byte, whatever happened in between."""

from __future__ import annotations

import pytest

from tests.engine.hospital import Answered, Hospital
from tests.engine.hospital_messages import Admit, Note, Refer, Throw
from tradewind.core.gateway import Reply


def replay(first: Answered) -> Reply:
    assert first.reply is not None and not first.reply.replayed
    return Reply(first.reply.status, first.reply.body, True)


@pytest.mark.parametrize("restart", [False, True])
async def test_a_copy_gets_the_same_bytes(hospital: Hospital, restart: bool) -> None:
    first = hospital.tell(Throw("ann", 1), claim="c1")
    await hospital.quiet()
    if restart:
        await hospital.restart()
    again = hospital.tell(Throw("ann", 1), claim="c1")
    await hospital.quiet()
    assert again.reply == replay(first)
    assert await hospital.heard("ann") == ("ball 0",)


async def test_copies_in_one_batch_are_decided_once(hospital: Hospital) -> None:
    first, *others = [hospital.tell(Throw("ann", 1), claim="c1") for _ in range(3)]
    assert await hospital.step()
    assert [other.reply for other in others] == [replay(first)] * 2
    assert await hospital.heard("ann") == ("ball 0",)
    assert hospital.count("desk_inbox") == 1


@pytest.mark.parametrize("together", [False, True])
async def test_another_body_under_the_same_claim_is_refused(hospital: Hospital, together: bool) -> None:
    first = hospital.tell(Throw("ann", 1), claim="c1")
    if not together:
        await hospital.step()
    other = hospital.tell(Throw("ann", 2), claim="c1", fingerprint="other")
    await hospital.quiet()
    assert first.told.id == "ann"
    assert other.refused == (422, "idempotency_key_reused")
    again = hospital.tell(Throw("ann", 1), claim="c1")
    await hospital.quiet()
    assert again.reply == replay(first)


async def test_a_refusal_is_remembered_too(hospital: Hospital) -> None:
    await hospital.say(Admit("ann"))
    first = hospital.tell(Admit("ann"), claim="c1")
    missing = hospital.tell(Note("bob", "one"), claim="c2")
    await hospital.quiet()
    await hospital.say(Note("ann", "one"), Admit("bob"))
    again, still = hospital.tell(Admit("ann"), claim="c1"), hospital.tell(Note("bob", "one"), claim="c2")
    await hospital.quiet()
    assert (again.reply, still.reply) == (replay(first), replay(missing))
    assert first.refusal.detail == {"notes": []}


async def test_a_bug_is_not_remembered(hospital: Hospital) -> None:
    await hospital.say(Admit("ann"))
    for _ in range(2):
        answer = hospital.tell(Note("ann", "bug"), claim="c1")
        await hospital.quiet()
        assert answer.refused == (500, "internal_error")
        assert answer.reply is not None and not answer.reply.replayed


async def test_claims_of_two_requests_do_not_meet(hospital: Hospital) -> None:
    one, two = hospital.tell(Throw("ann", 1), claim="c1"), hospital.tell(Throw("ann", 1), claim="c2")
    await hospital.quiet()
    assert one.told.new_id != two.told.new_id
    assert await hospital.heard("ann") == ("ball 0", "ball 0")


async def test_copies_that_ask_another_service_are_decided_once(hospital: Hospital) -> None:
    hospital.script.doctors.append("who")
    first, second = (
        hospital.tell(Refer("ann", "who"), claim="c1"),
        hospital.tell(Refer("ann", "who"), claim="c1"),
    )
    await hospital.quiet()
    assert second.reply == replay(first)
    assert await hospital.heard("ann") == ("to who",)


@pytest.mark.parametrize("trouble", ["begins_fail", "commits_fail", "commits_unknown"])
async def test_an_answer_survives_the_stores_troubles(hospital: Hospital, trouble: str) -> None:
    setattr(hospital.store, trouble, 2)
    first = hospital.tell(Throw("ann", 1), claim="c1")
    again = hospital.tell(Throw("ann", 1), claim="c1")
    await hospital.quiet()
    assert first.reply is not None and again.reply is not None
    assert (first.reply.status, first.reply.body) == (again.reply.status, again.reply.body)
    assert first.reply.replayed is (trouble == "commits_unknown")
    assert await hospital.heard("ann") == ("ball 0",)
