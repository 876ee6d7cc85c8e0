"""Breaks everything of a blueprint, again and again, under load, and says what came of it: `python -m
tests.faults.campaign --help`.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path
from random import Random
from typing import Any

from tests.faults import ends
from tests.faults.amounts import Amounts, Contracts, Invoicing
from tests.faults.book import Book
from tests.faults.clients import Crowd
from tests.faults.deployment import Deployment, deployment
from tests.faults.events import Events
from tests.faults.graphql import Graphql
from tests.faults.rpc import Rpc
from tests.faults.system import System
from tests.faults.troubles import STORIES_S, Row, Tell, Troubles, plan, told

OPTIONS = (
    ("kills", "kill", 20),
    ("broker", "broker", 10),
    ("postgres", "postgres", 5),
    ("both", "both", 2),
    ("sleeps", "sleep", 2),
    ("connections", "connections", 2),
    ("alarms", "alarm", 2),
    ("outages", "outage", 3),
    ("rounds", "rounds", 1),
)
SYSTEMS: dict[str, type[System]] = {
    one.blueprint: one for one in (Rpc, Contracts, Invoicing, Events, Graphql)
}
WARM, PACE_S = 20, 0.02
GROWTH_MB = 20.0
LONGEST_ANSWER_S = 24.0
"""What all tries of a read may take together, by their preset, and a little more."""


def run(
    place: Deployment,
    book: Book,
    troubles: list[str],
    *,
    seed: int,
    tell: Tell,
    times: int = 1,
    first_s: float = 0.0,
) -> tuple[dict[str, Any], list[str]]:
    """The summary, and what is wrong: nothing, where all promises were kept. `first_s`: the longest that may
    pass until the first success, once the server is back; 0: as the system says.
    """
    place.system.begin(place)
    place.system.exact = not troubles
    first_s = first_s or place.system.first_s
    began, rows, wrong = time.monotonic(), list[Row](), list[str]()
    halt = threading.Event()
    how = {"book": book, "halt": halt, "seed": seed, "pace_s": PACE_S}
    crowd = Crowd(place.system.clients(place, times, how), halt)
    book.watch()
    book.back()
    book.served(WARM, 60)
    first = place.memory_mb()
    maker = Troubles(place, book, seed)
    try:
        for number, trouble in enumerate(troubles, 1):
            rows.append(maker.do(trouble))
            tell(told(number, rows[-1]))
            if rows[-1].first_s > first_s:
                wrong.append(f"the first success came after {rows[-1].first_s} s: {rows[-1]}")
            if rows[-1].stories_s > STORIES_S:
                wrong.append(f"old stories ended after {rows[-1].stories_s} s: {rows[-1]}")
            if not rows[-1].refused:
                wrong.append(f"hardly anybody was answered 503 meanwhile: {rows[-1]}")
    except AssertionError as error:
        wrong.append(str(error))
    place.system.finish()
    crowd.gather()
    loaded_s = time.monotonic() - began
    if book.slowest_s > LONGEST_ANSWER_S:
        wrong.append(f"an answer took {book.slowest_s:.1f} s: {book.slowest}")
    tell("all clients have their answers; looking at what is there")
    found = ends.look(place, book)
    last = place.memory_mb()
    if grown := [name for name, most in last.items() if most > first[name] + GROWTH_MB]:
        wrong.append(f"{grown} have grown: from {first} to {last} MB")
    code = place.stop()
    if code:
        wrong.append(f"the exit code of `up` is {code}")
    counts = found.counts | {"kills": maker.kills, "kills in the middle of a batch": maker.cuts}
    return _summary(book, rows, counts, first, last, loaded_s), [*wrong, *found.wrong]


def _summary(
    book: Book,
    rows: list[Row],
    counts: dict[str, Any],
    first: dict[str, float],
    last: dict[str, float],
    loaded_s: float,
) -> dict[str, Any]:
    by_trouble: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        by_trouble[row.trouble if "." not in row.trouble else "failpoint"].append(row.first_s)
    most = {name: max([row.memory.get(name, 0.0) for row in rows] + [last.get(name, 0.0)]) for name in first}
    return {
        "seconds_under_load": round(loaded_s, 1),
        "troubles": {name: len(times) for name, times in by_trouble.items()},
        "first_success_s": {
            name: {"median": sorted(times)[len(times) // 2], "most": max(times)}
            for name, times in by_trouble.items()
        },
        "old_stories_ended_s": max([row.stories_s for row in rows], default=0.0),
        "slowest_answer_s": round(book.slowest_s, 2),
        "slowest_answer": book.slowest,
        "longest_retry_after_s": book.longest_retry_after,
        "longest_until_known_s": round(max([wish.ended - wish.began for wish in book.wishes]), 2),
        "most_tries": max([wish.tries for wish in book.wishes]),
        "answers": dict(sorted(book.answers.items())),
        "counts": counts,
        "memory_mb": {"first": first, "most": most, "last": last},
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.campaign", description=__doc__)
    parser.add_argument("blueprint", choices=sorted(SYSTEMS))
    for option, name, default in OPTIONS:
        parser.add_argument(f"--{option}", dest=name, type=int, default=default, help=f"(default {default})")
    parser.add_argument("--pairs", type=int, default=0, help="so many of all pairs; -1: all, and each alone")
    parser.add_argument(
        "--bad", type=int, default=0, help="nothing is killed, and others send so many bad messages (amounts)"
    )
    parser.add_argument("--seed", type=int, default=20_261_121)
    parser.add_argument("--clients", type=int, default=3, help="so many times all kinds (default 3)")
    how = vars(parser.parse_args())
    seed, times, kind, bad = (
        how.pop("seed"),
        how.pop("clients"),
        SYSTEMS[how.pop("blueprint")],
        how.pop("bad"),
    )
    system = kind(bad) if issubclass(kind, Amounts) else kind()
    troubles = [] if bad else plan(Random(seed), system, **how)
    folder = Path(tempfile.mkdtemp(prefix="tradewind-campaign-"))
    print(f"seed {seed}; logs in {folder}", file=sys.stderr, flush=True)
    with deployment(folder, system) as place:
        summary, wrong = run(place, Book(system.kinds), troubles, seed=seed, tell=_tell, times=times)
    print(json.dumps({"seed": seed, "clients": times, **summary, "wrong": wrong}, indent=2))
    return 1 if wrong else 0


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
