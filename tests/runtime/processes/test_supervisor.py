"""One crash hurts no other, what is stopped ends in order, and nothing outlives its supervisor."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

from msgspec.structs import replace

from tests.runtime.processes.conftest import Open
from tests.runtime.processes.supervised import QUICK, gone

ALL = {"gateway": "steady", "orders": "steady", "payments": "steady"}
STAGES = {"gateway": 0, "orders": 1, "payments": 2}


def test_is_up_when_all_are_ready(supervised: Open) -> None:
    run = supervised(ALL)
    assert json.loads(run.line("^up (.*)")[1]) == {name: f"http://{name}" for name in ALL}
    run.process.send_signal(signal.SIGTERM)
    assert run.end() == 0
    assert "over: clean" in run.told


def test_stops_in_order(supervised: Open) -> None:
    run = supervised({"payments": "steady", "gateway": "steady", "orders": "steady"}, STAGES)
    run.line("^up")
    run.process.send_signal(signal.SIGINT)
    assert run.end() == 0
    assert run.order() == ["gateway", "orders", "payments"]


def test_a_crash_hurts_no_other(supervised: Open) -> None:
    run = supervised(ALL)
    run.line("^up")
    for _ in range(3):
        os.kill(run.pid("orders"), signal.SIGKILL)
        run.line(r"warning: orders has ended \(killed by SIGKILL\); it is started again in 0.0 s")
        run.line("info: orders is ready again")
    assert [run.told.count(f"{name:8} | started") for name in ALL] == [1, 4, 1]
    run.process.send_signal(signal.SIGTERM)
    assert run.end() == 0


def test_who_cannot_start_stops_the_start(supervised: Open, tmp_path: Path) -> None:
    run = supervised({"gateway": "steady", "orders": "refuses"})
    assert run.end() == 1
    assert "over: orders: the broker is not there\n" in run.told
    assert "\nup" not in run.told


def test_who_dies_without_a_word_stops_the_start(supervised: Open) -> None:
    run = supervised({"gateway": "steady", "orders": "crashes"})
    assert run.end() == 1
    assert "over: orders: has ended (exit 3) before it was ready, 5 times; the log may say why" in run.told
    assert run.told.count("orders  | started") == 5


def test_a_program_that_is_not_there(supervised: Open) -> None:
    run = supervised({"gateway": "steady", "orders": "missing"})
    assert run.end() == 1
    assert "over: orders: cannot be started: No such file or directory" in run.told


def test_who_is_broken_stays_down_and_the_others_go_on(supervised: Open) -> None:
    run = supervised({"gateway": "steady", "orders": "once"})
    run.line("^up")
    os.kill(run.pid("orders"), signal.SIGKILL)
    run.line(r"error: orders stays down: has ended \(exit 3\) before it was ready, 5 times in a row")
    assert run.told.count("orders  | started") == 6
    assert run.told.count("gateway | started") == 1
    run.process.send_signal(signal.SIGTERM)
    assert run.end() == 0
    assert run.order() == ["gateway"]


def test_where_none_is_left_it_ends(supervised: Open) -> None:
    run = supervised({"orders": "once"})
    run.line("^up")
    os.kill(run.pid("orders"), signal.SIGKILL)
    assert run.end() == 1
    assert "over: no process is left" in run.told


def test_who_says_what_it_misses_is_tried_until_that_is_back(supervised: Open, tmp_path: Path) -> None:
    run = supervised({"gateway": "steady", "orders": "recovers"})
    run.line("^up")
    os.kill(run.pid("orders"), signal.SIGKILL)
    for _ in range(8):
        run.line("warning: orders the broker is not there; it is started again")
    (tmp_path / "mended").touch()
    run.line("info: orders is ready again")


def test_who_never_gets_ready_is_killed(supervised: Open) -> None:
    run = supervised({"gateway": "mute"}, patience=replace(QUICK, ready_s=0.3, tries=2))
    run.line("error: gateway is not ready after 0.3 s: killed")
    assert run.end() == 1
    assert "over: gateway: has ended (killed by SIGKILL) before it was ready, 2 times" in run.told


def test_who_is_slow_gets_ready_all_the_same(supervised: Open) -> None:
    """A start that takes longer than it may is given more the next time."""
    run = supervised({"gateway": "slow"}, patience=replace(QUICK, ready_s=0.3, tries=50))
    run.line("error: gateway is not ready after 0.3 s: killed")
    run.line("error: gateway is not ready after 0.6 s: killed")
    run.line("^up")


def test_who_does_not_end_is_killed(supervised: Open) -> None:
    run = supervised(
        {"gateway": "steady", "orders": "stubborn", "payments": "steady"}, STAGES, replace(QUICK, stop_s=0.3)
    )
    pid = run.pid("orders")
    run.line("^up")
    run.process.send_signal(signal.SIGTERM)
    assert run.end() == 1
    assert "over: orders did not end within 0.3 s and was killed" in run.told
    assert run.order() == ["gateway", "payments"]
    gone(pid)


def test_a_second_ctrl_c_does_not_wait(supervised: Open) -> None:
    run = supervised({"gateway": "stubborn", "orders": "steady"}, STAGES)
    run.line("^up")
    run.process.send_signal(signal.SIGINT)
    run.process.send_signal(signal.SIGTERM)
    assert run.end() == 1
    assert "over: stopped at once" in run.told
    assert not (run.folder / "order").exists()


def test_a_signal_during_the_start_stops_it(supervised: Open) -> None:
    run = supervised({"gateway": "mute", "orders": "steady"})
    run.pid("gateway")
    run.process.send_signal(signal.SIGTERM)
    assert run.end() == 0
    assert "\nup" not in run.told


def test_nothing_outlives_a_killed_supervisor(supervised: Open) -> None:
    run = supervised({"gateway": "steady", "orders": "steady"})
    run.line("^up")
    pids = [run.pid("gateway"), run.pid("orders")]
    run.process.send_signal(signal.SIGKILL)
    for pid in pids:
        gone(pid)
    stopped = {path.name for path in run.folder.glob("*.stopped")}
    assert len(stopped) == 2, "they stopped in order"
