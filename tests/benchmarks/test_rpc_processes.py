"""What the benchmark of the blueprint rpc reads from real processes: who has which role, and what wrk
counted.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import pytest

from benchmarks.options import Options
from benchmarks.processes import Failed, Process, need
from benchmarks.rpc import subject
from benchmarks.rpc.ours import Doubled, Ours, last_line
from benchmarks.rpc.subject import Subject
from benchmarks.servers.backends import Backends
from tests.testing.load.stub import Stub, serving

SUPERVISOR = """
import subprocess, sys, time
for role in sys.argv[1:]:
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", "serve", role, "--copy", "1"])
time.sleep(60)
"""


class Supervised:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started: list[Process] = []

    def subject(self, kind: type[Ours], *roles: str) -> Ours:
        process = Process([sys.executable, "-c", SUPERVISOR, *roles], log=self.folder / "log")
        self.started.append(process)
        made = kind(Options(), self.folder, cast(Backends, None))
        made.processes.append(process)
        return made


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[Supervised]:
    made = Supervised(tmp_path)
    yield made
    for process in made.started:
        process.kill()


def settled(subject: Ours) -> dict[str, int]:
    until = time.monotonic() + 20
    while True:
        try:
            return subject.roles()
        except Failed:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def test_roles_are_told_by_command_lines(supervised: Supervised) -> None:
    subject = supervised.subject(Ours, "gateway", "orders", "inventory", "payments")
    assert set(settled(subject)) == {"gateway", "orders", "inventory", "payments"}
    memory = subject.memory()
    assert 0 < memory["pss_mb"] <= memory["rss_mb"]
    supervisor = subject.processes[0]
    assert supervisor.rss_mb() == pytest.approx(memory["rss_mb"] + supervisor.rss_mb_alone(), rel=0.1)


def test_two_copies_have_two_names(supervised: Supervised) -> None:
    subject = supervised.subject(Doubled, "gateway", "orders", "orders", "inventory", "payments")
    assert set(settled(subject)) == {"gateway", "orders", "orders-2", "inventory", "payments"}


def test_a_process_that_is_missing_is_told(supervised: Supervised) -> None:
    subject = supervised.subject(Ours, "gateway", "orders")
    time.sleep(0.5)
    with pytest.raises(Failed, match="ours: of its processes there are only"):
        subject.roles()


def test_a_skip_is_one_line() -> None:
    assert last_line("tradewind ended with 1: a\nb\nwhy\n\n") == "why"


class Stubbed(Subject):
    def __init__(self, folder: Path, stub: Stub) -> None:
        super().__init__(Options(seconds=1, connections=4, warm_up=1), folder, cast(Backends, None))
        self.port = urlsplit(stub.url).port or 0
        self.stub = stub

    def stored(self) -> int:
        return len(self.stub.orders)


@pytest.mark.skipif(shutil.which("wrk") is None, reason="needs wrk: apt-get install wrk")
def test_wrk_counts_every_status(tmp_path: Path) -> None:
    assert need("wrk", "wrk")
    with serving() as stub:
        subject = Stubbed(tmp_path, stub)
        subject.warm_up()
        assert (subject.not_201, len(stub.orders) > 10, len(set(stub.keys)) == len(stub.keys)) == (
            0,
            True,
            True,
        )
        load = subject.place(1)
        assert (load.refused, load.broken, load.other) == (0, 0, 0)
        stub.broken = ("/api/orders",)
        load = subject._counted(subject.place, 1)
        assert load.requests == load.refused == load.other == subject.not_201 > 0
    assert "COUNT_STATUS" not in os.environ


def test_the_proof_refuses_who_makes_two_of_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as stub:
        with pytest.raises(Failed, match="the same key again is another order"):
            Stubbed(tmp_path, stub).prove()
        stub.broken = ("/api/orders",)
        monkeypatch.setattr(subject, "TRIES", 2)
        monkeypatch.setattr(subject, "BETWEEN_S", 0.05)
        with pytest.raises(Failed, match="POST /api/orders answered 503"):
            Stubbed(tmp_path, stub).prove()
