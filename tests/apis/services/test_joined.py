"""What every service answers for itself is one answer to whoever asks the gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from tradewind.apis.services import wire
from tradewind.apis.services.client import ServicesGateway
from tradewind.contracts.ops import timeline_of
from tradewind.core.dead_letters import DeadLetter, DiscardDeadLetter, ListDeadLetters
from tradewind.core.gateway import Reply
from tradewind.core.model import NOBODY
from tradewind.core.request_queue import Kind, Outcome
from tradewind.core.store import StoreUnavailable


def letter(id: str) -> DeadLetter:
    return DeadLetter(id, "DEAD", "event", "order.created", "k", "{}", 4, "why", "", 1, 1, 1)


class Queues:
    """Each queue answers each operation with these bytes; one without an answer is away."""

    up, missing = True, ""

    def __init__(self, answers: dict[str, dict[str, bytes]]) -> None:
        self._answers = answers

    def call(
        self,
        queue: str,
        pattern: bytes,
        data: bytes,
        timeout_s: float,
        then: Callable[[Outcome], None],
        /,
        *,
        traceparent: str = "",
    ) -> None:
        body = self._answers[queue].get(msgspec.json.decode(pattern, type=str))
        outcome = Outcome(Kind.DOWN, b"away", False) if body is None else Outcome(Kind.ANSWER, body)
        asyncio.get_running_loop().call_soon(then, outcome)


def gateway(operation: str, *bodies: Any, status: int = 0) -> ServicesGateway:
    """Over as many services as there are bodies; None: it is away."""
    names = ("orders", "payments", "invoices")[: len(bodies)]
    answers = {
        name: {} if body is None else {operation: wire.pack_reply(status, wire.encode(body))}
        for name, body in zip(names, bodies, strict=True)
    }
    return ServicesGateway(Queues(answers), {name: name for name in names})


async def test_dead_letters_of_all_services_newest_first() -> None:
    asked = ListDeadLetters(limit=3)
    here, there = [letter("e"), letter("b")], [letter("d"), letter("c"), letter("a")]
    page = await gateway("chassis.parked", (here, None), (there, None)).ask(asked)
    assert [one.id for one in page.data] == ["e", "d", "c"] and page.next_cursor is not None
    page = await gateway("chassis.parked", (here, None), ([], None)).ask(asked)
    assert ([one.id for one in page.data], page.next_cursor) == (["e", "b"], None)
    page = await gateway("chassis.parked", ([], None), (there, "more")).ask(asked)
    assert [one.id for one in page.data] == ["d", "c", "a"] and page.next_cursor is not None


async def test_a_list_without_one_of_the_services_is_none() -> None:
    with pytest.raises(StoreUnavailable):
        await gateway("chassis.parked", ([], None), None).ask(ListDeadLetters())


async def test_the_service_that_has_the_letter_decides() -> None:
    queues = Queues(
        {
            "orders": {"chassis.discard": wire.refusal(404, "not_found")},
            "payments": {"chassis.discard": wire.pack_reply(0, b'{"id":"a"}')},
            "invoices": {"chassis.discard": wire.refusal(404, "not_found")},
        }
    )
    came: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
    over = ServicesGateway(queues, {name: name for name in ("orders", "payments", "invoices")})
    over.submit(DiscardDeadLetter("a"), NOBODY, came.set_result)
    assert await came == Reply(0, b'{"id":"a"}')


async def test_stats_are_summed() -> None:
    rows = [
        {"requestsQueued": 1, "activitiesRunning": 2, "services": {name: {"parked": 0}}}
        for name in ("orders", "payments")
    ]
    assert await gateway(wire.STATS, *rows).stats() == {
        "requestsQueued": 2,
        "activitiesRunning": 4,
        "services": {"orders": {"parked": 0}, "payments": {"parked": 0}},
    }


def test_no_event_comes_before_its_cause() -> None:
    """The clock of one process may be behind that of another, and ids rise with it."""

    def told(id: str, service: str, cause: str) -> Any:
        return service, (1, id, "name", "key", "{}", cause, "trace", 1)

    events = [
        told("1", "payments", "2"),
        told("2", "orders", "0"),
        told("3", "orders", "1"),
        told("0", "orders", ""),
    ]
    assert [entry.id for entry in timeline_of(events).data] == ["0", "2", "1", "3"]
