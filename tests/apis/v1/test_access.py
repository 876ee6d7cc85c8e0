"""Who may call what, for every operation there is: the table here is written by hand, so that a slip in the
code cannot hide in both.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from msgspec.structs import replace

from tests.apis.v1.fakes import ADMIN, CUSTOMER, ORDER, OTHER, Shop
from tradewind.apis.v1.app import V1Api
from tradewind.contracts.api import OPERATIONS
from tradewind.contracts.invoices import GetInvoicePdf, Pdf
from tradewind.contracts.operation import Operation, Who
from tradewind.contracts.users import RotateSession, SessionView
from tradewind.contracts.values import Page
from tradewind.core.dead_letters import DeadLetter, DiscardDeadLetter, ListDeadLetters, ReplayDeadLetter
from tradewind.core.model import NOBODY, Caller

# (anonymous, customer, another customer, admin): the status of a refusal, or 0 where the gateway is asked
EXPECTED: dict[Who, tuple[int, int, int, int]] = {
    Who.ALL: (0, 0, 0, 0),
    Who.HOLDER: (0, 0, 0, 0),
    Who.USER: (401, 0, 0, 0),
    Who.OWNER: (401, 0, 0, 0),
    Who.ADMIN: (401, 403, 403, 0),
}
CALLERS = {
    "anonymous": NOBODY,
    "customer": Caller(CUSTOMER, "customer"),
    "other": Caller(OTHER, "customer"),
    "admin": Caller(ADMIN, "admin"),
}
LETTER = DeadLetter(ORDER, "DEAD", "event", "order.created", "k", "{}", 5, "boom", "", 0, 0, 0)


def example(shop: Shop, operation: Operation) -> tuple[str, Any]:
    body = operation.example
    if body is not None and "refreshToken" in body:
        body = {
            "refreshToken": shop.tokens.write(
                SessionView(ORDER, CUSTOMER, "customer", 1, shop.clock.at)
            ).refresh_token
        }
    return re.sub(r"{\w+}", ORDER, operation.path), body


@pytest.mark.parametrize("name", CALLERS)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
async def test_every_operation_for_every_caller(operation: Operation, name: str) -> None:
    shop, caller = Shop(), CALLERS[name]
    shop.gateway.views |= {GetInvoicePdf: Pdf("F-1.pdf", b"%PDF"), ListDeadLetters: Page([LETTER], None)}
    session = SessionView(ORDER, CUSTOMER, "customer", 2, shop.clock.at)
    shop.gateway.replies |= {ReplayDeadLetter: LETTER, DiscardDeadLetter: LETTER, RotateSession: session}
    token = shop.token(caller.id, caller.role) if caller.id else ""  # type: ignore[arg-type]
    path, body = example(shop, operation)
    answer = await shop.settle(operation.method, path, body, token=token)
    expected = EXPECTED[operation.who][list(CALLERS).index(name)]
    reached = [submitted.caller for submitted in shop.gateway.submitted] + [
        caller
        for query, caller in shop.gateway.asked
        if type(query).__name__ not in ("FindPrincipal", "FindCredentials")
    ]
    if expected:
        assert (answer.status, answer.code) == (expected, "unauthorized" if expected == 401 else "forbidden")
        assert ("www-authenticate" in answer.headers) == (expected == 401)
        assert reached == []
    else:
        # nobody is known to this gateway, so nobody can log in
        assert answer.status == (401 if operation.name == "users.log_in" else operation.status), answer.body
        # the service decides whose a thing is: it must hear who asks
        assert all(known == (NOBODY if operation.who is Who.HOLDER else caller) for known in reached)


def test_an_operation_without_a_rule_cannot_be_served() -> None:
    unruled = replace(OPERATIONS[0], who="anybody")
    with pytest.raises(KeyError, match="anybody"):
        Shop(operations=[unruled])


def test_every_declared_operation_is_served() -> None:
    assert {operation.name for operation in OPERATIONS} <= {route.name for _, _, route in routes(Shop().edge)}
    assert set(EXPECTED) == set(Who)


def routes(edge: V1Api) -> list[tuple[str, str, Any]]:
    found = []
    for operation in OPERATIONS:
        route, _ = edge._router.find(operation.method, re.sub(r"{\w+}", ORDER, operation.path))
        found.append((operation.method, operation.path, route))
    return found


@pytest.mark.parametrize(
    "header", ["", "Basic YTpi", "Bearer", "Bearer ", "Token x", "bearer\tx", "Bearer a b"]
)
def test_a_header_that_is_no_bearer_token(header: str) -> None:
    answer = Shop().ask("GET", "/api/v1/users/me", headers={"authorization": header})
    assert (answer.status, answer.code) == (401, "unauthorized")


def test_the_scheme_has_no_case() -> None:
    shop = Shop()
    assert (
        shop.ask(
            "GET", "/api/v1/users/me", headers={"authorization": "bearer " + shop.token(CUSTOMER)}
        ).status
        == 200
    )


def test_a_bad_token_does_not_close_what_is_open_to_all() -> None:
    shop = Shop()
    assert shop.ask("GET", "/api/v1/products", token="nonsense").status == 200
    assert shop.gateway.asked[-1][1] == NOBODY
