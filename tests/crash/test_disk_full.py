"""A disk that is full refuses orders and ruins none: when there is room again, the shop goes on by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.disks import fill, small_disk
from tests.support.shop import Shop, basket, until
from tests.support.shops import OpenShop
from tests.support.traffic import Deed, Ledger, assert_kept, trade

SPARE_KIB = 4_096


@pytest.fixture
def kind() -> str:
    return "sqlite"


@pytest.mark.slow
def test_a_full_disk_refuses_and_nothing_is_lost(new_shop: OpenShop, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 16_384) as disk:
        shop = Shop(new_shop().keeping.copy(disk / "shop"), new_shop().people)
        try:
            _go_through_it(shop, disk)
        finally:
            shop.close()


def _go_through_it(shop: Shop, disk: Path) -> None:
    ledger = trade(shop.start(), deeds=10)
    shop.settle()
    ballast = fill(disk)
    waiting = [(Deed("/orders", basket(), "ada", f"full-{number}"), shop.connect()) for number in range(8)]
    for deed, connection in waiting:
        deed.send(connection, shop.token("ada"))
    for deed, connection in waiting:
        answer = deed.hear(connection)
        assert (answer.status, answer.code) == (503, "store_unavailable"), answer
        assert int(answer.headers["retry-after"]) > 0
    assert shop.alive
    assert shop.call("GET", "/health/live", who="").status == 200
    assert shop.call("GET", "/health/ready", who="").status == 503
    assert shop.get("/orders?limit=1")["data"], "what is there can still be read"
    ballast.unlink()
    until(lambda: shop.call("GET", "/health/ready", who="").status == 200, "it notices that there is room")
    for deed, connection in waiting:
        assert deed.tell(connection, shop.token("ada")).status == 201
        connection.close()
    assert_kept(shop, Ledger([*ledger.deeds, *[deed for deed, _ in waiting]]))
