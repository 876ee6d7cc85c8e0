"""Tokens that we did not write, or that no longer hold, open nothing; a session that ends is noticed within
seconds.
"""

from __future__ import annotations

import asyncio

import pytest

from tests.apis.v1.fakes import ADMIN, CUSTOMER, START, FakeWorld, Shop, settled, uuid
from tests.apis.v1.forgeries import FORGED, SESSION, other_last_letter, signed
from tradewind.contracts.users import FindPrincipal, Principal, SessionView
from tradewind.core.store import StoreUnavailable

ME = "/api/v1/users/me"


@pytest.mark.parametrize("token", FORGED.values(), ids=FORGED)
def test_a_forged_token_opens_nothing(token: str) -> None:
    shop = Shop()
    shop.gateway.sessions[SESSION] = "customer"
    answer = shop.ask("GET", ME, headers={"authorization": f"Bearer {token}"})
    assert (answer.status, answer.code) == (401, "unauthorized")
    assert shop.gateway.asked == []


def test_the_forgeries_are_many_and_the_real_one_opens() -> None:
    assert len(FORGED) >= 60
    shop = Shop()
    shop.gateway.sessions[SESSION] = "customer"
    assert shop.ask("GET", ME, token=signed()).status == 200
    assert signed() == shop.tokens.write(SessionView(SESSION, CUSTOMER, "customer", 1, START)).access_token


def test_a_token_is_asked_about_once_in_five_seconds() -> None:
    shop = Shop()
    token = shop.token(CUSTOMER)
    for _ in range(10):
        assert shop.ask("GET", ME, token=token).status == 200
        shop.clock.at += 499
    assert shop.gateway.questions(FindPrincipal) == 1
    shop.clock.at += 10
    assert shop.ask("GET", ME, token=token).status == 200
    assert shop.gateway.questions(FindPrincipal) == 2


def test_a_log_out_counts_within_five_seconds() -> None:
    shop = Shop()
    token = shop.token(CUSTOMER, session=SESSION)
    assert shop.ask("GET", ME, token=token).status == 200
    del shop.gateway.sessions[SESSION]
    shop.clock.at += 5_000
    assert shop.ask("GET", ME, token=token).status == 401
    shop.gateway.sessions[SESSION] = (
        "customer"  # a session never comes back, but nothing wrong may be remembered either
    )
    assert shop.ask("GET", ME, token=token).status == 200


def test_a_new_role_counts_within_five_seconds_and_the_tokens_own_does_not() -> None:
    shop = Shop()
    token = shop.token(CUSTOMER, "admin", SESSION)
    shop.gateway.sessions[SESSION] = "customer"
    assert shop.ask("GET", "/api/v1/users", token=token).status == 403
    shop.gateway.sessions[SESSION] = "admin"
    shop.clock.at += 5_000
    assert shop.ask("GET", "/api/v1/users", token=token).status == 200


async def test_an_answer_that_was_read_before_a_deletion_is_asked_for_again() -> None:
    """Else the role as it was would be believed for seconds after the deletion was answered."""
    shop = Shop()
    token, admin = shop.token(CUSTOMER, session=SESSION), shop.token(ADMIN, "admin")
    assert shop.ask("GET", "/api/v1/users", token=admin).status == 200
    read = asyncio.Event()

    async def slow(query: FindPrincipal) -> Principal | None:
        role = shop.gateway.sessions.get(query.session_id)
        await read.wait()
        return Principal(query.user_id, role) if role else None

    shop.gateway.views[FindPrincipal] = slow
    early = shop.send("GET", ME, token=token)
    await asyncio.sleep(0)
    del shop.gateway.sessions[SESSION]
    assert (await shop.settle("DELETE", f"/api/v1/users/{CUSTOMER}", token=admin)).status == 204
    late = shop.send("GET", ME, token=token)
    read.set()
    assert [(await settled(request)).status for request in (early, late)] == [401, 401]


def test_a_token_ends_when_it_says_so_also_while_it_is_believed() -> None:
    shop = Shop()
    token = shop.token(CUSTOMER)
    shop.clock.at += 899_000
    assert shop.ask("GET", ME, token=token).status == 200
    shop.clock.at += 1_000
    assert shop.ask("GET", ME, token=token).status == 401


def test_requests_wait_for_the_check_that_is_under_way() -> None:
    shop = Shop()
    token = shop.token(CUSTOMER)
    shop.gateway.views[FindPrincipal] = StoreUnavailable("gone")
    answer = shop.ask("GET", ME, token=token)
    assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "store_unavailable", "1")
    del shop.gateway.views[FindPrincipal]
    assert shop.ask("GET", ME, token=token).status == 200


def test_the_memory_of_tokens_is_bounded_and_forgets_the_longest_unchecked() -> None:
    shop = Shop(tokens_remembered=3)
    tokens = [shop.token(uuid(number)) for number in range(20, 24)]
    for token in tokens:
        shop.ask("GET", ME, token=token)
    assert len(shop.edge._principals._known) == 3
    before = shop.gateway.questions(FindPrincipal)
    shop.ask("GET", ME, token=tokens[-1])
    assert shop.gateway.questions(FindPrincipal) == before
    shop.ask("GET", ME, token=tokens[0])
    assert shop.gateway.questions(FindPrincipal) == before + 1


def test_refresh_tokens_are_ours_or_nothing() -> None:
    tokens = Shop().tokens
    good = tokens.write(SessionView(SESSION, CUSTOMER, "customer", 3, START)).refresh_token
    assert tokens.read_refresh(good) == (SESSION, 3)
    session, _, proof = good.split(".")
    for bad in (
        f"{session}.4.{proof}",
        f"{uuid(1)}.3.{proof}",
        f"{session}.03.{proof}",
        f"{session}.-3.{proof}",
        f"{session}.3.{other_last_letter(proof)}",
        f"{session}.3.{proof[:-1]}",
        f"{session}.3.",
        f"{session.upper()}.3.{proof}",
        f"{session}.３.{proof}",
        good + "\n",
        good + "=",
        f" {good}",
        "",
    ):
        assert tokens.read_refresh(bad) is None, bad


def test_time_is_the_worlds() -> None:
    clock = FakeWorld()
    shop = Shop()
    assert shop.tokens.read(signed(), clock.now()) is not None
    assert shop.tokens.read(signed(), clock.now() + 900_000) is None
