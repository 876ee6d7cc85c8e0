"""Who is asked who he is, the policy `access` decides, for any API and before it does anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from tests.apis.v1.fakes import ADMIN, CUSTOMER, START, FakeDoor, FakeWorld
from tradewind.apis.kernel.admission import EVERYONE, Admission
from tradewind.apis.kernel.pending_reads import PendingReads
from tradewind.apis.kernel.principals import RULES, Principals, Proven
from tradewind.apis.kernel.rate_limits import dual_stack, network
from tradewind.apis.kernel.request_context import Api, Kernel, Route, page_routes, request_ids
from tradewind.apis.kernel.router import Router
from tradewind.apis.nest.http import NestContext
from tradewind.core.http import Request, Response
from tradewind.core.model import Caller
from tradewind.core.rate_limiter import Buckets, RateLimiter

USERS = {"ada": Proven(CUSTOMER, "s1", START + 60_000), "root": Proven(ADMIN, "s2", START + 60_000)}


class Small:
    """An API with a path for each rule, which answers with its caller; `access` is the shop's policy."""

    def __init__(
        self,
        access: str,
        rate: int = 0,
        limiter: RateLimiter | None = None,
        stands_for: Callable[[str], str] = network,
    ) -> None:
        self.gateway = FakeDoor()
        self.gateway.sessions |= {"s1": "customer", "s2": "admin"}
        asks, clock = PendingReads(5.0), FakeWorld()
        known = Principals(self.gateway, clock, asks, lambda token, now: USERS.get(token))
        admission = Admission(known if access == "jwt" else None, limiter or Buckets(rate, 10), stands_for)
        kernel = Kernel(request_ids("test"), now=clock.now, admission=admission)
        routes: list[tuple[str, str, Route[NestContext]]] = [
            ("GET", f"/{who.name}", Route(who.name, f"/{who.name}", self._tell, rule=rule))
            for who, rule in RULES.items()
        ]
        routes.append(("GET", "/unruled", Route("unruled", "/unruled", self._tell)))
        pages = page_routes({"/health": lambda _: Response(200, b"{}")})
        self.api = Api(kernel, NestContext, Router([*routes, *pages]))

    @staticmethod
    def _tell(context: NestContext) -> None:
        context.show({"id": context.caller.id, "role": context.caller.role})

    def begin(self, path: str, token: str = "") -> list[int]:
        """The status of each answer that there is so far."""
        headers = {b"authorization": b"Bearer " + token.encode()} if token else {}
        self._begun = [Request("GET", path, headers=headers, client="192.0.2.1")]
        self.api(self._begun[0])
        return self.answered()

    def answered(self) -> list[int]:
        return [one.answer.status for one in self._begun if one.answer is not None]

    def ask(self, path: str, token: str = "", client: str = "192.0.2.1") -> tuple[int, Any]:
        headers = {b"authorization": b"Bearer " + token.encode()} if token else {}
        request = Request("GET", path, headers=headers, client=client)
        self.api(request)
        assert request.answer is not None
        return request.answer.status, msgspec.json.decode(request.answer.body)


EXPECTED = {
    # nobody, a customer, an admin, a token that is not ours
    "ALL": (200, 200, 200, 200),
    "HOLDER": (200, 200, 200, 200),
    "USER": (401, 200, 200, 401),
    "OWNER": (401, 200, 200, 401),
    "ADMIN": (401, 403, 200, 401),
    "unruled": (401, 200, 200, 401),
}


@pytest.mark.parametrize("path", EXPECTED)
def test_with_access_jwt_the_rule_of_a_route_decides(path: str) -> None:
    shop = Small("jwt")
    assert tuple(shop.ask(f"/{path}", token)[0] for token in ("", "ada", "root", "x")) == EXPECTED[path]


@pytest.mark.parametrize("path", EXPECTED)
def test_with_access_open_nobody_is_asked_and_everything_is_shown(path: str) -> None:
    shop = Small("open")
    everyone = {"id": EVERYONE.id, "role": "admin"}
    assert [shop.ask(f"/{path}", token) for token in ("", "ada", "x")] == [(200, everyone)] * 3
    assert shop.gateway.asked == []


def test_a_caller_is_who_users_says_he_is() -> None:
    shop = Small("jwt")
    assert shop.ask("/USER", "ada")[1] == {"id": CUSTOMER, "role": "customer"}
    assert shop.ask("/HOLDER", "ada")[1] == {"id": "", "role": ""}
    assert Caller(CUSTOMER, "customer") != EVERYONE


@pytest.mark.parametrize("access", ["open", "jwt"])
def test_everybody_has_a_share_and_pages_cost_nothing(access: str) -> None:
    shop = Small(access, rate=2)
    assert [shop.ask("/ALL")[0] for _ in range(3)] == [200, 200, 429]
    assert shop.ask("/ALL")[1] == {"statusCode": 429, "message": "ThrottlerException: Too Many Requests"}
    assert {shop.ask("/health")[0] for _ in range(9)} == {200}
    assert shop.ask("/ALL", client="192.0.2.2")[0] == 200


def test_a_share_that_is_used_up_is_used_up_for_a_token_that_must_be_asked_about_too() -> None:
    shop = Small("jwt", rate=1)
    assert [shop.ask("/ALL", token)[0] for token in ("ada", "ada", "x", "x")] == [200, 429, 200, 429]


class Elsewhere:
    """A limiter whose counts are far away: each answer waits in `asked`."""

    limits = True

    def __init__(self) -> None:
        self.asked: list[tuple[str, Callable[[int], None]]] = []

    def at_once(self, who: str, now: int) -> int | None:
        return None

    def ask(self, who: str, now: int, then: Callable[[int], None]) -> None:
        self.asked.append((who, then))


@pytest.mark.parametrize("path", ["/ALL", "/unruled", "/USER"])
def test_a_request_waits_for_a_count_that_is_kept_elsewhere(path: str) -> None:
    for access, wait, expected in (("open", 0, 200), ("jwt", 0, 200), ("open", 7, 429), ("jwt", 7, 429)):
        limiter = Elsewhere()
        shop = Small(access, limiter=limiter)
        assert shop.begin(path, "ada") == []
        [(who, then)] = limiter.asked
        assert who == ("192.0.2.1" if access == "open" else CUSTOMER)
        then(wait)
        assert shop.answered() == [expected]


def test_an_error_after_the_count_is_answered_too() -> None:
    limiter = Elsewhere()
    shop = Small("jwt", limiter=limiter)
    shop.begin("/USER")
    limiter.asked[0][1](0)
    assert shop.answered() == [401]


def test_an_api_says_by_what_name_an_address_is_counted() -> None:
    limiter = Elsewhere()
    shop = Small("open", limiter=limiter, stands_for=dual_stack)
    shop.begin("/ALL")
    assert limiter.asked[0][0] == "::ffff:192.0.2.1"
