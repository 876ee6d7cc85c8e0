"""Ten power cuts at moments that nobody chose, under traffic: then every order that was accepted is there, and has come to its end."""

from __future__ import annotations

import threading
from random import Random

import pytest

from tests.support.shops import OpenShop
from tests.support.traffic import Buyer, Deed, Ledger, assert_kept, gather, start

KILLS = 10
LONGEST_S = 0.6


@pytest.mark.parametrize("seed", [20_261_121])
def test_ten_kills_at_random_moments(new_shop: OpenShop, seed: int) -> None:
    random, shop, deeds = Random(seed), new_shop(), list[Deed]()
    for number in range(KILLS):
        shop.start()
        buyers = start(shop, seed=number + 1, deeds=10_000)
        moment = random.uniform(0.0, LONGEST_S)
        threading.Event().wait(moment)  # the moment itself is what is tested
        shop.kill9()
        deeds += gather(buyers).deeds
    assert Ledger(deeds).accepted, "nothing was sold: the kills prove nothing"
    shop.start()
    assert_kept(shop, Ledger(deeds))


def test_buyers_see_every_answer_they_may_not_get() -> None:
    """Red once: an answer that is none of the expected ones must not be lost in a buyer's thread."""
    buyer = Buyer.__new__(Buyer)
    threading.Thread.__init__(buyer)
    buyer.failure, buyer.ledger = "AssertionError: was answered 500", Ledger()
    buyer.run = lambda: None  # type: ignore[method-assign]
    buyer.start()
    with pytest.raises(AssertionError, match="answered 500"):
        gather([buyer])
