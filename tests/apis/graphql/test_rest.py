"""HTTP of orders and users, as the published gateway and programs beside it ask them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.apis.graphql.support import AT, SECRET, Client, order_view
from tradewind.apis.graphql.rest import RestSettings, orders_api, users_api
from tradewind.contracts.users import GetUser

ORDER = {"id": 1, "userId": 1, "productId": 101, "quantity": 3, "status": "pending", "createdAt": AT}
NEW = {"userId": 1, "productId": 101, "quantity": 3}


@pytest.fixture
def orders() -> Client:
    settings = RestSettings(secret=SECRET, reads_at_once=False, list_max=150)
    return Client(lambda services, clock, _: orders_api(services, clock, settings))


@pytest.fixture
def users() -> Client:
    settings = RestSettings(secret=SECRET, reads_at_once=False)
    return Client(lambda services, clock, cache: users_api(services, clock, settings, cache=cache))


async def test_an_order_is_made_and_found(orders: Client) -> None:
    made = await orders.post(NEW, "/orders")
    assert (made.status, made.json) == (201, ORDER)
    assert list(made.json) == list(ORDER)
    found = await orders.ask("GET", "/orders/1")
    assert (found.status, found.json) == (200, ORDER)


async def test_nobody_sets_the_id_or_the_status(orders: Client) -> None:
    orders.services.kept[1] = order_view(quantity=9)
    made = await orders.post({**NEW, "id": 1, "status": "done"}, "/orders")
    assert (made.json["id"], made.json["status"]) == (2, "pending")


async def test_whole_numbers_may_be_written_as_in_javascript(orders: Client) -> None:
    made = await orders.post(b'{"userId":1.0,"productId":101,"quantity":3.0}', "/orders")
    assert (made.status, made.json) == (201, ORDER)


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"userId":"1","productId":1,"quantity":1}',
        b'{"userId":[1],"productId":1,"quantity":1}',
        b'{"userId":1,"productId":1,"quantity":1.5}',
        b'{"userId":1,"productId":1,"quantity":0}',
        b'{"userId":1,"productId":1,"quantity":-1}',
        b'{"userId":1,"productId":1,"quantity":1e300}',
        b'{"userId":1,"productId":1,"quantity":10000}',
        b'{"userId":2147483648,"productId":1,"quantity":1}',
        b'{"userId":null,"productId":1,"quantity":1}',
        b'{"userId":1e999,"productId":1,"quantity":1}',
    ],
)
async def test_what_is_no_order(orders: Client, body: bytes) -> None:
    answer = await orders.post(body, "/orders")
    assert (answer.status, answer.json["error"], answer.json["statusCode"]) == (400, "Bad Request", 400)
    assert isinstance(answer.json["message"], list) and orders.services.submitted == []


@pytest.mark.parametrize("body", [b"", b"x", b"[", b'"text"', b"\xff"])
async def test_what_is_no_json(orders: Client, body: bytes) -> None:
    assert (await orders.post(body, "/orders")).status == 400


async def test_an_order_that_is_not_there(orders: Client) -> None:
    answer = await orders.ask("GET", "/orders/9")
    assert (answer.status, answer.json) == (
        404,
        {"message": "Order 9 not found", "error": "Not Found", "statusCode": 404},
    )
    for wrong in ("abc", "0", "-1", "1.5", "NaN", "2147483648", "99999999999999999999"):
        assert (await orders.ask("GET", f"/orders/{wrong}")).status == 400
        assert (await orders.ask("GET", f"/orders/user/{wrong}")).status == 400
    assert len(orders.services.asked) == 1


async def test_all_orders_of_a_user_newest_first(orders: Client) -> None:
    assert (await orders.ask("GET", "/orders/user/1")).json == []
    for number in range(1, 131):
        orders.services.kept[number] = order_view(number)
    answer = await orders.ask("GET", "/orders/user/1")
    assert [one["id"] for one in answer.json] == list(range(130, 0, -1))
    assert "link" not in answer.headers
    for number in range(131, 171):
        orders.services.kept[number] = order_view(number)
    answer = await orders.ask("GET", "/orders/user/1")
    assert len(answer.json) == 150 and 'rel="next"' in answer.headers["link"]


async def test_a_page_of_them(orders: Client) -> None:
    for number in range(1, 6):
        orders.services.kept[number] = order_view(number)
    answer = await orders.ask("GET", "/orders/user/1?first=3")
    assert [one["id"] for one in answer.json] == [5, 4, 3]
    path = answer.headers["link"].partition(">")[0].removeprefix("<")
    answer = await orders.ask("GET", path)
    assert ([one["id"] for one in answer.json], "link" in answer.headers) == ([2, 1], False)
    assert (await orders.ask("GET", "/orders/user/1?first=0")).status == 400


async def test_a_key_is_passed_on(orders: Client) -> None:
    for key in ("k", "k", "l"):
        await orders.post(NEW, "/orders", x_idempotency_key=key)
    one, two, three = [sent.claim for sent in orders.services.submitted]
    assert one == two != three


@pytest.mark.parametrize(
    ("number", "found"),
    [
        ("1", {"id": 1, "name": "Alice Johnson", "email": "1@example.com"}),
        ("99", {"id": 99, "name": "Unknown User", "email": "unknown@example.com"}),
        ("0", {"id": 0, "name": "Unknown User", "email": "unknown@example.com"}),
        ("-5", {"id": -5, "name": "Unknown User", "email": "unknown@example.com"}),
    ],
)
async def test_a_user(users: Client, number: str, found: Any) -> None:
    for _ in range(2):
        answer = await users.ask("GET", f"/users/{number}")
        assert (answer.status, answer.json) == (200, found)
    assert users.services.questions(GetUser) == 1
    assert await users.cache.get(f"user:{number}") is not None


async def test_no_user(users: Client) -> None:
    for wrong in ("abc", "1.5", "NaN", "%20"):
        assert (await users.ask("GET", f"/users/{wrong}")).status == 400


async def test_a_cached_text_that_is_no_user(users: Client) -> None:
    await users.cache.put("user:1", b'"x"', 600)
    assert (await users.ask("GET", "/users/1")).json["name"] == "Alice Johnson"
