"""How the provider is spoken to: asked before it is told to charge again, and given up only once it has been
stopped there.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.services.payments.cases import ID
from tradewind.core.model import Attempt, Outcome, Temporary
from tradewind.services.payments.activities import TRIES, Cashier
from tradewind.services.payments.domain import Ask, Charge, GiveBack, GivenBack, Settled, Void
from tradewind.services.payments.provider import port
from tradewind.services.payments.provider.port import (
    Answer,
    KeyReused,
    NoAnswer,
    ProviderDown,
    RefundTooLarge,
    State,
)

CHARGE = Charge(ID, 1_999, "EUR", "tok_ok", 9_000)
GIVE_BACK = GiveBack("r1", ID, 500)
TAKEN = Answer(State.CHARGED, charge_id="ch-1")
UNKNOWN = Answer(State.UNKNOWN)
STOPPED = Answer(State.VOIDED, code="voided")
FIRST = Attempt(1, 1_000)


class Scripted:
    """A provider that says what is in its script, and remembers what it was asked."""

    def __init__(self, **script: Answer | Exception) -> None:
        self.script, self.asked = script, list[tuple[str, Any]]()

    def _say(self, what: str, *arguments: Any) -> Answer:
        self.asked.append((what, arguments[0] if len(arguments) == 1 else arguments))
        answer = self.script[what]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def charge(self, what: port.Charge) -> Answer:
        return self._say("charge", what)

    async def find(self, key: str) -> Answer:
        return self._say("find", key)

    async def void(self, key: str) -> Answer:
        return self._say("void", key)

    async def refund(self, key: str, refund_key: str, amount: int) -> Answer:
        return self._say("refund", key, refund_key, amount)

    async def close(self) -> None: ...


def later(number: int, at: int = 1_000) -> Attempt:
    return Attempt(number, at, True)


async def test_the_first_time_it_is_charged_under_our_key() -> None:
    provider = Scripted(charge=TAKEN)
    assert await Cashier(provider).charge(CHARGE, FIRST) == Settled(ID, "CHARGED", "", "ch-1")
    assert provider.asked == [("charge", port.Charge(ID, 1_999, "EUR", "tok_ok", 9_000))]


@pytest.mark.parametrize(
    ("answer", "settled"),
    [
        (TAKEN, Settled(ID, "CHARGED", "", "ch-1")),
        (Answer(State.DECLINED, "no_funds"), Settled(ID, "DECLINED", "no_funds", "")),
        (Answer(State.PENDING), Settled(ID, "PENDING", "", "")),
        (STOPPED, Settled(ID, "VOIDED", "voided", "")),
    ],
)
async def test_what_the_provider_says_is_what_we_hear(answer: Answer, settled: Settled) -> None:
    cashier = Cashier(Scripted(charge=answer, find=answer, void=answer))
    assert await cashier.charge(CHARGE, FIRST) == settled
    assert await cashier.charge(CHARGE, later(2)) == settled
    assert await cashier.ask(Ask(ID), FIRST) == settled
    assert await cashier.void(Void(ID), FIRST) == settled


@pytest.mark.parametrize("attempt", [later(1), later(2), later(TRIES), later(TRIES + 5, 99_000)])
async def test_before_a_second_charge_it_is_asked(attempt: Attempt) -> None:
    provider = Scripted(find=TAKEN)
    assert await Cashier(provider).charge(CHARGE, attempt) == Settled(ID, "CHARGED", "", "ch-1")
    assert provider.asked == [("find", ID)]


@pytest.mark.parametrize("attempt", [later(1), later(TRIES), later(2, 8_999)])
async def test_only_what_it_does_not_know_is_charged_again(attempt: Attempt) -> None:
    provider = Scripted(find=UNKNOWN, charge=TAKEN)
    assert (await Cashier(provider).charge(CHARGE, attempt)).state == "CHARGED"
    assert [what for what, _ in provider.asked] == ["find", "charge"]


@pytest.mark.parametrize("attempt", [later(TRIES + 1), later(1, 9_000), later(2, 10_000)])
async def test_it_is_given_up_only_after_it_was_stopped(attempt: Attempt) -> None:
    provider = Scripted(find=UNKNOWN, void=STOPPED)
    assert await Cashier(provider).charge(CHARGE, attempt) == Settled(ID, "VOIDED", "voided", "")
    assert [what for what, _ in provider.asked] == ["find", "void"]


async def test_a_charge_that_is_made_while_it_is_stopped_counts() -> None:
    assert (
        await Cashier(Scripted(find=UNKNOWN, void=TAKEN)).charge(CHARGE, later(TRIES + 1))
    ).state == "CHARGED"


@pytest.mark.parametrize("error", [ProviderDown("503"), NoAnswer()])
@pytest.mark.parametrize("what", ["charge", "find", "void", "refund"])
async def test_what_was_not_answered_is_tried_again(what: str, error: Exception) -> None:
    script: dict[str, Answer | Exception] = {
        "charge": TAKEN,
        "find": UNKNOWN,
        "void": STOPPED,
        "refund": TAKEN,
        what: error,
    }
    cashier = Cashier(Scripted(**script))
    calls: dict[str, list[Any]] = {
        "charge": [cashier.charge(CHARGE, FIRST), cashier.charge(CHARGE, later(2))],
        "find": [cashier.ask(Ask(ID), FIRST), cashier.charge(CHARGE, later(2))],
        "void": [cashier.void(Void(ID), FIRST), cashier.charge(CHARGE, later(TRIES + 1))],
        "refund": [cashier.give_back(GIVE_BACK, FIRST), cashier.give_back(GIVE_BACK, later(99))],
    }
    for name, waiting in calls.items():
        for call in waiting:
            if name != what:
                call.close()
                continue
            with pytest.raises(Temporary, match="provider"):
                await call


async def test_money_goes_back_under_the_refunds_key() -> None:
    provider = Scripted(refund=TAKEN)
    done: Outcome = await Cashier(provider).give_back(GIVE_BACK, later(3))
    assert done == GivenBack("r1", ID, True)
    assert provider.asked == [("refund", (ID, "r1", 500))]


@pytest.mark.parametrize("refusal", [RefundTooLarge(), KeyReused()])
async def test_a_refund_that_is_refused_is_over(refusal: Exception) -> None:
    assert await Cashier(Scripted(refund=refusal)).give_back(GIVE_BACK, FIRST) == GivenBack("r1", ID, False)


async def test_a_charge_that_contradicts_another_is_a_bug_and_not_hidden() -> None:
    with pytest.raises(KeyReused):
        await Cashier(Scripted(charge=KeyReused())).charge(CHARGE, FIRST)
