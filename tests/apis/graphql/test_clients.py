"""The gateway asks orders and users over their published HTTP, of ours or of the original, and says of each
failure what it means.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import pytest

from tests.apis.graphql.support import AT, SECRET, Client, order_view
from tests.apis.v1.fakes import FakeWorld
from tradewind.apis.graphql.clients import OrdersGateway, UsersGateway
from tradewind.apis.graphql.rest import RestSettings, orders_api
from tradewind.apis.graphql.shapes import NewOrder, placed, placing
from tradewind.apis.kernel.resilience.http_service import HttpService
from tradewind.contracts.orders import GetOrder, ListOrders
from tradewind.contracts.users import GetUser
from tradewind.core.gateway import Reply
from tradewind.core.http import HttpAnswer, HttpClient, NoHttpAnswer, NotReached
from tradewind.core.model import Caller, Refused
from tradewind.core.store import StoreUnavailable

ALICE = Caller("1", "customer")
ADMIN = Caller("", "admin")
NEW = placing(NewOrder(1, 101, 3), "EUR")
Answering = Callable[[str, str, bytes, Mapping[str, str]], Any]


class Wire(HttpClient):
    """`answering` gets method, path, body and headers."""

    def __init__(self, answering: Answering) -> None:
        self.answering, self.calls = answering, list[tuple[str, str, Mapping[str, str]]]()

    async def call(
        self,
        method: str,
        url: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        deadline_s: float,
        largest: int = 1 << 20,
    ) -> HttpAnswer:
        path = url.removeprefix("http://there")
        self.calls.append((method, path, headers or {}))
        found = self.answering(method, path, body, headers or {})
        if hasattr(found, "__await__"):
            found = await found
        if isinstance(found, BaseException):
            raise found
        assert isinstance(found, HttpAnswer)
        return found

    async def close(self) -> None: ...


def orders(answering: Answering) -> tuple[OrdersGateway, Wire]:
    wire = Wire(answering)
    return OrdersGateway(HttpService("orders", "http://there/", wire, FakeWorld()), "EUR"), wire


def ours() -> tuple[Client, OrdersGateway, Wire]:
    """In front of our own server."""
    settings = RestSettings(secret=SECRET, reads_at_once=False)
    client = Client(lambda services, clock, _: orders_api(services, clock, settings))

    async def answering(method: str, path: str, body: bytes, headers: Mapping[str, str]) -> HttpAnswer:
        answer = await client.ask(method, path, body, **{"content-type": "application/json", **headers})
        return HttpAnswer(answer.status, answer.body, answer.headers)

    return client, *orders(answering)


async def reply_of(gateway: OrdersGateway, **more: Any) -> Reply:
    came: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
    gateway.submit(NEW, ALICE, came.set_result, **more)
    async with asyncio.timeout(20):
        return await came


async def test_an_order_goes_there_and_back() -> None:
    _, gateway, wire = ours()
    reply = await reply_of(gateway, claim="c", trace=f"00-{'1' * 32}-{'2' * 16}-01")
    order = placed(reply)
    assert (order.id, order.user_id, order.product_id, order.quantity, order.created_at) == (1, 1, 101, 3, AT)
    assert placed(Reply(0, reply.body)) == order
    ((_, path, headers),) = wire.calls
    assert (path, headers["idempotency-key"], headers["traceparent"][3:35]) == ("/orders", "c", "1" * 32)
    page = await gateway.ask(ListOrders(1, number=1), ADMIN)
    assert [one.number for one in page.data] == [1]
    assert (await gateway.ask(ListOrders(1, number=9), ADMIN)).data == []
    assert (await gateway.ask(ListOrders(1, number=1), Caller("2", "customer"))).data == []


async def test_pages_of_ours() -> None:
    client, gateway, _ = ours()
    for number in range(1, 8):
        client.services.kept[number] = order_view(number)
    assert await walked(gateway) == [7, 6, 5, 4, 3, 2, 1]


async def test_pages_of_a_list_that_has_none() -> None:
    body = msgspec.json.encode(
        [
            {"id": n, "userId": 1, "productId": 1, "quantity": 1, "status": "pending", "createdAt": AT}
            for n in range(7, 0, -1)
        ]
    )
    gateway, _ = orders(lambda *_: HttpAnswer(200, body))
    assert await walked(gateway) == [7, 6, 5, 4, 3, 2, 1]


async def walked(gateway: OrdersGateway) -> list[int]:
    found: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await gateway.ask(ListOrders(3, cursor), ALICE)
        assert 1 <= len(page.data) <= 3
        found += [order.number for order in page.data]
        cursor = page.next_cursor
    return found


async def test_the_empty_answer_of_the_original_is_no_order() -> None:
    gateway, _ = orders(lambda *_: HttpAnswer(200, b""))
    assert (await gateway.ask(ListOrders(1, number=1), ADMIN)).data == []


async def test_a_read_is_tried_again() -> None:
    answers: list[Any] = [NotReached("x"), HttpAnswer(500, b""), HttpAnswer(404, b"{}")]
    gateway, wire = orders(lambda *_: answers.pop(0))
    assert (await gateway.ask(ListOrders(1, number=1), ADMIN)).data == []
    assert len(wire.calls) == 3


async def test_a_write_is_tried_again_only_under_a_key() -> None:
    gateway, wire = orders(lambda *_: NoHttpAnswer("cut"))
    reply = await reply_of(gateway)
    assert (reply.status, msgspec.json.decode(reply.body)["code"], len(wire.calls)) == (
        503,
        "outcome_unknown",
        1,
    )
    answers: list[Any] = [NoHttpAnswer("cut"), HttpAnswer(201, msgspec.json.encode(order()))]
    gateway, wire = orders(lambda *_: answers.pop(0))
    assert (await reply_of(gateway, claim="c")).status == 0
    assert [headers["idempotency-key"] for _, _, headers in wire.calls] == ["c", "c"]


def order() -> dict[str, Any]:
    return {"id": 1, "userId": 1, "productId": 101, "quantity": 3, "status": "pending", "createdAt": AT}


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        (HttpAnswer(400, b'{"message":["quantity must be an integer number"]}'), 400, "invalid_request"),
        (HttpAnswer(422, b'{"message":"another body"}'), 422, "idempotency_key_reused"),
        (HttpAnswer(201, b"no order"), 503, "outcome_unknown"),
        (NotReached("host:1"), 503, "store_unavailable"),
    ],
)
async def test_what_a_failure_means(answer: Any, status: int, code: str) -> None:
    gateway, _ = orders(lambda *_: answer)
    reply = await reply_of(gateway)
    assert (reply.status, msgspec.json.decode(reply.body)["code"]) == (status, code)
    assert b"host" not in reply.body


async def test_nothing_is_sent_once_its_caller_has_gone() -> None:
    gateway, wire = orders(lambda *_: HttpAnswer(200, b"[]"))
    with pytest.raises(TimeoutError):
        await gateway.ask(ListOrders(1), ALICE, deadline=FakeWorld().now() - 1)
    assert (await reply_of(gateway, deadline=FakeWorld().now() - 1)).status == 503
    assert wire.calls == []


async def test_a_service_that_fails_is_left_alone() -> None:
    gateway, wire = orders(lambda *_: HttpAnswer(500, b""))
    for _ in range(5):
        await reply_of(gateway)
    with pytest.raises(Refused) as refused:
        await gateway.ask(ListOrders(1), ALICE)
    assert (refused.value.status, refused.value.code, len(wire.calls)) == (503, "overloaded", 5)


async def test_what_it_lacks() -> None:
    answer: Any = NotReached("x")
    gateway, wire = orders(lambda *_: answer)

    async def until(expected: list[str]) -> None:
        async with asyncio.timeout(20):
            while gateway.missing() != expected:
                await asyncio.sleep(0.01)

    assert gateway.missing() == ["orders: not asked yet"]
    await until(["orders: cannot be reached"])
    answer = HttpAnswer(404, b"")  # the original has no such page: it is there all the same
    await until([])
    assert {path for _, path, _ in wire.calls} == {"/health/live"}


async def test_users() -> None:
    wire = Wire(lambda *_: HttpAnswer(200, b'{"id":1,"name":"Alice Johnson","email":"a@example.com"}'))
    gateway = UsersGateway(HttpService("users", "http://there", wire, FakeWorld()))
    user = await gateway.ask(GetUser("1"), ALICE)
    assert (user.id, user.name, user.email) == ("1", "Alice Johnson", "a@example.com")
    wire.answering = lambda *_: HttpAnswer(200, b"no user")
    with pytest.raises(StoreUnavailable):
        await gateway.ask(GetUser("1"), ALICE)


async def test_what_the_wire_has_no_path_for() -> None:
    gateway, wire = orders(lambda *_: HttpAnswer(200, b""))
    with pytest.raises(Refused, match="not_here"):
        await gateway.ask(GetOrder("x"), ALICE)
    assert wire.calls == []
