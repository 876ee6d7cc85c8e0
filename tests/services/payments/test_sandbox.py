"""Every token does what the manual says, and the same key is the same charge."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.services.payments.shop import DEADLINE, START, FakeTime, order, sandbox
from tradewind.core.api import Front
from tradewind.drivers.http.client import PooledClient
from tradewind.runtime.processes.fronts import http_server
from tradewind.services.payments.provider.port import (
    KeyReused,
    NoAnswer,
    Provider,
    ProviderDown,
    RefundTooLarge,
    State,
)
from tradewind.services.payments.provider.remote import RemoteProvider
from tradewind.services.payments.provider.server import NOTHING, ProviderServer


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture(params=["here", "over HTTP"])
async def provider(request: pytest.FixtureRequest, tmp_path: Path, time: FakeTime) -> AsyncIterator[Provider]:
    """In this process, or behind its server: who calls it cannot tell."""
    provider: Provider = sandbox(tmp_path / "provider.db", time)
    if request.param == "here":
        yield provider
    else:
        front = Front(handler=ProviderServer(provider), unanswered=NOTHING)
        server = http_server(front)
        await server.start("127.0.0.1", 0)
        remote = RemoteProvider(f"http://127.0.0.1:{server.port}", PooledClient())
        yield remote
        await remote.close()
        await server.stop(1.0)
    await provider.close()


async def test_an_unknown_key_is_unknown(provider: Provider) -> None:
    assert (await provider.find("pay-1")).state is State.UNKNOWN


async def test_ok_charges_once(provider: Provider) -> None:
    first = await provider.charge(order("tok_ok"))
    assert first.state is State.CHARGED
    assert first.charge_id.startswith("ch_")
    assert await provider.charge(order("tok_ok")) == first == await provider.find("pay-1")


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("tok_declined", "card_declined"),
        ("tok_insufficient_funds", "insufficient_funds"),
        ("tok_mine", "unknown_token"),
        ("", "unknown_token"),
    ],
)
async def test_declined_with_its_reason_for_good(provider: Provider, token: str, code: str) -> None:
    first = await provider.charge(order(token))
    assert (first.state, first.code, first.charge_id) == (State.DECLINED, code, "")
    assert await provider.charge(order(token)) == first == await provider.find("pay-1")
    assert (await provider.void("pay-1")).state is State.DECLINED


async def test_error_then_ok_fails_twice_per_key(provider: Provider) -> None:
    for key in ("pay-1", "pay-2"):
        for _ in range(2):
            with pytest.raises(ProviderDown):
                await provider.charge(order("tok_error_then_ok", key))
            assert (await provider.find(key)).state is State.UNKNOWN
        assert (await provider.charge(order("tok_error_then_ok", key))).state is State.CHARGED


async def test_charged_no_answer_hangs_until_the_deadline_and_has_charged(
    provider: Provider, time: FakeTime
) -> None:
    with pytest.raises(NoAnswer):
        await provider.charge(order("tok_charged_no_answer"))
    assert time.slept == [1.0]
    found = await provider.find("pay-1")
    assert found.state is State.CHARGED
    assert await provider.charge(order("tok_charged_no_answer")) == found


async def test_no_answer_has_not_charged_and_the_second_call_does(provider: Provider, time: FakeTime) -> None:
    with pytest.raises(NoAnswer):
        await provider.charge(order("tok_no_answer"))
    assert time.slept == [1.0]
    assert (await provider.find("pay-1")).state is State.UNKNOWN
    assert (await provider.charge(order("tok_no_answer"))).state is State.CHARGED


async def test_slow_takes_two_seconds(provider: Provider, time: FakeTime) -> None:
    assert (await provider.charge(order("tok_slow"))).state is State.CHARGED
    assert time.slept == [2.0]


async def test_slow_charges_also_when_its_caller_has_gone(provider: Provider, time: FakeTime) -> None:
    time.hold()
    call = asyncio.create_task(provider.charge(order("tok_slow")))
    await time.asleep.wait()
    call.cancel()
    assert (await provider.find("pay-1")).state is State.PENDING
    await time.pass_by(2)
    assert (await provider.find("pay-1")).state is State.CHARGED


async def test_webhook_is_pending_for_a_second(provider: Provider, time: FakeTime) -> None:
    assert (await provider.charge(order("tok_webhook"))).state is State.PENDING
    time.now = START + 999
    assert (await provider.find("pay-1")).state is State.PENDING
    time.now = START + 1_000
    assert (await provider.charge(order("tok_webhook"))).state is State.CHARGED


async def test_never_arrives_after_the_deadline_and_cannot_be_stopped(
    provider: Provider, time: FakeTime
) -> None:
    assert (await provider.charge(order("tok_never"))).state is State.PENDING
    time.now = DEADLINE + 999
    assert (await provider.void("pay-1")).state is State.PENDING
    time.now = DEADLINE + 1_000
    assert (await provider.void("pay-1")).state is State.CHARGED
    assert (await provider.refund("pay-1", "refund-1", 1_999)).refunded == 1_999


async def test_void_stops_what_is_not_charged_yet(provider: Provider, time: FakeTime) -> None:
    await provider.charge(order("tok_webhook"))
    assert (await provider.void("pay-1")).state is State.VOIDED
    time.now += 10_000
    late = await provider.charge(order("tok_webhook"))
    assert (late.state, late.code) == (State.DECLINED, "voided")
    assert (await provider.find("pay-1")).state is State.VOIDED


async def test_void_may_come_before_the_charge(provider: Provider) -> None:
    assert (await provider.void("pay-1")).state is State.VOIDED
    late = await provider.charge(order("tok_charged_no_answer", amount=5))
    assert (late.state, late.code) == (State.DECLINED, "voided")
    await provider.charge(order("tok_ok", "pay-2"))
    assert (await provider.void("pay-2")).state is State.CHARGED


async def test_a_key_is_one_amount_in_one_currency(provider: Provider) -> None:
    await provider.charge(order("tok_ok"))
    for other in (order("tok_ok", amount=2_000), order("tok_ok", currency="USD")):
        with pytest.raises(KeyReused):
            await provider.charge(other)


async def test_refunds_up_to_the_charge_and_each_once(provider: Provider) -> None:
    await provider.charge(order("tok_ok"))
    assert (await provider.refund("pay-1", "refund-1", 1_000)).refunded == 1_000
    assert (await provider.refund("pay-1", "refund-1", 1_000)).refunded == 1_000
    with pytest.raises(RefundTooLarge):
        await provider.refund("pay-1", "refund-2", 1_000)
    with pytest.raises(KeyReused):
        await provider.refund("pay-1", "refund-1", 999)
    with pytest.raises(RefundTooLarge):
        await provider.refund("nobody", "refund-3", 1)
    with pytest.raises(ValueError, match="more than nothing"):
        await provider.refund("pay-1", "refund-4", 0)
    assert (await provider.refund("pay-1", "refund-5", 999)).refunded == 1_999
