"""A request may ask another service, once and outside the transaction: the answer is taken over first, then
the request is decided.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.engine.hospital import Hospital, bounds, breathe
from tests.engine.hospital_messages import DoctorFound, FindDoctor, Note, Noted, Refer, Seen, Throw
from tests.engine.hospital_services import Doctor
from tradewind.core.model import Caller, Consult, Effects, Message, Refused
from tradewind.core.store import Reader, StoreUnavailable
from tradewind.engine import platform
from tradewind.engine.inbox import Envelope, Origin


def stubborn(hospital: Hospital, service: str, kind: type[Message]) -> None:
    """From now on this service asks another one whenever it hears of this."""

    def consult(*_: Any) -> Effects[None]:
        if hospital.script.asked < 99:
            raise Consult(FindDoctor("who"), lambda names: DoctorFound("who"))
        yield Doctor("never", 0)

    plans = hospital.runtime(service).plans
    plans[kind] = plans[kind]._replace(do=consult, finds=())


async def test_the_answer_is_taken_over_and_the_request_is_decided(hospital: Hospital) -> None:
    hospital.script.doctors.append("who")
    (answer,) = await hospital.say(Refer("ann", "who"))
    assert answer.told.id == "ann"
    assert (hospital.script.asked, hospital.sql("SELECT id FROM desk_doctors")) == (1, [("who",)])
    await hospital.say(Refer("bob", "who"))
    assert hospital.script.asked == 1
    assert (await hospital.heard("ann"), await hospital.heard("bob")) == (("to who",), ("to who",))


async def test_it_is_asked_once_and_then_refused(hospital: Hospital) -> None:
    (answer,) = await hospital.say(Refer("ann", "nobody"))
    assert answer.refused == (422, "no_such_doctor")
    assert hospital.script.asked == 1


async def test_no_transaction_is_open_while_another_is_asked(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = asyncio.Event()

    async def find(reader: Reader, query: FindDoctor, caller: Caller) -> list[str]:
        assert not hospital.store.writer.in_transaction
        await asked.wait()
        return [query.name]

    monkeypatch.setattr(hospital.script, "find", find)
    hospital.open()
    answer = hospital.tell(Refer("ann", "who"))
    await hospital.step()
    (other,) = await hospital.say(Throw("bob", 1))
    assert other.told.id == "bob"
    assert answer.reply is None
    asked.set()
    await breathe()
    await hospital.quiet()
    assert answer.told.id == "ann"


@pytest.mark.parametrize(
    ("error", "answered"),
    [
        (TimeoutError(), (503, "store_unavailable")),
        (StoreUnavailable("gone"), (503, "store_unavailable")),
        (Refused("closed", 409), (409, "closed")),
        (ZeroDivisionError("a bug"), (500, "internal_error")),
    ],
)
async def test_when_the_other_cannot_answer_the_caller_is_told(
    hospital: Hospital,
    silence: None,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    answered: tuple[int, str],
) -> None:
    async def find(reader: Reader, query: FindDoctor, caller: Caller) -> list[str]:
        raise error

    monkeypatch.setattr(hospital.script, "find", find)
    hospital.open()
    answer = hospital.tell(Refer("ann", "who"), claim="c1")
    await hospital.quiet()
    assert answer.refused == answered
    assert answer.refusal.retry_after == (1 if answered[0] == 503 else 0)
    monkeypatch.undo()
    hospital.script.doctors.append("who")
    hospital.open()
    again = hospital.tell(Refer("ann", "who"), claim="c1")
    await hospital.quiet()
    assert again.told.id == "ann"


async def test_the_other_has_a_deadline(
    hospital: Hospital, silence: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def find(reader: Reader, query: FindDoctor, caller: Caller) -> list[str]:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(hospital.script, "find", find)
    hospital.open()
    with bounds(platform, CONSULT_MS=0):
        answer = hospital.tell(Refer("ann", "who"))
        await hospital.quiet()
    assert answer.refused == (503, "store_unavailable")


@pytest.mark.parametrize("trouble", ["begins_fail", "commits_fail", "commits_unknown"])
async def test_it_survives_the_stores_troubles(hospital: Hospital, silence: None, trouble: str) -> None:
    hospital.script.doctors.append("who")
    answer = hospital.tell(Refer("ann", "who"), claim="c1")
    await hospital.step()
    setattr(hospital.store, trouble, 2)
    await hospital.quiet()
    assert answer.told.id == "ann"
    assert (hospital.script.asked, await hospital.heard("ann")) == (1, ("to who",))


async def test_only_a_request_may_consult(hospital: Hospital, silence: None) -> None:
    """Nobody could ask again for an event whose cursor has moved."""
    stubborn(hospital, "ward", Noted)
    hospital.processor.put_internal(
        Envelope(hospital.runtime("desk"), Seen("ann", "it"), Origin.LEARNED, "x", 0)
    )
    await hospital.quiet()
    (letter,) = await hospital.parked()
    assert (letter.name, letter.status) == ("Noted", "RETRYING")
    assert hospital.script.asked == 0


async def test_an_answer_that_asks_again_is_a_bug(hospital: Hospital, silence: None) -> None:
    stubborn(hospital, "desk", Note)
    (answer,) = await hospital.say(Note("ann", "one"))
    assert answer.refused == (500, "internal_error")
    assert hospital.script.asked == 1
