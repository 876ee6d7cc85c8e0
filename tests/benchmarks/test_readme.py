"""The figures of the README are those of the newest run of each benchmark, with what they were measured
on.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import readme

MACHINE = {
    "cpu": "A CPU",
    "cores": 2,
    "fdatasync_us": 200,
    "python": "3.11.7",
    "load_before": [0.1, 0.1, 0.1],
}


def check(what: str, value: float | None, target: str, met: bool | None) -> dict[str, Any]:
    return {"what": what, "value": value, "target": target, "met": met}


def keep(folder: Path, began: str, *parts: dict[str, Any], **machine: Any) -> None:
    run = {
        "began": began,
        "machine": MACHINE | machine,
        "options": {"rounds": 3, "seconds": 10.0},
        "benchmarks": parts,
    }
    (folder / f"{began[:4]}-{parts[0]['name']}.json").write_text(json.dumps(run))


def intake(ours: float) -> dict[str, Any]:
    medians = {"tradewind": {"per_s": ours}, "limit": {"per_s": 20_000.0}, "nestjs": {"per_s": 2_000.0}}
    checks = [
        check("intake against NestJS", ours / 2_000, "≥ 4", ours >= 8_000),
        check("intake against the limit program", None, "≥ 0.5", None),
    ]
    return {"name": "intake", "medians": medians, "checks": checks}


def test_the_newest_run_of_each_counts(tmp_path: Path) -> None:
    keep(
        tmp_path,
        "2026-01-01",
        intake(1_000.0),
        {"name": "startup", "medians": {}, "checks": [check("seconds to ready", 0.4, "≤ 1", True)]},
    )
    keep(tmp_path, "2027-01-01", intake(10_000.0))
    text = readme.table(tmp_path)
    assert "| intake against NestJS, a second | 10,000 |  | 2,000 | 5 | ≥ 4 | met |" in text
    assert (
        "| intake against the limit program, a second | 10,000 | 20,000 |  | - | ≥ 0.5 | not measured |"
        in text
    )
    assert "| seconds to ready | 0.4 |  |  |  | ≤ 1 | met |" in text
    assert "2026-01-01, 2 cores (A CPU), 200 µs an fdatasync" in text
    assert "busy" not in text


def test_a_busy_machine_is_told(tmp_path: Path) -> None:
    keep(tmp_path, "2026-01-01", intake(10_000.0), load_before=[3.0, 1.0, 1.0])
    assert "The machine was busy before the start (load 3.0)" in readme.table(tmp_path)


def test_nothing_measured_is_said(tmp_path: Path) -> None:
    assert readme.table(tmp_path) == readme.NOTHING


def test_only_what_is_between_the_markers_changes() -> None:
    page = f"before\n{readme.START}\nold\n{readme.END}\nafter\n"
    once = readme.filled(page, "new | figures\n")
    assert once == f"before\n{readme.START}\nnew | figures\n{readme.END}\nafter\n"
    assert readme.filled(once, "new | figures\n") == once
    with pytest.raises(ValueError, match="figures:start"):
        readme.filled("no markers", "x")
