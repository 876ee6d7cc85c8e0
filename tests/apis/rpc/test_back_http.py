"""A service whose circuit is open is looked after by the gateway: clients need not wait 30 s for one that is
back.
"""

import pytest

from tests.apis.rpc.fakes import DOWN, UUID, Shop, refused

PATH = f"/api/orders/{UUID}"


def state(shop: Shop) -> str:
    return str(shop.call("GET", "/health/circuits").json["ORDER_SERVICE"]["state"])


def test_while_the_circuit_is_open_the_gateway_asks_for_what_nobody_has() -> None:
    shop = Shop()
    shop.client.usual = DOWN
    shop.trip()
    shop.client.usual = DOWN
    asked = len(shop.client.asked)
    shop.time.pass_by(2.5)
    assert 1 <= len(shop.client.asked) - asked <= 3
    look = shop.client.asked[-1]
    assert (look.queue, look.pattern, look.timeout_s) == ("order_queue", b'{"cmd":"get_order_by_id"}', 1.0)
    assert state(shop) == "OPEN"


@pytest.mark.parametrize("back", [refused(404), refused(400)], ids=["ours", "theirs"])
def test_one_that_says_it_has_no_such_thing_is_back(back: object) -> None:
    shop = Shop()
    shop.trip()
    assert state(shop) == "OPEN"
    shop.client.usual, usual = back, shop.client.usual  # type: ignore[assignment]
    shop.time.pass_by(2.0)
    assert state(shop) == "HALF_OPEN"
    shop.client.usual = usual
    assert shop.call("GET", PATH).status == 200
    assert state(shop) == "CLOSED"
