"""Keeps a run: one JSON file with the machine, the commands, all rounds, medians and ratios, and the same as
a table for the eye.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.bench import Outcome
from benchmarks.options import Options
from benchmarks.paths import PARTIAL, RESULTS

WIDE = 12  # figures: then they stand below each other, and the subjects beside


def write(
    outcomes: Sequence[Outcome],
    options: Options,
    machine: dict[str, object],
    commands: Sequence[str],
    began: datetime,
) -> Path:
    """A run of parts is no result to show: it goes to the folder that is not kept."""
    folder = PARTIAL if options.only or options.twin else RESULTS
    folder.mkdir(parents=True, exist_ok=True)
    names = "-".join(outcome.name for outcome in outcomes)
    path = folder / (
        f"{names}.json" if names in ("rpc", "contracts") else f"{began:%Y%m%dT%H%M%SZ}-{names}.json"
    )
    found = {
        "began": began.isoformat(timespec="seconds"),
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine,
        "options": {name: getattr(options, name) for name in options.__dataclass_fields__},
        "commands": list(commands),
        "benchmarks": [rounded(outcome.as_dict()) for outcome in outcomes],
    }
    path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    return path


def rounded(value: object) -> object:
    if isinstance(value, float):
        return float(f"{value:.5g}") if abs(value) < 1e5 else round(value)
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items()}
    return [rounded(inner) for inner in value] if isinstance(value, list | tuple) else value


def show(outcome: Outcome) -> str:
    lines = [f"\n{outcome.name}"]
    figures = list(dict.fromkeys(name for found in outcome.medians.values() for name in found))
    if len(figures) > WIDE:
        found = outcome.medians.values()
        lines += table(
            ["median of rounds", *outcome.medians],
            [[name, *(number(f.get(name)) for f in found)] for name in figures],
        )
    elif figures:
        rows = [
            [subject, *(number(found.get(name)) for name in figures)]
            for subject, found in outcome.medians.items()
        ]
        lines += table(["median of rounds", *figures], rows)
    if outcome.checks:
        verdicts = {True: "met", False: "MISSED", None: "not measured"}
        lines += table(
            ["target", "found", "wanted", ""],
            [[c.what, number(c.value), c.target, c.why or verdicts[c.met]] for c in outcome.checks],
        )
    lines += [f"  skipped: {text}" for text in outcome.skipped]
    lines += [f"  note: {text}" for text in outcome.notes]
    return "\n".join(lines)


def number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    rows = [head, *rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    return [
        "  "
        + "  ".join(
            [row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))]
        )
        for row in rows
    ]
