"""Registering and signing in: what reaches the services is a hash or a session, and nobody learns who has an
account.
"""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from argon2 import PasswordHasher

from tests.apis.v1.fakes import CUSTOMER, Shop, refusal, settled, uuid
from tradewind.apis.kernel.passwords import Passwords
from tradewind.apis.v1.settings import V1Settings
from tradewind.apis.v1.weak_passwords import COMMON
from tradewind.contracts.users import (
    AddUser,
    ChangeUser,
    Credentials,
    EndSession,
    FindCredentials,
    OpenSession,
    RotateSession,
    SessionView,
    Tokens,
)

PASSWORD = "correct horse battery"
ADA = {"email": "ada@example.com", "name": "Ada", "password": PASSWORD}
LOGIN = {"email": "ada@example.com", "password": PASSWORD}
SESSION = uuid(0x50)
AUTH = "/api/v1/auth"


def known(shop: Shop, password: str = PASSWORD) -> None:
    """Ada has an account."""
    hashed = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(password)
    shop.gateway.views[FindCredentials] = lambda query: (
        Credentials(CUSTOMER, hashed) if query.email == "ada@example.com" else None
    )
    shop.gateway.replies[OpenSession] = SessionView(SESSION, CUSTOMER, "customer", 1, shop.clock.at)


@pytest.mark.parametrize("email", ["a\u200bda@example.com", "\u00a8a@example.com", "a\uffffb@example.com"])
async def test_an_address_with_what_cannot_be_seen_is_refused(email: str) -> None:
    """Before the password costs a hash."""
    shop = Shop()
    answer = await shop.settle("POST", f"{AUTH}/register", ADA | {"email": email})
    assert (answer.status, answer.code) == (422, "invalid_field")
    assert answer.json["errors"][0]["field"] == "email"
    assert shop.gateway.submitted == []


async def test_an_address_is_written_in_one_way() -> None:
    shop = Shop()
    shop.gateway.replies[AddUser] = {"id": CUSTOMER, "email": "ada@example.com"}
    await shop.settle("POST", f"{AUTH}/register", ADA | {"email": "\uff21da@example.com"})
    (sent,) = shop.gateway.submitted
    assert sent.message.email == "ada@example.com"  # type: ignore[attr-defined]


async def test_registering_sends_a_hash() -> None:
    shop = Shop()
    shop.gateway.replies[AddUser] = {"id": CUSTOMER, "email": "ada@example.com"}
    answer = await shop.settle(
        "POST", f"{AUTH}/register", ADA | {"email": "Ada@Example.COM"}, headers={"idempotency-key": "k"}
    )
    assert (answer.status, answer.headers["location"]) == (201, f"/api/v1/users/{CUSTOMER}")
    sent = shop.gateway.submitted[0]
    assert isinstance(sent.message, AddUser)
    assert (sent.message.email, sent.message.name, sent.message.role) == (
        "ada@example.com",
        "Ada",
        "customer",
    )
    assert sent.message.password_hash.startswith("$argon2id$v=19$m=8,t=1,p=1$")
    assert PasswordHasher().verify(sent.message.password_hash, PASSWORD)


async def test_a_retry_of_a_registration_is_the_same_request_though_the_salt_is_new() -> None:
    shop = Shop()
    for _ in range(2):
        await shop.settle("POST", f"{AUTH}/register", ADA, headers={"idempotency-key": "k"})
    first, again = shop.gateway.submitted
    assert (first.claim, first.fingerprint) == (again.claim, again.fingerprint)
    assert first.message != again.message


@pytest.mark.parametrize(
    "password",
    ["password1", "PASSWORD123", "iloveyou", "12345678", "ada@example.com", "Ada Lovelace", "qwertyuiop"],
)
def test_a_password_that_anybody_would_try_is_refused(password: str) -> None:
    shop = Shop()
    answer = shop.ask(
        "POST", f"{AUTH}/register", {"email": "ada@example.com", "name": "Ada Lovelace", "password": password}
    )
    assert (answer.status, answer.code) == (422, "weak_password")
    assert answer.json["errors"][0]["field"] == "password"
    assert shop.gateway.submitted == []


def test_the_list_of_common_passwords_has_none_that_the_contract_refuses_anyway() -> None:
    assert len(COMMON) >= 100
    assert all(len(word) >= 8 and word == word.lower() for word in COMMON)


async def test_an_address_that_is_taken() -> None:
    shop = Shop()
    shop.gateway.replies[AddUser] = refusal(409, "email_taken")
    answer = await shop.settle("POST", f"{AUTH}/register", ADA)
    assert (answer.status, answer.code) == (409, "email_taken")


async def test_logging_in_gives_tokens_that_work() -> None:
    shop = Shop()
    known(shop)
    answer = await shop.settle("POST", f"{AUTH}/login", LOGIN | {"email": "  ADA@example.com "})
    assert answer.status == 200
    assert {**answer.json, "accessToken": "", "refreshToken": ""} == {
        "accessToken": "",
        "refreshToken": "",
        "tokenType": "Bearer",
        "expiresIn": 900,
    }
    shop.gateway.sessions[SESSION] = "customer"
    assert shop.ask("GET", "/api/v1/users/me", token=answer.json["accessToken"]).status == 200
    assert shop.tokens.read_refresh(answer.json["refreshToken"]) == (SESSION, 1)


async def test_a_password_is_the_same_however_its_letters_are_composed() -> None:
    shop = Shop()
    known(shop, "caf\u00e9 au lait")
    answer = await shop.settle("POST", f"{AUTH}/login", LOGIN | {"password": "cafe\u0301 au lait"})
    assert answer.status == 200


