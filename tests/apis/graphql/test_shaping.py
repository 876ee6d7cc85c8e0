"""What is written in one step is what the library writes, field by field, errors included."""

from __future__ import annotations

from typing import Any

import pytest
from graphql.execution.executor_throwing_on_incremental import ExecutorThrowingOnIncremental

from tests.apis.graphql.support import gateway, order_view
from tradewind.apis.graphql import app
from tradewind.apis.graphql.shaping import ShapingExecutor
from tradewind.contracts.notifications import NotificationsOfOrders
from tradewind.contracts.users import GetUser
from tradewind.core.store import StoreUnavailable

ORDERS = "{orders(userId:1,first:3){nodes{%s} nextCursor __typename}}"
DOCUMENTS = [
    ORDERS % "id userId productId quantity status createdAt",
    ORDERS
    % "a:id b:status user{id name email __typename} notifications{id orderId userId message status sentAt}",
    ORDERS % "id id user{name} user{email}",
    ORDERS % "...F} } fragment F on Order{id user{...U}} fragment U on User{name" + "}",
    ORDERS % "id @skip(if:true) status @include(if:true) ... on Order{quantity}",
    "{order(id:1){user{name}} other:order(id:99){id} user(id:2){id name} notifications(orderId:1){id sentAt}}",
    "{__schema{queryType{name fields{name args{name}}}} order(id:1){id}}",
]
DOCUMENTS[3] = "{orders(userId:1){nodes{...F}}} fragment F on Order{id user{...U}} fragment U on User{name}"


async def both(monkeypatch: pytest.MonkeyPatch, text: str, **away: Any) -> tuple[Any, Any]:
    found = []
    for executor in (ShapingExecutor, ExecutorThrowingOnIncremental):
        monkeypatch.setattr(app, "ShapingExecutor", executor)
        client = gateway()
        for number in range(1, 6):
            client.services.kept[number] = order_view(number)
        client.services.views |= away.get("views", {})
        for _ in range(2):
            answer = await client.post({"query": text}, x_request_id="r")
        found.append(answer.json)
    return found[0], found[1]


@pytest.mark.parametrize("text", DOCUMENTS)
async def test_the_same_answer(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    ours, theirs = await both(monkeypatch, text)
    assert ours == theirs and "errors" not in ours


@pytest.mark.parametrize("away", [GetUser, NotificationsOfOrders])
@pytest.mark.parametrize("text", DOCUMENTS)
async def test_the_same_errors(monkeypatch: pytest.MonkeyPatch, text: str, away: type[Any]) -> None:
    ours, theirs = await both(monkeypatch, text, views={away: StoreUnavailable("away")})
    assert ours == theirs


async def test_an_error_is_of_its_request_alone() -> None:
    client = gateway()
    client.services.kept[1] = order_view()
    text = "{order(id:1){user{name}}}"
    views = dict(client.services.views)
    client.services.views[GetUser] = StoreUnavailable("away")
    assert (await client.query(text))["data"] == {"order": None}
    client.services.views = views
    assert await client.query(text) == {"data": {"order": {"user": {"name": "Alice Johnson"}}}}
