"""Ten power cuts at moments that nobody chose, with traffic and a bad provider: every accepted order is there
and comes to its end.
"""

from __future__ import annotations

import threading
from random import Random

import pytest

from tests.support.shops import KINDS, MYSQL, OpenShop
from tests.support.traffic import Deed, Ledger, assert_kept, gather, start

KILLS = 10
LONGEST_S = 0.6


@pytest.fixture(scope="module", params=[*KINDS, MYSQL])
def kind(request: pytest.FixtureRequest) -> str:
    """Of database."""
    return str(request.param)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [20_261_121])
def test_ten_kills_at_random_moments(new_shop: OpenShop, seed: int) -> None:
    random, shop, deeds = Random(seed), new_shop(provider_faults="0.2"), list[Deed]()
    for number in range(KILLS):
        shop.start()
        buyers = start(shop, seed=number + 1)
        moment = random.uniform(0.0, LONGEST_S)
        threading.Event().wait(moment)  # the moment itself is what is tested
        shop.kill9()
        deeds += gather(buyers).deeds
    assert Ledger(deeds).accepted, "nothing was sold: the kills prove nothing"
    shop.start()
    assert_kept(shop, Ledger(deeds))
