"""Runs the whole shop on virtual time, with faults drawn from a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from .common import Json, fail, show

if TYPE_CHECKING:
    from ..testing.simulation.campaign import Campaign
    from ..testing.simulation.schedule import Result

SCHEDULES = 100
Seed = Annotated[
    int | None,
    typer.Option("--seed", metavar="N", min=0, help="Replay this schedule; with --schedules, begin with it."),
]
Schedules = Annotated[
    int | None, typer.Option("--schedules", metavar="N", min=1, help=f"How many days to live ({SCHEDULES}).")
]
Orders = Annotated[int, typer.Option("--orders", metavar="N", min=1, max=1_000, help="Orders a day.")]


def simulate(seed: Seed = None, schedules: Schedules = None, orders: Orders = 20, json: Json = False) -> None:
    """Live days of the whole shop with crashes, lost messages and a bad provider, and check every promise
    after each.

    All of it is drawn from a seed: the seed of a failure replays it. Exit code 0: every promise kept; 1: one
    broken.

    Example: tradewind simulate --schedules 500
    """
    from ..core.clock import SystemClock

    if schedules is None:
        schedules = SCHEDULES if seed is None else 1
    if seed is None:
        seed = SystemClock().random.randrange(1_000_000_000)
    done = _run(seed, schedules, orders, json)
    if json:
        show(done)
    elif done.failure is None:
        print(_summary(done))
    if done.failure is not None:
        if not json:
            print(_story(done.failure))
        fail(
            f"seed {done.failure.seed} breaks a promise: tradewind simulate --seed {done.failure.seed} "
            f"--orders {orders}"
        )


def _run(seed: int, schedules: int, orders: int, quiet: bool) -> Campaign:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from ..testing.simulation.campaign import campaign

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(
        *columns, console=Console(stderr=True), transient=True, disable=quiet or schedules == 1
    ) as progress:
        bar = progress.add_task("days of the shop", total=schedules)
        return campaign(seed, schedules, orders, told=lambda result: progress.advance(bar))


def _summary(done: Campaign) -> str:
    counts = done.counts

    def total(*beginnings: str) -> int:
        return sum([times for what, times in counts.items() if what.startswith(beginnings)])

    ends = ", ".join(
        f"{counts.get(f'order {status}', 0):,} {status.lower()}"
        for status in ("CONFIRMED", "FAILED", "CANCELLED")
    )
    first, last = done.first_seed, done.first_seed + done.schedules - 1
    seeds = (
        f"one schedule (seed {first})"
        if first == last
        else f"{done.schedules:,} schedules (seeds {first} to {last})"
    )
    calls, lost = (
        ("charge", "find", "void", "refund"),
        ("charge lost", "find lost", "void lost", "refund lost"),
    )
    return "\n".join(
        [
            f"Every promise was kept in {seeds}.",
            f"  orders   {done.orders:,} asked for, {total('order '):,} taken: {ends}",
            f"  crashes  {counts.get('crash', 0):,}, restarts {counts.get('stop', 0):,}, clock jumps "
            f"{counts.get('clock jumps', 0):,}",
            f"  provider {total(*calls):,} calls, {total(*lost):,} of them lost",
            f"  speed    {done.seconds:.1f} s, {done.orders_a_second:,.0f} orders/s",
        ]
    )


def _story(failure: Result) -> str:
    broken = [
        f"  {violation.name}: {violation.about or 'the shop'}: {violation.says}"
        for violation in failure.violations[:10]
    ]
    more = [f"  … and {len(failure.violations) - 10} more"] if len(failure.violations) > 10 else []
    return "\n".join(
        [
            f"Seed {failure.seed} with {failure.orders} orders:",
            *broken,
            *more,
            "",
            "What happened:",
            *failure.story,
        ]
    )
