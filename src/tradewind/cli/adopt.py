"""Takes over the rows of a published system, and hands ours back to it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from .common import Data, Json, Ran, Sets, fail, show

if TYPE_CHECKING:
    from ..operations.adopt import Adopted
    from ..runtime.blueprint import Blueprint

MOST = 20
Zone = Annotated[
    str,
    typer.Option(
        "--zone",
        metavar="ZONE",
        help="The zone in which the other system writes times, where its columns have none; else UTC.",
    ),
]


def adopt(
    service: Annotated[
        str | None,
        typer.Option("--service", metavar="S", help="One service; else all that the blueprint runs."),
    ] = None,
    blueprint: Ran = "",
    zone: Zone = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    data: Data = None,
    sets: Sets = None,
    json: Json = False,
) -> None:
    """Copy the rows of the system whose API the blueprint has, from its own tables in the same database, into
    ours. It may run again; the tables of the other system are only read.

    Example: tradewind migrate adopt --blueprint rpc --service orders --dry-run
    """
    from ..contracts.adopted import Values
    from ..core.clock import SystemClock
    from ..core.store import StoreUnusable
    from ..operations import adopt as moving
    from .migrate import Chosen

    chosen = Chosen(blueprint, service, sets, data)
    if not blueprint and not _adopts(chosen.blueprint):
        fail(f"whose tables? name the blueprint of their system: --blueprint {', '.join(_adopting())}")
    values = Values(chosen.config.currency, SystemClock().now())
    try:
        found = [
            one
            for url, services in chosen.places
            for one in moving.adopt(
                url,
                services,
                chosen.schemas,
                values,
                apis=chosen.blueprint.apis,
                zone=_known(zone),
                dry_run=dry_run,
                progress=_progress,
            )
        ]
        for url, services in chosen.documents:
            from ..operations import documents

            found += documents.adopt(url, services, chosen.blueprint.apis, dry_run=dry_run)
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


def export(
    service: Annotated[
        str | None,
        typer.Option("--service", metavar="S", help="One service; else all that the blueprint runs."),
    ] = None,
    blueprint: Ran = "",
    zone: Zone = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    data: Data = None,
    sets: Sets = None,
    json: Json = False,
) -> None:
    """Write our rows into the tables of the system whose API the blueprint has: the way back. Where a
    published view of ours has the name of such a table, the table takes its place. It may run again.

    Example: tradewind migrate export --blueprint contracts --service orders --dry-run
    """
    from ..core.store import StoreUnusable
    from ..operations import export as moving
    from .migrate import Chosen

    chosen = Chosen(blueprint, service, sets, data)
    try:
        found = [
            one
            for url, services in chosen.places
            for one in moving.export(
                url, services, chosen.schemas, apis=chosen.blueprint.apis, zone=_known(zone), dry_run=dry_run
            )
        ]
        for url, services in chosen.documents:
            from ..operations import documents

            found += documents.export(url, services, chosen.blueprint.apis)
    except StoreUnusable as error:
        fail(error)
    if json:
        show(found)
        return
    would = "would be " if dry_run else ""
    for one in found:
        made = f", a table that {'is not' if dry_run else 'was not'} there" if one.made else ""
        print(f"{one.table:38} {one.written:,} rows {would}written{made}")
    if not found:
        print(f"no API of blueprint {chosen.blueprint.name} has published tables to hand back")


def _known(zone: str) -> str:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(zone).key if zone else ""
    except (ZoneInfoNotFoundError, ValueError, OSError):
        fail(f"--zone {zone}: there is no such zone; name one like Europe/Berlin")


def _adopts(blueprint: Blueprint) -> bool:
    """Whether an API of this blueprint has published tables or collections to take over."""
    from ..runtime.documents import published
    from ..runtime.registry import sources

    return bool(sources(blueprint.apis) or published(blueprint.apis))


def _adopting() -> list[str]:
    """The blueprints that come with the program and have such an API. One that cannot be read without its
    variables counts: naming it says which are missing.
    """
    from ..runtime.blueprint import BadBlueprint, listing, load
    from ..runtime.processes.plan import FOLDER
    from ..runtime.registry import SERVICES

    found = []
    for name, _ in listing(FOLDER):
        try:
            if not _adopts(load(name, folder=FOLDER, services=SERVICES, environment=os.environ)):
                continue
        except BadBlueprint:
            pass
        found.append(name)
    return found


def _line(one: Adopted, dry_run: bool) -> str:
    if not one.found:
        return f"{one.table:38} is not there"
    return (
        f"{one.table:38} {one.adopted:,} of {one.waiting:,} new rows "
        f"{'would be adopted' if dry_run else 'adopted'}"
        f"{f'; it is called {one.kept} from now on' if one.kept else ''}"
    )


def _progress(table: str, done: int, of: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{table}: {done:,} of {of:,}", end="\n" if done >= of else "", file=sys.stderr, flush=True)
