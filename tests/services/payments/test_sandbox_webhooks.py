"""What comes later is told later: signed, with the same id each time, until somebody listens or ten attempts
are over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from time import time_ns
from typing import Any

import msgspec
import pytest

from tests.services.payments.shop import DEADLINE, START, FakeTime, order, quiet, sandbox
from tradewind.services.payments.provider.port import State
from tradewind.services.payments.provider.sandbox import Sandbox
from tradewind.services.payments.provider.signatures import verify

SECRET = b"a secret of the sandbox"


class Receiver:
    """Answers as told, then with True for ever."""

    def __init__(self, time: FakeTime, answers: Sequence[bool | Exception] = ()) -> None:
        self.time, self.answers = time, list(answers)
        self.heard: list[tuple[int, dict[str, Any]]] = []
        self.ids: list[str] = []

    async def __call__(self, body: bytes, headers: dict[str, str]) -> bool:
        id, timestamp = headers["webhook-id"], headers["webhook-timestamp"]
        verify([SECRET], id, timestamp, body, headers["webhook-signature"], self.time.now, tolerance_s=0)
        self.heard.append((self.time.now - START, msgspec.json.decode(body)))
        self.ids.append(id)
        answer = self.answers.pop(0) if self.answers else True
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def time() -> FakeTime:
    time = FakeTime()
    time.hold()
    return time


def running(time: FakeTime, receiver: Receiver, path: Path | str = ":memory:") -> Sandbox:
    provider = sandbox(path, time, deliver=receiver, secret=SECRET, commit_inline=True)
    provider.start()
    return provider


async def test_webhook_comes_after_a_second_and_once_and_not_for_what_was_voided(time: FakeTime) -> None:
    receiver = Receiver(time)
    provider = running(time, receiver)
    charge = await provider.charge(order("tok_webhook"))
    await provider.charge(order("tok_ok", "silent"))
    await provider.charge(order("tok_webhook", "voided"))
    await provider.void("voided")
    await time.pass_by(0.999)
    assert receiver.heard == []
    await time.pass_by(600)
    assert receiver.heard == [
        (1_000, {"type": "charge.succeeded", "key": "pay-1", "chargeId": charge.charge_id, "amount": 1_999})
    ]
    await provider.close()


async def test_never_is_told_a_second_after_the_deadline(time: FakeTime) -> None:
    receiver = Receiver(time)
    provider = running(time, receiver)
    await provider.charge(order("tok_never"))
    await time.pass_by(3_600)
    assert [at for at, _ in receiver.heard] == [DEADLINE + 1_000 - START]
    assert (await provider.find("pay-1")).state is State.CHARGED
    await provider.close()


async def test_told_again_with_longer_pauses_until_somebody_listens(time: FakeTime) -> None:
    receiver = Receiver(time, [False, OSError("refused"), False, ValueError("a bug of the receiver")])
    provider = running(time, receiver)
    await provider.charge(order("tok_webhook"))
    await time.pass_by(3_600)
    moments = [at for at, _ in receiver.heard]
    pauses = [after - before for before, after in pairwise(moments)]
    assert len(moments) == 5
    assert pauses == sorted(pauses)
    assert 400 <= pauses[0] <= 600
    assert len(set(receiver.ids)) == 1
    await provider.close()


async def test_given_up_after_ten_attempts(time: FakeTime, caplog: pytest.LogCaptureFixture) -> None:
    receiver = Receiver(time, [False] * 100)
    provider = running(time, receiver)
    await provider.charge(order("tok_webhook"))
    await time.pass_by(24 * 3_600)
    assert len(receiver.heard) == 10
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    await provider.close()


async def test_a_restart_still_owes_its_webhooks(tmp_path: Path, time: FakeTime) -> None:
    path, deaf, receiver = tmp_path / "provider.db", Receiver(time, [False] * 100), Receiver(time)
    provider = running(time, deaf, path)
    await provider.charge(order("tok_webhook"))
    await time.pass_by(1)
    await provider.charge(order("tok_webhook", "pay-2"))
    await provider.close()
    time.now += 5_000
    provider = running(time, receiver, path)
    await quiet()
    assert {(at, body["key"]) for at, body in receiver.heard} == {(6_000, "pay-1"), (6_000, "pay-2")}
    assert deaf.ids[0] in receiver.ids
    await provider.close()


async def test_a_charge_found_before_its_time_is_noticed_is_told_too(time: FakeTime) -> None:
    receiver = Receiver(time)
    provider = running(time, receiver)
    await provider.charge(order("tok_webhook"))
    time.now += 1_500
    assert (await provider.find("pay-1")).state is State.CHARGED
    await quiet()
    assert len(receiver.heard) == 1
    await provider.close()


async def test_on_the_real_clock_and_disk(tmp_path: Path) -> None:
    told = asyncio.Event()

    async def deliver(body: bytes, headers: dict[str, str]) -> bool:
        told.set()
        return True

    real = {"sleep": asyncio.sleep, "clock": lambda: time_ns() // 1_000_000}
    provider = sandbox(tmp_path / "provider.db", FakeTime(), deliver=deliver, **real)
    provider.start()
    await provider.charge(order("tok_webhook"))
    async with asyncio.timeout(60):
        await told.wait()
    await provider.close()


async def test_webhooks_need_a_secret() -> None:
    with pytest.raises(ValueError, match="secret"):
        sandbox(":memory:", FakeTime(), deliver=Receiver(FakeTime()), secret=b"")
