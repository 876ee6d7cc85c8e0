"""What nobody may read is planted everywhere it can come in, and looked for in everything that goes out."""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest

from tests.apis.v1.fakes import ADMIN, CUSTOMER, ORDER, SECRET, WEBHOOK, Shop, uuid
from tradewind.contracts.api import OPERATIONS
from tradewind.contracts.users import AddUser, Credentials, FindCredentials, OpenSession, SessionView

CANARY = "canary-7f3a"


def planted(value: Any) -> list[Any]:
    """The value with the canary in each place, one at a time: as a value of any type, as a name."""
    if isinstance(value, dict):
        found: list[Any] = [value | {name: inner} for name, old in value.items() for inner in planted(old)]
        return [*found, value | {f"{CANARY} x": 1}, value | {"x": CANARY}]
    if isinstance(value, list):
        return [
            [*value[:at], inner, *value[at + 1 :]] for at, old in enumerate(value) for inner in planted(old)
        ]
    return [CANARY, CANARY * 200, [CANARY], {"x": CANARY}]


REQUESTS = [
    (operation.method, re.sub(r"{\w+}", ORDER, operation.path), body)
    for operation in OPERATIONS
    for body in (planted(operation.example) if operation.example is not None else [None])
]


async def test_nothing_that_was_sent_comes_back_in_a_refusal_or_a_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    lines: list[Any] = []
    shop = Shop(log=lambda *told: lines.append(told), observe=lambda *told: lines.append(told))
    shop.gateway.silent = True
    token = shop.token(ADMIN, "admin")
    refused = 0
    with caplog.at_level(logging.DEBUG):
        for method, path, body in REQUESTS:
            for raw in (body, f'{{"{CANARY}": '.encode(), CANARY.encode()):
                request = shop.send(
                    method, f"{path}?{CANARY}%20x={CANARY}" if method == "GET" else path, raw, token=token
                )
                if request.answer is not None and request.answer.status >= 400:
                    refused += 1
                    assert CANARY.encode() not in request.answer.body, request.answer.body
                    assert all(CANARY.encode() not in value for _, value in request.answer.headers)
    assert refused > 100
    assert CANARY not in repr(lines) + caplog.text
    assert lines
    shop.edge.close()


async def test_no_secret_of_ours_or_of_a_person_leaves(caplog: pytest.LogCaptureFixture) -> None:
    password, lines = f"{CANARY} horse battery", []
    shop = Shop(log=lambda *told: lines.append(told))
    shop.gateway.views[FindCredentials] = Credentials(CUSTOMER, f"$argon2id${CANARY}")
    shop.gateway.replies[OpenSession] = SessionView(uuid(5), CUSTOMER, "customer", 1, shop.clock.at)
    out = []
    with caplog.at_level(logging.DEBUG):
        person = {"email": "ada@example.com", "name": "Ada", "password": password}
        shop.gateway.replies[AddUser] = {"id": CUSTOMER}
        out.append(await shop.settle("POST", "/api/v1/auth/register", person))
        out.append(
            await shop.settle(
                "POST", "/api/v1/auth/login", {"email": "ada@example.com", "password": password}
            )
        )
        out.append(shop.ask("GET", "/api/v1/users/me", headers={"authorization": f"Bearer {CANARY}"}))
        out.append(shop.ask("POST", "/api/v1/auth/refresh", {"refreshToken": CANARY}))
        out.append(
            shop.ask(
                "POST", "/api/v1/orders", b"{}", token=CANARY, headers={"idempotency-key": f"{CANARY} x"}
            )
        )
        out.append(
            shop.ask(
                "POST",
                "/webhooks/sandbox",
                b"{}",
                headers={"webhook-signature": f"v1,{CANARY}", "webhook-id": CANARY},
            )
        )
    shown = (
        b"".join(answer.body + repr(answer.headers).encode() for answer in out).decode()
        + repr(lines)
        + caplog.text
    )
    assert [answer.status for answer in out] == [201, 401, 401, 401, 401, 401]
    for secret in (
        CANARY,
        SECRET.decode(),
        WEBHOOK.decode(),
        "$argon2id$",
        repr(shop.settings.key("refresh")),
    ):
        assert secret not in shown
    assert SECRET.decode() not in repr(shop.settings)
