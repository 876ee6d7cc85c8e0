"""`tradewind simulate`: what a person sees, and what a program reads."""

from __future__ import annotations

import msgspec
import pytest
from typer.testing import CliRunner

from tradewind.cli.app import app

from . import plants


def _simulate(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["simulate", *arguments])
    return done.exit_code, done.stdout, done.stderr


def test_it_says_what_was_lived_through() -> None:
    code, out, _ = _simulate("--seed", "3", "--schedules", "4", "--orders", "5")
    assert code == 0
    assert "Every promise was kept in 4 schedules (seeds 3 to 6)" in out
    assert "20 asked for" in out


def test_a_seed_alone_is_one_schedule_and_json_is_for_programs() -> None:
    code, out, _ = _simulate("--seed", "3", "--orders", "5", "--json")
    found = msgspec.json.decode(out)
    assert (code, found["ok"], found["schedules"], found["orders"], found["failure"]) == (0, True, 1, 5, None)


def test_a_broken_promise_is_told_with_its_seed_and_its_story(monkeypatch: pytest.MonkeyPatch) -> None:
    plants.remembers_nothing(monkeypatch)
    code, out, err = _simulate("--seed", "1", "--schedules", "20", "--orders", "10")
    assert code == 1
    assert "decided twice" in out and "What happened:" in out
    replay = err.strip().rpartition("breaks a promise: tradewind simulate ")[2].split()
    assert replay[0] == "--seed" and replay[2:] == ["--orders", "10"]
    assert _simulate(*replay)[:2] == (1, out)


def test_it_does_not_take_nonsense() -> None:
    assert _simulate("--orders", "0")[0] == 2
