"""Every implementation of the Gateway port keeps the same promises: what an API sees does not depend on where
the services run.
"""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from tests.gateway.conftest import Rig
from tradewind.contracts.inventory import AddProduct, FindProducts, Found, GetProduct, ProductView
from tradewind.contracts.orders import (
    CancelOrder,
    GetOrder,
    GetTimeline,
    Item,
    ListOrders,
    OrderView,
    PaymentBy,
    PlaceOrder,
)
from tradewind.contracts.users import EndSession, GetMe
from tradewind.contracts.values import Price
from tradewind.core.dead_letters import DiscardDeadLetter, ListDeadLetters
from tradewind.core.gateway import Gateway, Refusal, Reply
from tradewind.core.model import Caller, Refused, Request

ADA, BOB, ADMIN = Caller("ada", "customer"), Caller("bob", "customer"), Caller("root", "admin")
NOBODYS = "0192f0c1-0000-7000-8000-000000000001"
TEA = AddProduct("TEA", "Assam", Price(1_999, "EUR"), 10)


async def submit(gateway: Gateway, message: Request, caller: Caller = ADA, **given: Any) -> Reply:
    came: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
    gateway.submit(message, caller, came.set_result, **given)
    async with asyncio.timeout(60):
        return await came


def refusal(reply: Reply) -> Refusal:
    return msgspec.json.decode(reply.body, type=Refusal)


async def placed(gateway: Gateway, **given: Any) -> Reply:
    assert (await submit(gateway, TEA, ADMIN, claim="tea", fingerprint="tea")).status == 0
    return await submit(gateway, order(), **given)


def order(sku: str = "TEA", quantity: int = 1) -> PlaceOrder:
    return PlaceOrder((Item(quantity, sku=sku),), PaymentBy("tok_ok"))


async def test_a_request_is_done_and_its_reply_is_its_view(gateway: Gateway) -> None:
    reply = await placed(gateway, trace="the trace")
    made = msgspec.json.decode(reply.body, type=OrderView)
    assert (reply.status, reply.replayed, made.status, made.customer_id) == (0, False, "PENDING", "ada")
    assert msgspec.json.encode(await gateway.ask(GetOrder(made.id), ADA)) == reply.body


async def test_a_refusal_has_the_same_bytes_everywhere(rig: Rig) -> None:
    await submit(rig.platform, TEA, ADMIN)
    there = await submit(rig.gateway, order("NONE"))
    here = await submit(rig.platform, order("NONE"))
    assert (there.status, there.body) == (here.status, here.body)
    assert (there.status, refusal(there).code) == (422, "unknown_product")


async def test_the_same_claim_is_done_once_and_answered_with_the_same_bytes(gateway: Gateway) -> None:
    first = await placed(gateway, claim="one", fingerprint="f")
    again = await submit(gateway, order(), claim="one", fingerprint="f")
    assert again == Reply(0, first.body, True)


async def test_a_refusal_that_was_claimed_is_replayed(gateway: Gateway) -> None:
    first = await submit(gateway, CancelOrder(NOBODYS), claim="gone", fingerprint="f")
    again = await submit(gateway, CancelOrder(NOBODYS), claim="gone", fingerprint="f")
    assert (first.status, again) == (404, Reply(404, first.body, True))


async def test_a_claim_of_another_body_is_refused(gateway: Gateway) -> None:
    await placed(gateway, claim="one", fingerprint="f")
    other = await submit(gateway, order(quantity=2), claim="one", fingerprint="g")
    assert (other.status, refusal(other).code) == (422, "idempotency_key_reused")


async def test_many_at_once_have_each_their_own_reply(gateway: Gateway) -> None:
    await placed(gateway)
    replies = await asyncio.gather(*[submit(gateway, order(quantity=n)) for n in range(1, 41)])
    made = [msgspec.json.decode(reply.body, type=OrderView) for reply in replies]
    assert [one.items[0].quantity for one in made] == list(range(1, 41))


