"""Where other programs publish orders and payments too, what they have to do with ours is counted apart: a payment
of their order and an order that they were paid for are no faults.
"""

from __future__ import annotations

import math

from tradewind.operations.audit import ends
from tradewind.operations.audit.stories import OrderRow, PaymentRow, Story
from tradewind.operations.audit.wiring import WHOLE, Wiring
from tradewind.services.payments.provider.ledger import LedgerEntry

BESIDE = Wiring(channels=frozenset({"order.created", "payment.completed", "payment.failed"}))


def paid(status: str = "COMPLETED", charged: int = 1) -> Story:
    """An order of others that was paid here."""
    story = Story("theirs")
    story.payments.append(PaymentRow("p", "theirs", "c", 500, "EUR", 0, 0, status, 1_000))
    if charged:
        taken = 500 * charged
        story.charges["p"] = LedgerEntry("p", 500, "EUR", "CHARGED", 0, charged, taken, charged)
    return story


def confirmed() -> Story:
    """An order of ours that others were paid for."""
    story = Story("ours")
    story.order = OrderRow("ours", "CONFIRMED", "paid", "c", "[]", 500, "EUR", 0, 1_000, None)
    return story


def counted(story: Story, wiring: Wiring) -> tuple[str, list[str]]:
    others = ends.Others()
    faults = [broken.why for broken in others.count(story, wiring, math.inf)]
    return others.note(), faults


def test_a_payment_of_an_order_of_others_is_counted_apart() -> None:
    assert counted(paid(), BESIDE) == ("1 payments of orders of others", [])
    assert not list(ends.real(paid(), BESIDE))
    assert list(ends.real(paid(), WHOLE)), "where nobody else has orders it is a phantom"
    assert counted(paid(), WHOLE) == ("", [])


def test_the_provider_must_have_charged_for_it_what_the_payment_says() -> None:
    _, (fault,) = counted(paid(charged=0), BESIDE)
    assert "charged nothing" in fault
    _, (fault,) = counted(paid("FAILED"), BESIDE)
    assert "has charged it" in fault
    assert counted(paid("PENDING", charged=0), BESIDE)[1] == [], "under way"


def test_an_order_that_others_were_paid_for_is_counted_apart() -> None:
    assert counted(confirmed(), BESIDE) == ("1 orders paid by others", [])
    assert ends.elsewhere(confirmed(), BESIDE) and not ends.elsewhere(confirmed(), WHOLE)
    both = confirmed()
    both.payments = paid().payments
    assert not ends.elsewhere(both, BESIDE)
