"""A database that throws us out again and again, in the middle of commits too: what was answered is there,
and nothing is there twice.
"""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
import sqlalchemy as sa

from tests.support.keeping import Keeping
from tests.support.shop import until
from tests.support.shops import MYSQL, OpenShop
from tests.support.traffic import Buyer, assert_kept, gather, start

CUTS = 20
OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
OTHERS_ON_MYSQL = (
    "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"
)


@pytest.fixture(scope="module", params=[pytest.param("postgres", marks=pytest.mark.postgres), MYSQL])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def heard(buyers: list[Buyer]) -> int:
    return sum([deed.answer is not None for buyer in buyers for deed in buyer.ledger.deeds])


def cut(keeping: Keeping) -> int:
    """How many connections there were."""
    if keeping.url.startswith("mysql"):
        found = keeping.sql(OTHERS_ON_MYSQL)
        for (connection,) in found:
            with suppress(sa.exc.OperationalError):  # it has ended meanwhile
                keeping.sql(f"KILL {connection}")
        return len(found)
    return len(keeping.sql(f"SELECT pg_terminate_backend(pid) {OTHERS}"))


@pytest.mark.slow
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


def test_it_is_ready_soon_after_a_cut(new_shop: OpenShop) -> None:
    shop = new_shop().start()
    assert cut(shop.keeping)
    began = time.monotonic()
    assert shop.wait_final(shop.order())["status"] == "CONFIRMED"
    assert time.monotonic() - began < 15
