"""For the operator: health, depths, and dead letters without their contents."""

from __future__ import annotations

from tests.apis.v1.fakes import ADMIN, ORDER, Shop, refusal, uuid
from tradewind.contracts.values import Page
from tradewind.core.dead_letters import DeadLetter, DiscardDeadLetter, ListDeadLetters, ReplayDeadLetter

LETTERS = "/api/v1/ops/dead-letters"
LETTER = DeadLetter(
    ORDER,
    "DEAD",
    "event",
    "payment.requested",
    "k",
    '{"token":"tok_secret"}',
    5,
    "ValueError",
    "r-1",
    0,
    1_000,
    2_000,
)
SHOWN = {
    "id": ORDER,
    "status": "DEAD",
    "origin": "event",
    "name": "payment.requested",
    "key": "k",
    "attempts": 5,
    "reason": "ValueError",
    "requestId": "r-1",
    "dueAt": "1970-01-01T00:00:00.000Z",
    "firstAt": "1970-01-01T00:00:01.000Z",
    "lastAt": "1970-01-01T00:00:02.000Z",
}


def test_health() -> None:
    shop = Shop()
    assert shop.ask("GET", "/health/live").json == {"status": "alive"}
    assert shop.ask("HEAD", "/health/ready").status == 200
    shop.gateway.lacks = ["store: disk full"]
    answer = shop.ask("GET", "/health/ready")
    assert (answer.status, answer.json) == (503, {"status": "not ready", "missing": ["store: disk full"]})
    assert shop.ask("GET", "/health/live").status == 200


def test_depths() -> None:
    shop = Shop()
    token = shop.token(ADMIN, "admin")
    assert shop.ask("GET", "/api/v1/ops/stats", token=token).json["requestsQueued"] == 0
    assert shop.ask("GET", "/api/v1/ops/stats?x=1", token=token).code == "unknown_field"


def test_letters_without_what_they_say() -> None:
    shop = Shop()
    token = shop.token(ADMIN, "admin")
    shop.gateway.views[ListDeadLetters] = Page([LETTER], "next")
    answer = shop.ask("GET", f"{LETTERS}?limit=5&cursor=c", token=token)
    assert answer.json == {"data": [SHOWN], "nextCursor": "next"}
    assert shop.gateway.asked[-1][0] == ListDeadLetters(5, "c")


def test_replaying_and_discarding() -> None:
    shop = Shop()
    token = shop.token(ADMIN, "admin")
    shop.gateway.replies |= {ReplayDeadLetter: LETTER, DiscardDeadLetter: refusal(404, "not_found")}
    answer = shop.ask("POST", f"{LETTERS}/{ORDER}/replay", token=token, headers={"idempotency-key": "k"})
    assert (answer.status, answer.json) == (200, SHOWN)
    assert shop.gateway.submitted[0].message == ReplayDeadLetter(ORDER)
    assert shop.ask("POST", f"{LETTERS}/{uuid(1)}/discard", token=token).code == "not_found"


def test_what_is_closed_stays_closed() -> None:
    shop = Shop()
    shop.edge.close()
    shop.edge.close()
    assert shop.ask("GET", "/health/ready").status == 503
