"""Some days of shops with other policies: every promise that they wire is kept in the same weather."""

from __future__ import annotations

import pytest

from tradewind.contracts.policies import Policies
from tradewind.testing.simulation.campaign import campaign
from tradewind.testing.simulation.disk import Disk

FIRST, SCHEDULES, ORDERS = 20_261_121, 25, 8
PLAIN = {"invoice": "created", "invoice_number": "{number}", "invoice_reset": "never"}
SHOPS = {
    "on order, invoiced at once": Policies(payment="on-order", **PLAIN),  # type: ignore[arg-type]
    "on stock, invoiced at once": Policies(**PLAIN, customers="made-when-named"),  # type: ignore[arg-type]
    "no payment": Policies(payment="none", **PLAIN),  # type: ignore[arg-type]
    "no invoice, ids v4": Policies(payment="on-order", invoice="none", ids="v4"),
}


@pytest.mark.parametrize("shop", SHOPS)
def test_every_promise_is_kept_under_other_policies(disk: Disk, shop: str) -> None:
    done = campaign(FIRST, SCHEDULES, ORDERS, disk, policies=SHOPS[shop])
    if (failure := done.failure) is not None:
        pytest.fail("\n".join([f"seed {failure.seed}", *map(str, failure.violations), *failure.story]))
    assert done.schedules == SCHEDULES
    ends = {name for name in ("PENDING", "CONFIRMED", "CANCELLED") if done.counts.get(f"order {name}")}
    assert ends == ({"PENDING", "CANCELLED"} if shop == "no payment" else {"CONFIRMED", "CANCELLED"})
