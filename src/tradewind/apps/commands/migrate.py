"""Shows and takes schema steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from .common import Data, Json, Sets, fail, read, show

if TYPE_CHECKING:
    from ...chassis.store.migrations import Slice

app = typer.Typer(help="Schema steps, per service or for all.", no_args_is_help=True, rich_markup_mode=None)
One = Annotated[str | None, typer.Option("--service", metavar="S", help="One service; else all.")]


def _slices(service: str | None) -> list[Slice]:
    from ..schema import SLICES

    if service is not None and service not in SLICES:
        fail(f"no service {service!r}; there is {', '.join(SLICES)}")
    return [SLICES[service]] if service else list(SLICES.values())


@app.command("status")
def status(service: One = None, data: Data = None, sets: Sets = None, json: Json = False) -> None:
    """Say how far the schema is.

    Example: tradewind migrate status --service orders
    """
    from ...chassis.store import migrations
    from ...chassis.store.port import StoreUnusable

    config, _ = read("default", sets, data=data)
    try:
        states = migrations.status(config.database_url, config.data, _slices(service))
    except StoreUnusable as error:
        fail(error)
    if json:
        show(states)
        return
    for state in states:
        waits = f"pending: {', '.join(state.pending)}" if state.pending else "up to date"
        newer = f"; from a newer version: {', '.join(state.unknown)}" if state.unknown else ""
        print(f"{state.service:14} {state.taken[-1] if state.taken else '(nothing)':24} {waits}{newer}")


@app.command("up")
def up(service: One = None, data: Data = None, sets: Sets = None) -> None:
    """Take all pending steps.

    Example: tradewind migrate up
    """
    from ...chassis.store import migrations
    from ...chassis.store.port import StoreUnusable

    config, _ = read("default", sets, data=data)
    config.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        taken = migrations.up(config.database_url, config.data, _slices(service))
    except StoreUnusable as error:
        fail(error)
    print("\n".join(taken) or "nothing to do: the schema is up to date")


@app.command("down")
def down(
    service: Annotated[str, typer.Option("--service", metavar="S", help="Whose steps to undo.")],
    to: Annotated[int, typer.Option("--to", metavar="N", help="How many steps to leave.")],
    data: Data = None, sets: Sets = None,
) -> None:  # fmt: skip
    """Undo steps of one service. Tables that a step made are dropped with their rows: stop the platform and back up first.

    Example: tradewind migrate down --service invoices --to 1
    """
    from ...chassis.store import migrations
    from ...chassis.store.lock import holder
    from ...chassis.store.port import StoreUnusable

    config, _ = read("default", sets, data=data)
    if (who := holder(config.data)) is not None:
        fail(f"{config.data} is in use by process {who.pid}: stop it first")
    try:
        undone = migrations.down(config.database_url, config.data, _slices(service)[0], to)
    except StoreUnusable as error:
        fail(error)
    print("\n".join(undone) or "nothing to undo")


@app.command("new")
def new(
    message: Annotated[str, typer.Argument(metavar="MESSAGE", help="What the step does, in a few words.")],
    service: Annotated[str, typer.Option("--service", metavar="S", help="Whose step it is.")],
) -> None:
    """Write the next step of a service from the difference between its models and its steps.

    Example: tradewind migrate new --service orders "add a note"
    """
    from ...chassis.store import drafts
    from ...chassis.store.port import StoreUnusable

    try:
        print(drafts.new(_slices(service)[0], message) or "nothing to write: the steps lead to the models")
    except (StoreUnusable, ValueError) as error:
        fail(error)
