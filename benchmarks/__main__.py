"""The command: picks the benchmarks, runs them one after the other, prints tables, writes the result."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import types
from dataclasses import replace
from datetime import UTC, datetime

from benchmarks import machine, report, versions
from benchmarks.bench import Bench, Outcome
from benchmarks.cases import CASES, LONG
from benchmarks.cases.rpc import PARTS
from benchmarks.options import Options
from benchmarks.paths import CACHE, ROOT
from benchmarks.processes import Failed, Missing, commands, need
from benchmarks.servers.backends import Backends

USUAL = Options()
BUSY = 0.5


def parsed(arguments: list[str] | None = None) -> tuple[list[str], Options]:
    about = (
        f"Runs benchmarks one after the other; without names all but {', '.join(LONG)}. A missed "
        f"target does not fail the run."
    )
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=about)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(CASES))
    parser.add_argument(
        "--rounds", type=int, default=USUAL.rounds, help="rounds of each server, in turn (%(default)s)"
    )
    parser.add_argument(
        "--seconds", type=float, default=USUAL.seconds, help="length of a round (%(default)s)"
    )
    parser.add_argument("--warm-up", type=float, help="seconds, instead of each server's own")
    parser.add_argument(
        "--connections", type=int, default=USUAL.connections, help="of the closed loop (%(default)s)"
    )
    parser.add_argument(
        "--rate", type=float, help="orders a second of an open loop, instead of the benchmark's own"
    )
    parser.add_argument("--minutes", type=float, default=USUAL.minutes, help="soak: its length (%(default)s)")
    parser.add_argument("--orders", type=int, default=USUAL.orders, help="memory: how many (%(default)s)")
    parser.add_argument(
        "--large", type=int, default=USUAL.large, help="growth: orders in the large shop (%(default)s)"
    )
    parser.add_argument(
        "--unfinished",
        type=int,
        default=USUAL.unfinished,
        help="restart: open stories at the kill (%(default)s)",
    )
    parser.add_argument(
        "--without",
        action="append",
        default=[],
        metavar="SERVER",
        help="leave out tradewind, limit or nestjs",
    )
    parser.add_argument(
        "--only",
        default="",
        metavar="PARTS",
        help=f"rpc, contracts, graphql: some of {','.join(PARTS)}; the result goes to .bench/results",
    )
    parser.add_argument(
        "--self",
        action="store_true",
        dest="against_itself",
        help="every server against a second one of its kind, which must be 1 within 15 %% in rates and "
        "CPU; says which p99 can be measured; the result goes to .bench/results",
    )
    parser.add_argument(
        "--against",
        default="",
        metavar="COMMIT",
        help="Tradewind of this checkout against that of another commit, which is built in "
        ".bench/versions; the result goes to .bench/results",
    )
    parser.add_argument(
        "--pin",
        action="store_true",
        help="the load generator gets the last core for itself, the servers the others",
    )
    parser.add_argument("--keep", action="store_true", help="keep data and logs in .bench/")
    chosen = vars(parser.parse_args(arguments))
    names = chosen.pop("names") or [name for name in CASES if name not in LONG]
    for name in names:
        if name not in CASES:
            parser.error(f"no benchmark {name!r}; there are {', '.join(CASES)}")
    if chosen["against_itself"] and chosen["against"]:
        parser.error("--self and --against are two different runs")
    only = tuple(part for part in chosen["only"].split(",") if part)
    for part in only:
        if part not in PARTS:
            parser.error(f"--only {part}: there are {', '.join(PARTS)}")
    return names, Options(**chosen | {"without": tuple(chosen["without"]), "only": only})


def main() -> int:
    names, options = parsed()
    try:
        need("wrk", "wrk")
        if options.against:
            options = replace(options, before=str(versions.built(options.against)))
    except (Missing, Failed) as missing:
        print(f"benchmarks: {missing}", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, ended)
    began, folder = datetime.now(UTC), CACHE / f"run-{os.getpid()}"
    backends = Backends(folder / "backends", options.server_cores)
    facts, outcomes, red = machine.facts(folder), dict[str, Outcome](), 0
    if os.getloadavg()[0] > BUSY:
        print(
            f"benchmarks: this machine is busy (load {os.getloadavg()[0]:.1f}): rates will be low, "
            f"ratios unfair",
            file=sys.stderr,
        )
    try:
        for name in names:
            with Bench(name, options, folder, outcomes, backends) as bench:
                outcomes[name] = bench.outcome
                try:
                    CASES[name](bench)
                    if options.twin:
                        bench.judge_pairs()
                except Failed as failure:
                    bench.outcome.notes.append(f"FAILED: {failure}")
                    red = 1
            print(report.show(bench.outcome), flush=True)
    finally:
        backends.stop()
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
    path = report.write(list(outcomes.values()), options, facts, commands, began)
    print(f"\n{path.relative_to(ROOT)}")
    return red


def ended(_: int, __: types.FrameType | None) -> None:
    sys.exit(143)  # servers are stopped on the way out


if __name__ == "__main__":
    sys.exit(main())
