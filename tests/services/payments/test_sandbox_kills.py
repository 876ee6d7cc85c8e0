"""A killed provider has done what it answered, and what it did not answer can be asked for."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.services.payments.shop import FakeTime, sandbox
from tradewind.services.payments.provider.ledger import entries
from tradewind.services.payments.provider.port import State

PROGRAM = """
import asyncio, random, sys, time
from tradewind.core import failpoints
from tradewind.services.payments.provider.port import Charge
from tradewind.services.payments.provider.sandbox import Sandbox
path, token, fail, callers = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
async def caller(provider, n):
    for m in range(10**9):
        await provider.charge(Charge(f"pay-{n}-{m}", 7, "EUR", token, 0))
        print(f"pay-{n}-{m}", flush=True)
async def main():
    provider = Sandbox(path, clock=lambda: time.time_ns() // 1_000_000, random=random.Random())
    await asyncio.gather(*(caller(provider, n) for n in range(callers)))
failpoints.arm(fail)
asyncio.run(main())
"""


@pytest.mark.parametrize("token", ["tok_ok", "tok_charged_no_answer"])
def test_killed_between_commit_and_answer(tmp_path: Path, token: str) -> None:
    path = tmp_path / "provider.db"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path), token, "provider.done:1:kill", "1"],
        capture_output=True,
        timeout=120,
    )
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, b"")
    assert next(entries(path)).charges == 1

    async def ask_again() -> State:
        provider = sandbox(path, FakeTime())
        found = await provider.find("pay-0-0")
        await provider.close()
        return found.state

    assert asyncio.run(ask_again()) is State.CHARGED


def test_killed_under_load_every_answer_was_on_disk(tmp_path: Path) -> None:
    path, out = tmp_path / "provider.db", tmp_path / "answered"
    with out.open("wb") as file:
        child = subprocess.Popen([sys.executable, "-c", PROGRAM, str(path), "tok_ok", "", "30"], stdout=file)
        try:
            until = time.monotonic() + 30
            while out.stat().st_size < 10_000 and child.poll() is None and time.monotonic() < until:
                time.sleep(0.01)
        finally:
            child.kill()
        assert child.wait() == -signal.SIGKILL
    answered = out.read_text().rsplit("\n", 1)[0].split("\n")
    charged = {entry.key for entry in entries(path) if entry.charges == 1 and entry.taken == 7}
    assert len(answered) > 100
    assert charged.issuperset(answered)
