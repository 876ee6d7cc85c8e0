"""Whatever the gateway or the store does, a message is answered once, in the caller's language, and the
status says whether to try again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.apis.rpc.queues.support import Asked
from tests.apis.rpc.validator.cases import ORDER, UUID
from tradewind.apis.rpc.queues import Values, order_handlers
from tradewind.core.gateway import Reply
from tradewind.core.model import NOBODY, Caller, Query, Refused, Request
from tradewind.core.store import StoreUnavailable
from tradewind.engine.inbox import refusal

DE, EN = (
    "Der Dienst ist nicht erreichbar, bitte später erneut versuchen",
    "The service is unavailable, try again later",
)


class Gateway:
    """Does to every message what it is told to."""

    def __init__(self, comes: Any) -> None:
        self.comes, self.seen = comes, list[dict[str, Any]]()

    def submit(self, message: Request, caller: Caller, deliver: Callable[[Reply], None], **how: Any) -> None:
        self.seen.append(how)
        if isinstance(self.comes, Exception):
            raise self.comes
        deliver(self.comes)

    async def ask(self, query: Query, caller: Caller = NOBODY, **how: Any) -> Any:
        if self.comes is None:
            await asyncio.sleep(60)
        if isinstance(self.comes, Exception):
            raise self.comes
        return self.comes


def asked(comes: Any) -> Asked:
    return Asked(order_handlers(Gateway(comes), Values("EUR", answer_s=0.05)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("reply", "status", "says"),
    [
        (refusal(503, "overloaded"), 503, EN),
        (refusal(503, "store_unavailable"), 503, EN),
        (refusal(503, "brand_new"), 503, EN),
        (refusal(409, "request_in_progress"), 409, "A request with this idempotency key is still running"),
        (refusal(422, "unknown_product"), 422, "A product of the order does not exist"),
        (refusal(409, "brand_new"), 409, "The request was refused"),
        (refusal(500, "internal_error"), 500, "Internal server error"),
        (Reply(0, b"not what a service says"), 500, "Internal server error"),
        (Reply(409, b"nor this"), 500, "Internal server error"),
        (OSError("a bug"), 500, "Internal server error"),
    ],
)
async def test_a_write_that_fails(reply: Any, status: int, says: str) -> None:
    assert await asked(reply).err("create_order", {"dto": ORDER}) == {"message": says, "statusCode": status}


@pytest.mark.parametrize(
    ("error", "status", "says"),
    [
        (StoreUnavailable("gone"), 503, DE),
        (None, 503, DE),
        (Refused("not_here", 503), 503, DE),
        (OSError("a bug"), 500, "Interner Serverfehler"),
        (object(), 500, "Interner Serverfehler"),
    ],
)
async def test_a_read_that_fails(error: Any, status: int, says: str) -> None:
    assert await asked(error).err("get_order_by_id", {"id": UUID, "lang": "de"}) == {
        "message": says,
        "statusCode": status,
    }


async def test_the_door_is_told_who_asks_and_whether_it_may_have_asked_before() -> None:
    gateway = Gateway(refusal(503, "overloaded"))
    handlers = Asked(order_handlers(gateway, Values("EUR")))  # type: ignore[arg-type]
    for message_id, redelivered, key in (
        ("m1", False, ""),
        ("m1", True, ""),
        ("m2", False, ""),
        ("m1", False, "k"),
        ("m9", True, "k"),
    ):
        await handlers.packet(
            "create_order", {"dto": ORDER, "idempotencyKey": key}, message_id, redelivered=redelivered
        )
    claims = [how["claim"] for how in gateway.seen]
    assert claims[0] == claims[1] != claims[2] and claims[3] == claims[4] and len(set(claims)) == 3
    assert len({how["fingerprint"] for how in gateway.seen}) == 1
    assert [how["again"] for how in gateway.seen] == [False, True, False, False, True]


@pytest.mark.parametrize(
    "data", [b"[" * 5_000, b'{"dto":' + b"[" * 5_000, b"\xff", b'{"dto":{}', b'"\\ud800"']
)
async def test_poison_is_answered(data: bytes) -> None:
    for pattern in ("create_order", "get_order_by_id", "get_orders"):
        assert (await asked(Refused("not_found", 404)).err(pattern, data))["statusCode"] == 400
