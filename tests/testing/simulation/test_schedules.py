"""A thousand days of the shop, each in weather of its own, and every promise kept after each."""

from __future__ import annotations

from collections import Counter

import pytest

from tradewind.core.failpoints import REGISTRY
from tradewind.testing.simulation.campaign import campaign
from tradewind.testing.simulation.disk import Disk
from tradewind.testing.simulation.shop import PLACES

FIRST, CHUNKS, SCHEDULES, ORDERS = 20_261_121, 20, 50, 8
ANSWERS = (
    "PlaceOrder unknown_product",
    "PlaceOrder price_changed",
    "CancelOrder illegal_transition",
    "CancelOrder not_found",
    "RefundPayment refund_exceeds_payment",
    "RefundPayment illegal_transition",
    "AdjustStock insufficient_stock",
    "AddProduct sku_exists",
)
seen: Counter[str] = Counter()
ran: set[int] = set()


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_every_promise_is_kept(disk: Disk, chunk: int) -> None:
    done = campaign(FIRST + chunk * SCHEDULES, SCHEDULES, ORDERS, disk)
    if (failure := done.failure) is not None:
        lines = [
            f"tradewind simulate --seed {failure.seed} --orders {ORDERS}",
            *map(str, failure.violations),
            *failure.story,
        ]
        pytest.fail("\n".join(lines))
    assert done.schedules == SCHEDULES
    seen.update(done.counts)
    ran.add(chunk)


def test_the_weather_was_bad_enough() -> None:
    """What was never hit proves nothing: every place of the engine was crashed at, every end was reached,
    every answer was given.
    """
    if len(ran) < CHUNKS:
        pytest.skip("needs all schedules")
    places = [name for name in REGISTRY if name.startswith(PLACES)]
    assert {place: seen[f"crash at {place}"] for place in places if seen[f"crash at {place}"] < 5} == {}
    ends = {status: seen[f"order {status}"] for status in ("CONFIRMED", "FAILED", "CANCELLED")}
    assert min(ends.values()) > CHUNKS * SCHEDULES * ORDERS // 20, ends
    assert seen["crash"] > CHUNKS * SCHEDULES and seen["stop"] and seen["clock jumps"] and seen["store fails"]
    for kind in ("charge", "find", "void", "refund"):
        assert seen[kind] and seen[f"{kind} lost"] and seen[f"{kind} fails"]
    assert {answer for answer in ANSWERS if not seen[answer]} == set()
