"""What nobody may keep is marked where it is declared, so that every store and page treats it alike."""

from __future__ import annotations

from tradewind.contracts.orders import PaymentRequested
from tradewind.contracts.users import UserDeleted, UserRegistered
from tradewind.core.sensitive import Mark, marked
from tradewind.operations.message_shapes import events


def test_the_marks_of_the_events() -> None:
    found = {
        event: marks
        for _, event in events()
        if (marks := {m: marked(event, m) for m in Mark if marked(event, m)})
    }
    assert found == {PaymentRequested: {Mark.SECRET: ("token",)}, UserRegistered: {Mark.PERSONAL: ("name",)}}
    assert UserDeleted.erases_personal and UserDeleted.keyed_by == UserRegistered.keyed_by
