"""What each field of the gateway answers, and what it asks of the services for it."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from tests.apis.graphql.support import AT, Client, code, gateway, order_view
from tradewind.contracts.notifications import NotificationsOfOrders
from tradewind.contracts.orders import ListOrders, PlaceOrder
from tradewind.contracts.users import GetUser
from tradewind.core.gateway import Refusal, Reply
from tradewind.core.model import Caller
from tradewind.core.store import StoreUnavailable

CREATE = "mutation{createOrder(userId:1,productId:101,quantity:3)}"
TEXT = f'{{"id":1,"userId":1,"productId":101,"quantity":3,"status":"pending","createdAt":"{AT}"}}'


@pytest.fixture
def client() -> Client:
    return gateway()


async def test_the_published_three(client: Client) -> None:
    assert await client.query(CREATE) == {"data": {"createOrder": "Order 1 created successfully"}}
    assert await client.query("{getOrder(id:1)}") == {"data": {"getOrder": TEXT}}
    assert await client.query("query($i:Float!){userName(id:$i)}", i=1) == {
        "data": {"userName": "Alice Johnson"}
    }
    assert await client.query("{userName(id:99)}") == {"data": {"userName": "Unknown User"}}


@pytest.mark.parametrize("one", ["1", "1.0", "1e0"])
async def test_numbers_print_as_in_javascript(client: Client, one: str) -> None:
    text = f"mutation{{createOrder(userId:{one},productId:101.0,quantity:3.0)}}"
    assert await client.query(text) == {"data": {"createOrder": "Order 1 created successfully"}}
    assert await client.query(f"{{getOrder(id:{one})}}") == {"data": {"getOrder": TEXT}}
    assert await client.cache.get("order:1") == TEXT.encode()


@pytest.mark.parametrize(
    "given",
    [
        "userId:1,productId:101,quantity:0",
        "userId:1,productId:101,quantity:-1",
        "userId:1,productId:101,quantity:1.5",
        "userId:1,productId:101,quantity:10000",
        "userId:1,productId:101,quantity:1e300",
        "userId:0,productId:101,quantity:1",
        "userId:1,productId:2147483648,quantity:1",
    ],
)
async def test_what_no_order_can_be(client: Client, given: str) -> None:
    found = await client.query(f"mutation{{createOrder({given})}}")
    assert (code(found), found["data"], client.services.submitted) == ("BAD_USER_INPUT", None, [])


async def test_an_order_that_is_not_there_is_kept_nowhere(client: Client) -> None:
    assert code(await client.query("{getOrder(id:1)}")) == "NOT_FOUND"
    await client.query(CREATE)
    assert (await client.query("{getOrder(id:1)}"))["data"] == {"getOrder": TEXT}
    assert await client.query("{order(id:9){id}}") == {"data": {"order": None}}


async def test_a_text_of_an_original_gateway_is_served_as_it_is(client: Client) -> None:
    planted = b'{ "id": 7, "quantity": 1.5 }'
    await client.cache.put("order:7", planted, 300)
    assert (await client.query("{getOrder(id:7)}"))["data"] == {"getOrder": planted.decode()}
    await client.cache.put("order:8", b'""', 300)  # the empty answer that it keeps
    assert code(await client.query("{getOrder(id:8)}")) == "NOT_FOUND"


async def test_a_new_order_forgets_its_text(client: Client) -> None:
    await client.cache.put("order:1", b"{}", 300)
    await client.query(CREATE)
    assert await client.cache.get("order:1") is None


async def test_twenty_orders_cost_one_read_of_each_kind(client: Client) -> None:
    for number in range(1, 26):
        client.services.kept[number] = order_view(number)
    text = "{orders(userId:1){nodes{id user{name} notifications{id orderId message sentAt}} nextCursor}}"
    found = (await client.query(text))["data"]["orders"]
    assert [node["id"] for node in found["nodes"]] == list(range(25, 5, -1))
    assert {node["user"]["name"] for node in found["nodes"]} == {"Alice Johnson"}
    assert found["nodes"][0]["notifications"] == [
        {"id": "n-25", "orderId": 25, "message": "Order 25 created", "sentAt": AT}
    ]
    assert [client.services.questions(kind) for kind in (ListOrders, GetUser, NotificationsOfOrders)] == [
        1,
        1,
        1,
    ]
    more = await client.query(
        f'{{orders(userId:1,first:20,after:"{found["nextCursor"]}"){{nodes{{id}} nextCursor}}}}'
    )
    assert more["data"]["orders"] == {"nodes": [{"id": n} for n in (5, 4, 3, 2, 1)], "nextCursor": None}


@pytest.mark.parametrize("first", [0, 101, -1])
async def test_a_page_has_one_to_a_hundred(client: Client, first: int) -> None:
    assert code(await client.query(f"{{orders(userId:1,first:{first}){{nextCursor}}}}")) == "BAD_USER_INPUT"


async def test_only_what_is_asked_for_is_read(client: Client) -> None:
    client.services.kept[1] = order_view()
    await client.query("{order(id:1){id status}}")
    assert [client.services.questions(kind) for kind in (GetUser, NotificationsOfOrders)] == [0, 0]


async def test_an_order_with_what_belongs_to_it(client: Client) -> None:
    text = (
        "mutation{placeOrder(userId:2,productId:5,quantity:1)"
        "{id userId productId quantity status createdAt user{id name email} notifications{status userId}}}"
    )
    assert (await client.query(text))["data"]["placeOrder"] == {
        "id": 1,
        "userId": 2,
        "productId": 101,
        "quantity": 1,
        "status": "pending",
        "createdAt": AT,
        "user": {"id": 2, "name": "Bob Smith", "email": "2@example.com"},
        "notifications": [{"status": "sent", "userId": 1}],
    }


async def test_mutations_of_one_document_run_one_after_the_other(client: Client) -> None:
    client.services.silent = True
    text = "mutation{a:createOrder(userId:1,productId:1,quantity:1) b:createOrder(userId:1,productId:1,quantity:2)}"
    asked = asyncio.ensure_future(client.query(text))
    for count in (1, 2):
        while len(client.services.submitted) < count:
            await asyncio.sleep(0)
        await asyncio.sleep(0.01)
        assert len(client.services.submitted) == count
        client.services.submitted[-1].deliver(Reply(0, msgspec.json.encode(order_view(count))))
    assert (await asked)["data"] == {"a": "Order 1 created successfully", "b": "Order 2 created successfully"}


async def test_a_key_is_of_its_field(client: Client) -> None:
    two = {
        "query": "mutation{a:createOrder(userId:1,productId:1,quantity:1) b:createOrder(userId:1,productId:1,quantity:1)}"
    }
    for _ in range(2):
        await client.post(two, idempotency_key="k")
    claims = [one.claim for one in client.services.submitted]
    assert claims[:2] == claims[2:] and len(set(claims)) == 2
    place = "mutation{placeOrder(userId:1,productId:1,quantity:1,idempotencyKey:%s){id}}"
    for key in ('"k"', '"k"', '"l"', "null"):
        await client.query(place % key)
    first, second, third, fourth = [one.claim for one in client.services.submitted[4:]]
    assert first == second != third and fourth == ""
    assert code(await client.query(place % '"a b"')) == "BAD_USER_INPUT"
    assert (await client.post({"query": CREATE}, idempotency_key="a b")).status == 400


@pytest.mark.parametrize(
    ("status", "found"),
    [
        (503, "SERVICE_UNAVAILABLE"),
        (504, "GATEWAY_TIMEOUT"),
        (422, "BAD_USER_INPUT"),
        (500, "INTERNAL_SERVER_ERROR"),
    ],
)
async def test_what_a_service_refuses(client: Client, status: int, found: str) -> None:
    client.services.replies[PlaceOrder] = Reply(status, msgspec.json.encode(Refusal("x", "says")))
    assert code(await client.query(CREATE)) == found


@pytest.mark.parametrize(
    ("error", "found"),
    [
        (StoreUnavailable("mysql://secret@host"), "SERVICE_UNAVAILABLE"),
        (TimeoutError("host"), "GATEWAY_TIMEOUT"),
        (RuntimeError("SELECT secret FROM host"), "INTERNAL_SERVER_ERROR"),
    ],
)
async def test_an_error_tells_nothing_of_the_inside(client: Client, error: Exception, found: str) -> None:
    client.services.views[ListOrders] = error
    answer = await client.post({"query": "{getOrder(id:1)}"})
    assert (answer.status, code(answer.json), answer.json["data"]) == (200, found, None)
    assert b"secret" not in answer.body and b"host" not in answer.body
    assert answer.json["errors"][0]["path"] == ["getOrder"]


async def test_a_service_that_is_away_spoils_only_its_fields(client: Client) -> None:
    client.services.kept[1] = order_view()
    client.services.views[NotificationsOfOrders] = StoreUnavailable("away")
    found = await client.query("{a:order(id:1){id notifications{id}} userName(id:1)}")
    assert (found["data"], code(found)) == ({"a": None, "userName": "Alice Johnson"}, "SERVICE_UNAVAILABLE")


async def test_an_order_is_placed_for_its_user(client: Client) -> None:
    await client.query(CREATE)
    (sent,) = client.services.submitted
    assert sent.caller == Caller("1", "customer")
    (item,) = sent.message.items  # type: ignore[attr-defined]
    assert (item.product_id, item.quantity, item.price.amount) == ("101", 3, 0)


async def test_it_waits_no_longer_than_its_caller() -> None:
    slow: Any = gateway(answer_s=0.05)
    slow.services.silent = True
    answer = await slow.post({"query": CREATE})
    assert (answer.status, code(answer.json)) == (504, "GATEWAY_TIMEOUT")
