"""What nobody may keep is marked where it is declared, so that every store and page treats it alike."""

from __future__ import annotations

import itertools
import typing

import pytest

from tradewind.contracts.orders import PaymentRequested
from tradewind.contracts.policies import Policies
from tradewind.contracts.subscriptions import heard
from tradewind.contracts.users import UserDeleted, UserRegistered
from tradewind.core.sensitive import Mark, marked
from tradewind.operations.message_shapes import events
from tradewind.runtime.registry import SERVICES


def test_the_marks_of_the_events() -> None:
    found = {
        event: marks
        for _, event in events()
        if (marks := {m: marked(event, m) for m in Mark if marked(event, m)})
    }
    assert found == {
        PaymentRequested: {Mark.SECRET: ("token",)},
        UserRegistered: {Mark.PERSONAL: ("name", "email")},
    }
    assert UserDeleted.erases_personal and UserDeleted.keyed_by == UserRegistered.keyed_by


@pytest.mark.parametrize("service", SERVICES)
def test_who_hears_a_name_hears_when_it_must_go(service: str) -> None:
    for policies in every_policy():
        known = heard(service, policies)
        assert UserRegistered not in known or UserDeleted in known, policies


def every_policy() -> typing.Iterator[Policies]:
    """Each that is no contradiction."""
    hints = typing.get_type_hints(Policies)
    values = {name: typing.get_args(hint) for name, hint in hints.items() if typing.get_args(hint)}
    for chosen in itertools.product(*values.values()):
        try:
            yield Policies(**dict(zip(values, chosen, strict=True)))
        except ValueError:
            continue
