"""Takes over the rows of a NestJS system, and shows how far it is."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from .common import Json, Sets, Which, fail, show

if TYPE_CHECKING:
    from ..operations.adopt import Adopted

MOST = 20


def adopt(
    service: Annotated[
        str | None,
        typer.Option("--service", metavar="S", help="One service; else all that the blueprint runs."),
    ] = None,
    blueprint: Which = "rpc",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    sets: Sets = None,
    json: Json = False,
) -> None:
    """Copy the rows of a NestJS system's tables, in the same schemas, into ours. It may run again; the tables
    of the other system are only read.

    Example: tradewind migrate adopt --blueprint rpc --service orders --dry-run
    """
    from ..core.clock import SystemClock
    from ..core.store import StoreUnusable
    from ..operations import adopt as moving
    from ..operations.adopt_rows import Values
    from .migrate import Chosen

    chosen = Chosen(blueprint, service, sets, None)
    values = Values(chosen.config.currency, SystemClock().now())
    try:
        found = moving.adopt(
            chosen.config.database_url,
            chosen.services,
            chosen.schemas,
            values,
            dry_run=dry_run,
            progress=_progress,
        )
    except StoreUnusable as error:
        fail(error)
    if json:
        show(found)
    else:
        print("\n".join(_line(one, dry_run) for one in found) or "nothing of these services can be adopted")
    left = [(one.table, row) for one in found for row in one.left]
    for table, row in left[:MOST]:
        print(f"  left: {table} {row.id}: {row.why}", file=sys.stderr)
    if left:
        fail(
            f"{len(left)} rows were left, of which up to {MOST} are shown: mend them there, and run it again"
        )


def _line(one: Adopted, dry_run: bool) -> str:
    if not one.found:
        return f"{one.table:38} is not there"
    return (
        f"{one.table:38} {one.adopted:,} of {one.waiting:,} new rows "
        f"{'would be adopted' if dry_run else 'adopted'}"
    )


def _progress(table: str, done: int, of: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{table}: {done:,} of {of:,}", end="\n" if done >= of else "", file=sys.stderr, flush=True)
