"""The same seed is the same day: without that, the seed of a failure is worth nothing."""

from __future__ import annotations

import os
import subprocess
import sys

import msgspec

from tradewind.testing.simulation.disk import Disk
from tradewind.testing.simulation.schedule import run


def test_a_seed_replays_its_schedule(disk: Disk) -> None:
    digests = [run(seed, 8, disk).digest for seed in range(30)]
    again = [run(seed, 8, disk).digest for seed in reversed(range(30))]
    assert digests == again[::-1]
    assert len(set(digests)) == 30


def test_an_old_disk_and_a_new_one_tell_the_same(disk: Disk) -> None:
    assert run(7, 20, disk).digest == run(7, 20, Disk()).digest


def _simulated(hash_seed: str) -> tuple[str, dict[str, int]]:
    command = [
        sys.executable,
        "-m",
        "tradewind",
        "simulate",
        "--seed",
        "400",
        "--schedules",
        "15",
        "--orders",
        "10",
        "--json",
    ]
    done = subprocess.run(
        command,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr.decode()
    found = msgspec.json.decode(done.stdout)
    return found["digest"], found["counts"]


def test_neither_the_process_nor_its_hashes_matter() -> None:
    assert _simulated("1") == _simulated("2")