async def test_a_question_is_answered_with_a_view(gateway: Gateway) -> None:
    made = msgspec.json.decode((await submit(gateway, TEA, ADMIN)).body, type=ProductView)
    assert await gateway.ask(GetProduct(made.id)) == made
    found = await gateway.ask(FindProducts(skus=("TEA", "NONE")))
    assert isinstance(found, Found) and [one.sku for one in found.products] == ["TEA"]


async def test_what_is_not_there_or_not_the_callers_is_not_found(gateway: Gateway) -> None:
    made = msgspec.json.decode((await placed(gateway)).body, type=OrderView)
    for order_id, caller in ((NOBODYS, ADA), (made.id, BOB)):
        with pytest.raises(Refused) as refused:
            await gateway.ask(GetOrder(order_id), caller)
        assert (refused.value.status, refused.value.code) == (404, "not_found")


async def test_what_no_service_here_answers_is_said_to_be_elsewhere(gateway: Gateway) -> None:
    with pytest.raises(Refused) as refused:
        await gateway.ask(GetMe(), ADA)
    assert (refused.value.status, refused.value.code) == (503, "not_here")
    misrouted = await submit(gateway, EndSession(NOBODYS), claim="elsewhere", fingerprint="f")
    assert (misrouted.status, refusal(misrouted).code) == (503, "not_here")
    assert refusal(misrouted).retry_after == 1


async def test_whoever_waits_hears_of_a_change(gateway: Gateway) -> None:
    made = msgspec.json.decode((await placed(gateway)).body, type=OrderView)
    waits = asyncio.create_task(gateway.changed(made.id, 15))
    others = asyncio.create_task(gateway.changed(NOBODYS, 0.3))
    await asyncio.sleep(0.05)
    assert (await submit(gateway, CancelOrder(made.id))).status == 0
    assert await waits
    assert not await others


async def test_overload_is_said_with_when_to_come_back(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rig.platform.processor, "put", lambda envelope: False)
    reply = await submit(rig.gateway, order())
    assert (reply.status, refusal(reply).code, refusal(reply).retry_after) == (503, "overloaded", 1)


async def test_what_is_missing_is_told(rig: Rig) -> None:
    async def tells(missing: bool) -> None:
        async with asyncio.timeout(60):
            while bool(rig.gateway.missing()) is not missing:
                await asyncio.sleep(0.02)

    await tells(False)
    rig.platform.ready = False
    await tells(True)
    assert "starting or stopping" in rig.gateway.missing()[0]
    rig.platform.ready = True
    await tells(False)


async def test_stats_are_of_every_service(gateway: Gateway) -> None:
    assert (await gateway.stats())["services"].keys() == {"inventory", "orders"}


async def test_dead_letters_are_listed_and_one_that_nobody_has_is_not_found(gateway: Gateway) -> None:
    page = await gateway.ask(ListDeadLetters(), ADMIN)
    assert (list(page.data), page.next_cursor) == ([], None)
    assert (await submit(gateway, DiscardDeadLetter(NOBODYS), ADMIN)).status == 404


async def test_what_was_not_given_is_not_given_elsewhere_either(gateway: Gateway) -> None:
    """An empty filter is no filter, though an empty text is no id."""
    await placed(gateway)
    assert len((await gateway.ask(ListOrders(), ADA)).data) == 1


async def test_a_timeline_is_of_every_service_and_for_its_owner_alone(gateway: Gateway) -> None:
    made = msgspec.json.decode((await placed(gateway)).body, type=OrderView)
    async with asyncio.timeout(60):
        while len((timeline := await gateway.ask(GetTimeline(made.id), ADA)).data) < 3:
            await asyncio.sleep(0.02)
    assert [(entry.service, entry.name) for entry in timeline.data] == [
        ("orders", "order.created"),
        ("inventory", "stock.reserved"),
        ("orders", "payment.requested"),
    ]
    assert "tok_ok" not in str(timeline.data)
    with pytest.raises(Refused):
        await gateway.ask(GetTimeline(made.id), BOB)