async def test_unknown_addresses_and_wrong_passwords_get_the_same_answer_after_the_same_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = Shop()
    known(shop)
    verified: list[tuple[str, int]] = []
    real = Passwords._fits

    def spy(self: Passwords, hashed: str, password: str) -> bool:
        verified.append((hashed.rsplit("$", 2)[0], threading.get_ident()))
        return real(self, hashed, password)

    monkeypatch.setattr(Passwords, "_fits", spy)
    tries = [
        {"email": "ada@example.com", "password": "wrong"},
        {"email": "nobody@example.com", "password": PASSWORD},
        {"email": "nobody@example.com", "password": "é" * 1_000},
        {"email": "ada@example.com", "password": "x" * 1_024},
    ]
    answers = [await shop.settle("POST", f"{AUTH}/login", one) for one in tries]
    assert {(answer.status, answer.code) for answer in answers} == {(401, "invalid_credentials")}
    assert len({answer.body for answer in answers}) == 1
    assert [parameters for parameters, _ in verified] == ["$argon2id$v=19$m=8,t=1,p=1"] * len(tries)
    assert threading.get_ident() not in {thread for _, thread in verified}
    assert shop.gateway.submitted == []


async def test_failed_log_ins_are_limited_for_one_address_and_good_ones_are_not() -> None:
    shop = Shop()
    known(shop)
    for _ in range(30):
        assert (await shop.settle("POST", f"{AUTH}/login", LOGIN)).status == 200
    for _ in range(10):
        assert (await shop.settle("POST", f"{AUTH}/login", LOGIN | {"password": "wrong"})).status == 401
    answer = await shop.settle("POST", f"{AUTH}/login", LOGIN | {"email": "ADA@example.com"})
    assert (answer.status, answer.code, answer.headers["retry-after"]) == (429, "rate_limited", "6")
    assert (await shop.settle("POST", f"{AUTH}/login", LOGIN | {"email": "bob@example.com"})).status == 401
    shop.clock.at += 6_000
    assert (await shop.settle("POST", f"{AUTH}/login", LOGIN)).status == 200


async def test_more_passwords_than_can_be_hashed_in_time_are_refused() -> None:
    shop = Shop(hasher_workers=1, hasher_queue=2)
    known(shop)
    requests = [shop.send("POST", f"{AUTH}/login", LOGIN) for _ in range(8)]
    answers = [await settled(request) for request in requests]
    assert [answer.status for answer in answers].count(200) == 3
    over = next(answer for answer in answers if answer.status != 200)
    assert (over.status, over.code, over.headers["retry-after"]) == (503, "overloaded", "1")
    await asyncio.sleep(0)
    assert (await shop.settle("POST", f"{AUTH}/login", LOGIN)).status == 200


def refresh(shop: Shop, token: str, path: str = "refresh", **how: Any) -> Any:
    return shop.ask("POST", f"{AUTH}/{path}", {"refreshToken": token}, **how)


def test_refreshing_rotates_the_session() -> None:
    shop = Shop()
    token = shop.tokens.write(SessionView(SESSION, CUSTOMER, "customer", 3, shop.clock.at)).refresh_token
    rotated = SessionView(SESSION, CUSTOMER, "customer", 4, shop.clock.at)
    shop.gateway.replies[RotateSession] = rotated
    answer = refresh(shop, token)
    assert shop.gateway.submitted[0].message == RotateSession(SESSION, 3)
    written: Tokens = shop.tokens.write(rotated)
    assert (answer.json["accessToken"], answer.json["refreshToken"]) == (
        written.access_token,
        written.refresh_token,
    )


def test_a_session_that_is_over_or_whose_old_token_came_back() -> None:
    shop = Shop()
    shop.gateway.replies[RotateSession] = SessionView(SESSION, "", "customer", -1, shop.clock.at)
    answer = refresh(
        shop, shop.tokens.write(SessionView(SESSION, CUSTOMER, "customer", 1, shop.clock.at)).refresh_token
    )
    assert (answer.status, answer.code) == (401, "invalid_token")


@pytest.mark.parametrize("path", ["refresh", "logout"])
@pytest.mark.parametrize("token", ["x", f"{SESSION}.1.{'A' * 43}", f"{SESSION}.1"])
def test_a_refresh_token_that_is_not_ours(path: str, token: str) -> None:
    shop = Shop()
    answer = refresh(shop, token, path)
    assert (answer.status, answer.code) == (401, "invalid_token")
    assert shop.gateway.submitted == []


def test_logging_out_ends_the_session() -> None:
    shop = Shop()
    answer = refresh(
        shop,
        shop.tokens.write(SessionView(SESSION, CUSTOMER, "customer", 1, shop.clock.at)).refresh_token,
        "logout",
    )
    assert (answer.status, answer.body) == (204, b"")
    assert shop.gateway.submitted[0].message == EndSession(SESSION)


def test_changing_me_is_changing_the_user_that_i_am() -> None:
    shop = Shop()
    assert (
        shop.ask("PATCH", "/api/v1/users/me", {"name": "Ada King"}, token=shop.token(CUSTOMER)).status == 200
    )
    assert shop.gateway.submitted[0].message == ChangeUser(CUSTOMER, name="Ada King")


def test_a_short_secret_is_no_secret() -> None:
    with pytest.raises(ValueError, match="32"):
        V1Settings(jwt_secret=b"short")
    with pytest.raises(ValueError, match="webhook"):
        V1Settings(jwt_secret=b"x" * 32, webhook_secrets=(b"",))
    assert "xxxx" not in repr(V1Settings(jwt_secret=b"x" * 32))
