"""The page's order API, and its integration tests of order.spec.ts: through gateway, RabbitMQ, service and
PostgreSQL.
"""

from tests.rpc.api import ITEM, MISSING, ORDER, TIME, UUID, Api, fresh, invalid, refused


def test_order_spec_create_order(api: Api) -> None:
    """The page's example, field by field."""
    key = fresh("order-abc")
    answer = api("POST", "/api/orders", ORDER, key=key)
    assert answer.status == 201
    order = answer.json["data"]
    assert order | {"id": "", "createdAt": "", "updatedAt": ""} == {
        "id": "",
        "status": "PENDING",
        "items": [ITEM],
        "total": 59.98,
        "idempotencyKey": key,
        "createdAt": "",
        "updatedAt": "",
    }
    assert list(order) == ["id", "status", "items", "total", "idempotencyKey", "createdAt", "updatedAt"]
    assert (
        UUID.fullmatch(order["id"])
        and TIME.fullmatch(order["createdAt"])
        and order["updatedAt"] == order["createdAt"]
    )


def test_order_spec_idempotency_same_key_same_id(api: Api) -> None:
    key = fresh()
    first = api("POST", "/api/orders", ORDER, key=key)
    again = api("POST", "/api/orders", ORDER, key=key)
    assert (again.status, again.body) == (first.status, first.body) == (201, first.body)
    assert api.made("/api/orders", ORDER, key=fresh())["id"] != first.json["data"]["id"]


def test_order_spec_validation_400(api: Api) -> None:
    assert invalid(api("POST", "/api/orders", {"items": [], "total": -1})) == [
        "items must contain at least 1 elements",
        "total must not be less than 0",
    ]
    wrong = {"items": [{"productId": "not-a-uuid", "quantity": 0, "price": "10"}], "total": 10}
    assert invalid(api("POST", "/api/orders", wrong)) == [
        "items.0.productId must be a UUID",
        "items.0.quantity must not be less than 1",
        "items.0.price must not be less than 0",
        "items.0.price must be a number conforming to the specified constraints",
    ]
    assert "items must be an array" in invalid(api("POST", "/api/orders", {}))


def test_order_spec_get_by_id(api: Api) -> None:
    order = api.made("/api/orders", ORDER, key=fresh())
    assert api.got(f"/api/orders/{order['id']}") == order


def test_order_spec_404_for_missing(api: Api) -> None:
    assert refused(api("GET", f"/api/orders/{MISSING}"), 404) == {
        "message": "Order not found",
        "statusCode": 404,
    }
    assert (
        refused(api("GET", f"/api/orders/{MISSING}", lang="de"), 404)["message"]
        == "Bestellung nicht gefunden"
    )


def test_order_spec_pagination(api: Api) -> None:
    made = [api.made("/api/orders", ORDER)["id"] for _ in range(3)]
    first = api.got("/api/orders?page=1&perPage=2")
    assert [order["id"] for order in first["data"]] == [made[2], made[1]]
    count = first["meta"]["itemCount"]
    assert first["meta"] == {
        "page": 1,
        "perPage": 2,
        "itemCount": count,
        "pageCount": -(-count // 2),
        "hasPreviousPage": False,
        "hasNextPage": True,
    }
    second = api.got("/api/orders?page=2&perPage=2")
    assert second["data"][0]["id"] == made[0]
    assert second["meta"]["hasPreviousPage"] is True
    assert api.got("/api/orders?page=100000&perPage=10")["data"] == []


def test_get_api_orders_has_ten_on_the_first_page_where_nothing_is_said(api: Api) -> None:
    for _ in range(11):
        api.made("/api/orders", ORDER)
    page = api.got("/api/orders")
    assert (len(page["data"]), page["meta"]["page"], page["meta"]["perPage"]) == (10, 1, 10)


def test_the_order_in_the_database_is_the_one_in_the_answer(api: Api) -> None:
    """A key without an order, or two orders of one key, would be a lie of the answer."""
    key = fresh()
    order = api.made("/api/orders", ORDER, key=key)
    found = [row for row in api.got("/api/orders?perPage=100")["data"] if row["idempotencyKey"] == key]
    assert found == [order]
