"""An event of another team has no id of ours: it is claimed by its name and what it is about, may be refused,
and keeps no order.
"""

from __future__ import annotations

import pytest

from tests.engine.hospital import DELAYS, Hospital
from tests.engine.hospital_messages import Admit, Note, Noted
from tradewind.core.bus import EventRecord
from tradewind.core.channel import identity


class Ends:
    """How each delivery ended, in order; a second end is an error."""

    def __init__(self, hospital: Hospital) -> None:
        self._hospital, self.all = hospital, list[str | None]()

    def come(self, patient: str, text: str, *, message_id: str = "", again: bool = False) -> None:
        place = len(self.all)
        self.all.append(None)

        def settle(reason: str) -> None:
            assert self.all[place] is None, "settled twice"
            self.all[place] = reason

        event = EventRecord("", message_id, "Noted", patient, "", "", 0, 0, Noted(patient, text))
        self._hospital.platform.receive(event, "ward", settle, again=again)


@pytest.fixture
def ends(hospital: Hospital) -> Ends:
    return Ends(hospital)


async def test_the_second_of_two_that_say_the_same_is_a_copy_whoever_sent_it(
    hospital: Hospital, ends: Ends
) -> None:
    ends.come("ann", "0")
    ends.come("ann", "0", message_id="of another sender")
    await hospital.quiet()
    ends.come("ann", "0", again=True)
    await hospital.quiet()
    await hospital.restart()
    ends.come("ann", "0", message_id="later")
    await hospital.quiet()
    assert ends.all == [""] * 4
    assert await hospital.heard("ann") == ("0",)
    assert hospital.sql("SELECT id FROM ward_inbox") == [(identity("Noted", "ann"),)]


async def test_another_event_about_the_same_is_the_matter_of_the_service(
    hospital: Hospital, ends: Ends
) -> None:
    hospital.script.refuses["other"] = 2
    for text in ("0", "other", "0"):
        ends.come("ann", text)
    await hospital.quiet()
    ends.come("ann", "other")
    ends.come("ann", "1")
    await hospital.quiet()
    assert ends.all == ["", "contradicts", "", "contradicts", ""]
    assert await hospital.heard("ann") == ("0", "1")
    assert await hospital.parked() == []


async def test_what_is_refused_claims_nothing(hospital: Hospital, ends: Ends) -> None:
    """Whoever sends it again is refused again, and the right one comes through."""
    hospital.script.refuses["wrong"] = 2
    ends.come("ann", "wrong")
    await hospital.quiet()
    ends.come("ann", "wrong")
    ends.come("ann", "0")
    await hospital.quiet()
    assert ends.all == ["contradicts", "contradicts", ""]
    assert await hospital.heard("ann") == ("0",)


@pytest.mark.usefixtures("silence")
async def test_who_stumbles_is_tried_again_and_holds_up_nobody(hospital: Hospital, ends: Ends) -> None:
    hospital.script.fails["bad"] = 1
    ends.come("ann", "bad")
    ends.come("ann", "next")
    await hospital.quiet()
    assert ends.all == ["", ""]
    assert await hospital.heard("ann") == ("next",)
    ends.come("ann", "bad")  # a copy of the one that is kept aside
    await hospital.later(DELAYS[0])
    assert await hospital.heard("ann") == ("next", "bad")
    assert await hospital.parked() == []


@pytest.mark.usefixtures("silence")
@pytest.mark.parametrize("trouble", ["begins_fail", "commits_fail", "commits_unknown"])
async def test_nobody_is_told_before_the_commit(hospital: Hospital, ends: Ends, trouble: str) -> None:
    setattr(hospital.store, trouble, 1)
    ends.come("ann", "0")
    assert not await hospital.step()
    assert ends.all == [None]
    await hospital.quiet()
    assert ends.all == [""]
    assert await hospital.heard("ann") == ("0",)


async def test_they_go_beside_our_own_events(hospital: Hospital, ends: Ends) -> None:
    await hospital.say(Admit("ann"))
    hospital.tell(Note("ann", "ours"))
    ends.come("ann", "theirs")
    await hospital.quiet()
    assert sorted(await hospital.heard("ann")) == ["admitted", "ours", "theirs"]


async def test_when_we_leave_nothing_is_settled(hospital: Hospital, ends: Ends) -> None:
    ends.come("ann", "0")
    hospital.processor.inbound.refuse_all()
    assert ends.all == [None]
