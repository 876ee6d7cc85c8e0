"""The page's HTTP API, line by line: what is asked of which queue, and what comes back."""

import pytest

from tests.apis.rpc.fakes import ORDER, PAYMENT, TEA, UUID, Shop, answer, refused
from tradewind.core.request_queue import Kind, Outcome

MADE = {
    "id": UUID,
    "status": "PENDING",
    **ORDER,
    "idempotencyKey": "order-abc-123",
    "createdAt": "2026-02-25T12:57:27.664Z",
}
PAGE = {"data": [MADE], "meta": {"page": 1, "perPage": 10, "total": 1}}


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_post_api_orders_create_order_201(shop: Shop) -> None:
    shop.says(answer(MADE))
    made = shop.call("POST", "/api/orders", ORDER, X_Idempotency_Key="order-abc-123", X_Lang="de")
    assert (made.status, made.data) == (201, MADE)
    (asked,) = shop.client.asked
    assert (asked.queue, asked.pattern) == ("order_queue", b'{"cmd":"create_order"}')
    assert asked.json == {"dto": ORDER, "idempotencyKey": "order-abc-123", "lang": "de"}


def test_post_api_orders_400(shop: Shop) -> None:
    wrong = shop.call("POST", "/api/orders", {"items": [], "total": -1})
    assert wrong.status == 400
    assert wrong.data == {
        "message": ["items must contain at least 1 elements", "total must not be less than 0"],
        "error": "Bad Request",
        "statusCode": 400,
    }
    assert shop.client.asked == []


def test_get_api_orders_id_200(shop: Shop) -> None:
    shop.says(answer(MADE))
    found = shop.call("GET", f"/api/orders/{UUID}", X_Lang="de")
    assert (found.status, found.data) == (200, MADE)
    (asked,) = shop.client.asked
    assert (asked.queue, asked.cmd, asked.json) == (
        "order_queue",
        "get_order_by_id",
        {"id": UUID, "lang": "de"},
    )


def test_get_api_orders_id_404(shop: Shop) -> None:
    shop.says(refused(404, "Order not found"))
    found = shop.call("GET", f"/api/orders/{UUID}")
    assert (found.status, found.json) == (
        404,
        {"success": False, "data": {"message": "Order not found", "statusCode": 404}},
    )
    assert len(shop.client.asked) == 1  # the caller's errors are not tried again


def test_get_api_orders_page_1_per_page_10(shop: Shop) -> None:
    shop.says(answer(PAGE))
    found = shop.call("GET", "/api/orders?page=3&perPage=25")
    assert (found.status, found.data) == (200, PAGE)
    (asked,) = shop.client.asked
    assert (asked.queue, asked.cmd, asked.json) == ("order_queue", "get_orders", {"page": 3, "perPage": 25})


def test_get_api_orders_begins_with_ten_of_the_first_page(shop: Shop) -> None:
    shop.call("GET", "/api/orders")
    assert shop.client.asked[0].json == {"page": 1, "perPage": 10}


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("page=0", ["page must not be less than 1"]),
        ("page=x", ["page must not be less than 1", "page must be an integer number"]),
        ("perPage=1.5", ["perPage must be an integer number"]),
        ("perPage=101", ["perPage must not be greater than 100"]),
        (
            "page=-1&perPage=",
            [
                "page must not be less than 1",
                "perPage must not be less than 1",
                "perPage must be an integer number",
            ],
        ),
        ("page=%00", ["page must not be less than 1", "page must be an integer number"]),
    ],
)
def test_a_wrong_page_is_400(shop: Shop, query: str, message: list[str]) -> None:
    for thing in ("orders", "products", "payments"):
        found = shop.call("GET", f"/api/{thing}?{query}")
        assert (found.status, found.data) == (
            400,
            {"message": message, "error": "Bad Request", "statusCode": 400},
        )
    assert shop.client.asked == []


def test_post_api_products_create_product_201(shop: Shop) -> None:
    shop.says(answer({"id": UUID, **TEA, "reservedStock": 0}))
    made = shop.call("POST", "/api/products", TEA)
    assert (made.status, made.data) == (201, {"id": UUID, **TEA, "reservedStock": 0})
    (asked,) = shop.client.asked
    assert (asked.queue, asked.cmd, asked.json) == ("inventory_queue", "create_product", {"dto": TEA})


def test_post_api_products_400(shop: Shop) -> None:
    wrong = shop.call("POST", "/api/products", {"name": "", "sku": "S", "stock": 1.5})
    assert (wrong.status, wrong.data["message"]) == (
        400,
        ["name should not be empty", "stock must be an integer number"],
    )


@pytest.mark.parametrize(("thing", "queue"), [("product", "inventory_queue"), ("payment", "payment_queue")])
def test_get_api_products_id_and_payments_id_200_404(shop: Shop, thing: str, queue: str) -> None:
    shop.says(answer({"id": UUID}), refused(404, "not there"))
    assert shop.call("GET", f"/api/{thing}s/{UUID}").data == {"id": UUID}
    assert shop.call("GET", f"/api/{thing}s/{UUID}", X_Lang="de").status == 404
    assert [(asked.queue, asked.cmd, asked.json) for asked in shop.client.asked] == [
        (queue, f"get_{thing}_by_id", {"id": UUID, "lang": lang}) for lang in ("en", "de")
    ]


