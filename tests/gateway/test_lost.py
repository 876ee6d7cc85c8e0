"""Where a call's outcome is unknown it is sent again only with a claim, and its caller never learns of
success or failure that nobody has seen.
"""

from __future__ import annotations

import msgspec
import pytest

from tests.gateway.conftest import Rig
from tests.gateway.test_port import ADA, NOBODYS, order, placed, refusal, submit
from tradewind.apis.services import wire
from tradewind.contracts.inventory import FindProducts
from tradewind.contracts.orders import ListOrders, OrderView
from tradewind.core.model import Refused
from tradewind.core.request_queue import Kind, Outcome
from tradewind.core.store import StoreUnavailable

LOST = Outcome(Kind.DOWN, b"connection lost")
UNSENT = Outcome(Kind.DOWN, b"not sent", False)
LATE = Outcome(Kind.TIMEOUT, b"no answer in time")
BUSY = Outcome(Kind.BUSY, b"too much")


pytestmark = pytest.mark.parametrize("rig", ["wire"], indirect=True)


async def orders(rig: Rig) -> list[OrderView]:
    page = await rig.platform.ask(ListOrders(), ADA)
    return list(page.data)


@pytest.mark.parametrize("done", [True, False], ids=["done", "not done"])
async def test_with_a_claim_it_is_sent_again_and_done_once(rig: Rig, done: bool) -> None:
    await placed(rig.gateway)
    rig.queue.ends = [(LOST, done)]
    reply = await submit(rig.gateway, order(quantity=3), claim="one", fingerprint="f")
    made = msgspec.json.decode(reply.body, type=OrderView)
    assert (reply.status, reply.replayed, made.items[0].quantity) == (0, done, 3)
    assert len(await orders(rig)) == 2


@pytest.mark.parametrize("end", [LOST, LATE], ids=["lost", "late"])
async def test_without_a_claim_the_outcome_is_unknown(rig: Rig, end: Outcome) -> None:
    rig.queue.ends = [(end, True)]
    reply = await submit(rig.gateway, order())
    assert (reply.status, refusal(reply).code, refusal(reply).retry_after) == (503, "outcome_unknown", 1)
    assert rig.queue.calls == 1


async def test_what_was_lost_stays_unknown_while_the_service_is_away(rig: Rig) -> None:
    rig.queue.ends = [(UNSENT, False)] * 60 + [(LOST, False)]
    rig.gateway._write_s = 1.0  # type: ignore[attr-defined]
    reply = await submit(rig.gateway, order(), claim="one", fingerprint="f")
    assert (reply.status, refusal(reply).code) == (503, "outcome_unknown")
    assert rig.queue.calls > 2


@pytest.mark.parametrize(("end", "code"), [(UNSENT, "store_unavailable"), (BUSY, "overloaded")])
async def test_what_was_not_sent_was_not_done(rig: Rig, end: Outcome, code: str) -> None:
    rig.queue.ends = [(end, False)]
    reply = await submit(rig.gateway, order(), claim="one", fingerprint="f")
    assert (reply.status, refusal(reply).code, refusal(reply).retry_after) == (503, code, 1)


async def test_an_answer_that_cannot_be_read_is_unknown(rig: Rig) -> None:
    rig.queue.ends = [(Outcome(Kind.ANSWER, b"hello"), False)]
    reply = await submit(rig.gateway, order())
    assert (reply.status, refusal(reply).code) == (503, "outcome_unknown")


async def test_a_question_whose_answer_was_lost_is_asked_again(rig: Rig) -> None:
    rig.queue.ends = [(LOST, True)]
    assert (await rig.gateway.ask(FindProducts(ids=(NOBODYS,)))).products == ()
    assert rig.queue.calls == 2


@pytest.mark.parametrize("end", [UNSENT, LATE], ids=["unsent", "late"])
async def test_a_question_without_an_answer_is_unavailable(rig: Rig, end: Outcome) -> None:
    rig.queue.ends = [(end, False)]
    with pytest.raises(StoreUnavailable):
        await rig.gateway.ask(FindProducts(ids=(NOBODYS,)))


async def test_a_question_too_many_is_overload(rig: Rig) -> None:
    rig.queue.ends = [(BUSY, False)]
    with pytest.raises(Refused, match="overloaded"):
        await rig.gateway.ask(FindProducts(ids=(NOBODYS,)))


async def test_a_delivery_that_comes_again_without_a_claim_is_not_done(rig: Rig) -> None:
    """A service was killed after it took the request: nothing remembers whether it was done."""
    rig.queue.redelivered = True
    reply = await submit(rig.gateway, order())
    assert (reply.status, refusal(reply).code) == (503, "outcome_unknown")
    assert await orders(rig) == []


async def test_a_message_of_another_version_is_refused(rig: Rig) -> None:
    replies: list[Outcome] = []
    rig.queue.call("requests", b'"orders.place"', b'{"message":{"more":1}}', 5.0, replies.append)
    while not replies:
        await rig.gateway.ask(FindProducts())
    reply = wire.read_reply(replies[0].body)
    assert (reply.status, refusal(reply).code) == (400, "invalid_message")
