"""Writes the newest figures into README.md and docs/blueprints/rpc.md, between their markers, so that no
figure there was ever typed by hand.

`python -m benchmarks.readme` takes of each benchmark the newest result in `results/`, with the machine and
the date beside it. Those of `rpc` have a page of their own, as they compare other systems.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.cases import CASES
from benchmarks.paths import RESULTS, ROOT
from benchmarks.report import number
from benchmarks.rpc import page

START, END = "<!-- figures:start -->", "<!-- figures:end -->"
RPC_START, RPC_END = "<!-- figures:rpc:start -->", "<!-- figures:rpc:end -->"
NOTHING = (
    "No run is kept in this checkout yet: `./dev bench` measures, `./dev run python -m "
    "benchmarks.readme` writes the table here."
)
HEAD = ("figure", "Tradewind", "limit program", "NestJS peer", "ratio", "target", "")
# of the benchmarks whose checks compare servers: the figure that is compared, by server where their names for
# it differ
RATES = {"intake": "per_s", "stories": "stories_per_s", "reads": "per_s", "growth": "per_s"}
VERDICTS = {True: "met", False: "missed", None: "not measured"}
BUSY = 0.5  # per core: then a rate says little


def newest(results: Path) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """By benchmark, in their order: the newest run of it, and its part of that run."""
    found: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}
    for run in sorted(
        [json.loads(path.read_text()) for path in results.glob("*.json")], key=lambda run: str(run["began"])
    ):
        found |= {part["name"]: (run, part) for part in run["benchmarks"]}
    return {name: found[name] for name in CASES if name in found}


def rows(name: str, part: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    """A line for each check."""
    medians, rate = part["medians"], RATES.get(name)
    for check in part["checks"]:
        target, verdict = check["target"], check.get("why") or VERDICTS[check["met"]]
        if rate is None:
            yield check["what"], number(check["value"]), "", "", "", target, verdict
            continue
        ours = medians.get("tradewind", medians.get("large", {})).get(rate)
        against_peer = "NestJS" in check["what"]
        other = (
            medians.get("nestjs", {}).get("per_s")
            if against_peer
            else medians.get("limit", medians.get("small", {})).get(rate)
        )
        cells = (number(other), "") if not against_peer else ("", number(other))
        yield f"{check['what']}, a second", number(ours), *cells, number(check["value"]), target, verdict


def table(results: Path) -> str:
    found = {name: run for name, run in newest(results).items() if name != "rpc"}
    if not found:
        return NOTHING
    lines = ["| " + " | ".join(HEAD) + " |", "|" + "---|" * len(HEAD)]
    lines += ["| " + " | ".join(row) + " |" for name, (_, part) in found.items() for row in rows(name, part)]
    runs = {run["began"]: run for run, _ in found.values()}
    return "\n".join([*lines, "", *(about(run) for run in runs.values())])


def rpc_table(results: Path) -> str:
    found = newest(results).get("rpc")
    if found is None:
        return NOTHING.replace("bench`", "bench rpc`")
    run, part = found
    return f"{page.table(part)}\n\n{about(run)}"


def about(run: Mapping[str, Any]) -> str:
    """Where and when: a rate without its machine says nothing."""
    machine, names = run["machine"], ", ".join(part["name"] for part in run["benchmarks"])
    load = machine["load_before"][0]
    busy = load > BUSY * machine["cores"]
    caveat = (
        f" **The machine was busy before the start (load {load:.1f}): these are no figures to quote.**"
        if busy
        else ""
    )
    return (
        f"{names}: {run['began'][:10]}, {machine['cores']} cores ({machine['cpu']}), "
        f"{machine['fdatasync_us']} µs an fdatasync, "
        f"Python {machine['python']}, {run['options']['rounds']} rounds of {run['options']['seconds']:g} "
        f"s.{caveat}\n"
    )


def filled(text: str, figures: str, start: str = START, end: str = END) -> str:
    """The page with these figures. Errors: ValueError for a page without the markers."""
    found = re.search(f"{re.escape(start)}.*?{re.escape(end)}", text, re.DOTALL)
    if found is None:
        raise ValueError(f"the page has no {start} … {end}")
    return text[: found.start()] + f"{start}\n{figures.strip()}\n{end}" + text[found.end() :]


def main() -> int:
    figures, rpc = table(RESULTS), rpc_table(RESULTS)
    path = ROOT / "README.md"
    path.write_text(filled(path.read_text(), figures))
    path = ROOT / "docs" / "blueprints" / "rpc.md"
    path.write_text(filled(path.read_text(), rpc, RPC_START, RPC_END))
    print(figures)
    return 0 if figures != NOTHING else 1


if __name__ == "__main__":
    sys.exit(main())