def test_get_api_payments_page(shop: Shop) -> None:
    """What the published load test asks for."""
    assert shop.call("GET", "/api/payments").status == 200
    assert (shop.client.asked[0].queue, shop.client.asked[0].cmd) == ("payment_queue", "get_payments")


def test_get_api_products_page(shop: Shop) -> None:
    assert shop.call("GET", "/api/products?perPage=5&page=2").status == 200
    assert (shop.client.asked[0].queue, shop.client.asked[0].cmd) == ("inventory_queue", "get_products")
    assert shop.client.asked[0].json == {"page": 2, "perPage": 5}


def test_post_api_payments_create_payment_201(shop: Shop) -> None:
    made = shop.call("POST", "/api/payments", PAYMENT, X_Idempotency_Key="pay-xyz-789")
    assert made.status == 201
    (asked,) = shop.client.asked
    assert (asked.queue, asked.cmd) == ("payment_queue", "create_payment")
    assert asked.json == {"dto": PAYMENT, "idempotencyKey": "pay-xyz-789", "lang": "en"}


def test_post_api_payments_400(shop: Shop) -> None:
    wrong = shop.call("POST", "/api/payments", {"orderId": "x", "amount": "1"})
    assert wrong.status == 400
    assert "orderId must be a UUID" in wrong.data["message"]


def test_without_a_key_two_payments_are_two(shop: Shop) -> None:
    for _ in range(2):
        assert shop.call("POST", "/api/payments", PAYMENT).status == 201
    keys = {asked.json["idempotencyKey"] for asked in shop.client.asked}
    assert len(keys) == 2
    assert all(1 <= len(key) <= 255 for key in keys)


def test_get_api_payments_order_order_id_200(shop: Shop) -> None:
    shop.says(answer([{"id": "1"}, {"id": "2"}]))
    assert shop.call("GET", f"/api/payments/order/{UUID}").data == [{"id": "1"}, {"id": "2"}]
    (asked,) = shop.client.asked
    assert (asked.queue, asked.cmd, asked.json) == (
        "payment_queue",
        "get_payments_by_order_id",
        {"orderId": UUID},
    )
    assert shop.call("GET", "/api/payments/order/nothing").data == []


@pytest.mark.parametrize(
    ("thing", "message"), [("orders", "Bestellung"), ("products", "Produkt"), ("payments", "Zahlung")]
)
def test_what_cannot_be_an_id_is_the_id_of_nothing(shop: Shop, thing: str, message: str) -> None:
    for bad in ("1", "x" * 500, "%00", "%F0%9F%8D%B5", UUID + "0", '"%7D'):
        found = shop.call("GET", f"/api/{thing}/{bad}", X_Lang="de")
        assert (found.status, found.data["statusCode"]) == (404, 404)
        assert message in found.data["message"]
    assert shop.client.asked == []


def test_get_health_status_ok(shop: Shop) -> None:
    found = shop.call("GET", "/health")
    assert (found.status, found.body) == (200, b'{"status":"ok"}')


def test_get_health_circuits_state_and_stats_per_service(shop: Shop) -> None:
    shop.call("GET", f"/api/orders/{UUID}")
    found = shop.call("GET", "/health/circuits")
    assert found.status == 200
    assert list(found.json) == ["ORDER_SERVICE", "INVENTORY_SERVICE", "PAYMENT_SERVICE"]
    assert {one["state"] for one in found.json.values()} == {"CLOSED"}
    assert found.json["ORDER_SERVICE"]["stats"]["fires"] == 1
    assert found.json["PAYMENT_SERVICE"]["stats"]["fires"] == 0


def test_unknown_fields_are_dropped(shop: Shop) -> None:
    shop.call("POST", "/api/orders", {**ORDER, "admin": True, "items": [{**ORDER["items"][0], "gift": 1}]})  # type: ignore[index]
    assert shop.client.asked[0].json["dto"] == ORDER


def test_the_bytes_of_a_reply_go_on_as_they_came(shop: Shop) -> None:
    shop.says(Outcome(Kind.ANSWER, b'{ "price": 10.50,\n"n": 1e3 }'))
    assert (
        shop.call("GET", f"/api/orders/{UUID}").body
        == b'{"success":true,"data":{ "price": 10.50,\n"n": 1e3 }}'
    )


def test_a_service_without_a_response_is_null(shop: Shop) -> None:
    shop.says(Outcome(Kind.ANSWER, b"null"))
    assert shop.call("GET", f"/api/orders/{UUID}").json == {"success": True, "data": None}


def test_queues_are_named_by_settings() -> None:
    shop = Shop(order_queue="o", inventory_queue="i", payment_queue="p")
    for path in ("/api/orders", "/api/products", f"/api/payments/{UUID}"):
        shop.call("GET", path)
    assert [asked.queue for asked in shop.client.asked] == ["o", "i", "p"]
