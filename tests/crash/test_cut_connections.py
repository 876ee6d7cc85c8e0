"""A database that throws us out again and again, in the middle of commits too: what was answered is there,
and nothing is there twice.
"""

from __future__ import annotations

import time

import pytest

from tests.support.keeping import Keeping
from tests.support.shop import until
from tests.support.shops import OpenShop
from tests.support.traffic import Buyer, assert_kept, gather, start

CUTS = 20
OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


@pytest.fixture
def kind() -> str:
    return "postgres"


def heard(buyers: list[Buyer]) -> int:
    return sum([deed.answer is not None for buyer in buyers for deed in buyer.ledger.deeds])


def cut(keeping: Keeping) -> int:
    """How many connections there were."""
    return len(keeping.sql(f"SELECT pg_terminate_backend(pid) {OTHERS}"))


@pytest.mark.slow
@pytest.mark.postgres
def test_connections_that_are_cut_under_load(new_shop: OpenShop) -> None:
    shop = new_shop().start()
    buyers = start(shop, seed=3)
    for _ in range(CUTS):
        before = heard(buyers)
        until(lambda before=before: heard(buyers) > before + 3, "it sells again")  # type: ignore[misc]
        assert cut(shop.keeping)
    for buyer in buyers:
        buyer.stop()
    ledger = gather(buyers)
    assert shop.alive
    assert_kept(shop, ledger)


@pytest.mark.postgres
def test_it_is_ready_soon_after_a_cut(new_shop: OpenShop) -> None:
    shop = new_shop().start()
    assert cut(shop.keeping)
    began = time.monotonic()
    assert shop.wait_final(shop.order())["status"] == "CONFIRMED"
    assert time.monotonic() - began < 15
