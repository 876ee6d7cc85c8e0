"""A run ends in time whatever the target does, and a target that is lost in the middle is told and not
hammered.
"""

from __future__ import annotations

import random
import time

import pytest

from tests.testing.load.stub import serving
from tradewind.testing.load import running
from tradewind.testing.load.metrics import Metrics
from tradewind.testing.load.profiles import Profile, Stage
from tradewind.testing.load.running import Load, LoadOptions
from tradewind.testing.progress import Lines, progress

SHORT = Profile("short", "for a test", (Stage(4, 0.2), Stage(4, 0.8), Stage(0, 0.2)))


class Watching:
    def __init__(self) -> None:
        self.users: list[int] = []

    def say(self, line: str) -> None:
        raise AssertionError(line)

    def show(self, what: str, done: float, of: float, note: str = "") -> None:
        self.users.append(int(note.split()[1]))


def test_users_come_and_go() -> None:
    with serving() as stub:
        watching = Watching()
        metrics = Load(LoadOptions(SHORT, stub.url, 0.01), watching, random.Random(1)).run()
    assert (metrics.most_users, metrics.users, metrics.failed) == (4, 0, 0)
    assert watching.users.index(4) > 0 and watching.users[-1] == 0
    assert 1.2 <= metrics.seconds < 5


def test_a_target_that_is_lost_is_not_hammered(monkeypatch: pytest.MonkeyPatch) -> None:
    async def reached(url: str) -> None:
        pass

    with serving() as stub:
        url = stub.url
    monkeypatch.setattr(running, "reach", reached)
    metrics = Load(LoadOptions(SHORT, url, 0.0), Watching(), random.Random(1)).run()
    assert 4 <= metrics.requests == metrics.failed < 150
    assert set(metrics.failures) == {
        f"{what}: connection refused"
        for what in ("GET /health", "GET /api/products", "GET /api/payments", "POST /api/orders")
    }


def test_a_hanging_target_does_not_hold_the_end_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as stub:
        answer = stub.answer

        def slow(method: str, path: str, body: dict[str, object] | None, key: str) -> tuple[int, object]:
            if path == "/api/products":
                time.sleep(4)
            return answer(method, path, body, key)

        monkeypatch.setattr(stub, "answer", slow)
        monkeypatch.setattr(running, "GRACE_S", 0.3)
        metrics = Load(LoadOptions(SHORT, stub.url, 0.01), Watching(), random.Random(1)).run()
    assert metrics.seconds < 3
    assert metrics.iterations == 0


def test_lines_for_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines(every_s=0.05)
    lines.show("smoke", 1, 120)
    lines.show("smoke", 2, 120)
    assert capsys.readouterr().err == "tradewind: smoke 1 of 120\n"
    time.sleep(0.06)
    metrics = Metrics(users=2, requests=1_000, seconds=10)
    lines.show("smoke", 10, 120, f" s  {metrics.line()}")
    assert (
        capsys.readouterr().err == "tradewind: smoke 10 of 120 s  "
        "2 users  1,000 requests  100.0/s  0 orders  0.00% errors  p95 0.0 ms\n"
    )


def test_a_bar_for_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with progress() as shown:
        shown.show("smoke", 10, 20, f" s  {Metrics(users=2, requests=50, seconds=10).line()}")
        shown.say("a line between")
    told = capsys.readouterr()
    assert told.out == ""
    assert "smoke" in told.err and "2 users  50 requests  5.0/s" in told.err and "a line between" in told.err
