from tests.support.shop import Shop

def test_one(shop: Shop) -> None:
    id = shop.order()
    assert shop.wait_final(id)["status"] == "CONFIRMED"
    shop.settle()

def test_two(new_shop) -> None:
    s = new_shop().start()
    id = s.order()
    assert s.wait_final(id)["status"] == "CONFIRMED"
    s.restart()
    assert s.wait_final(id)["status"] == "CONFIRMED"
    assert s.keeping.sql("SELECT count(*) FROM {orders.orders}") == [(1,)]
    assert s.sigterm() == 0
