"""Shows, takes, undoes and writes schema steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias, TypeVar

import typer

from ..core.readers import documents
from ..runtime.stores import by_place
from .adopt import adopt, export
from .common import Data, Json, Ran, Sets, Which, fail, read, show

if TYPE_CHECKING:
    from ..runtime.config import Config
    from ..runtime.migrations import ServiceSchema

T = TypeVar("T")
Work: TypeAlias = "Callable[[str, Path, list[ServiceSchema], Mapping[str, str]], Iterable[T]]"
app = typer.Typer(
    help="Schema steps, per service or for all that a blueprint runs.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.command("adopt")(adopt)
app.command("export")(export)
One = Annotated[
    str | None, typer.Option("--service", metavar="S", help="One service; else all that the blueprint runs.")
]


class Chosen:
    """What a command is about: the databases, and the services of the blueprint or the one that was named."""

    def __init__(self, blueprint: str, service: str | None, sets: list[str] | None, data: str | None) -> None:
        from ..runtime.schema import runs

        self.config: Config
        self.config, self.blueprint = read(blueprint, sets, data=data)
        self.services, self.schemas = runs(self.blueprint), self.blueprint.schemas
        if service is not None:
            if service not in self.services:
                fail(
                    f"blueprint {self.blueprint.name} runs no service {service!r}; there is "
                    f"{', '.join(self.services)}"
                )
            self.services = [service]

    @property
    def places(self) -> list[tuple[str, list[str]]]:
        """Each database, and its services. A store of documents has no schema."""
        return [place for place in self._all if not documents(place[0])]

    @property
    def documents(self) -> list[tuple[str, list[str]]]:
        """Each store of documents, and its services."""
        return [place for place in self._all if documents(place[0])]

    @property
    def _all(self) -> list[tuple[str, list[str]]]:
        return list(by_place(self.config, self.blueprint, self.services).items())

    def at_each(self, work: Work[T]) -> list[T]:
        """What `work(url, data, schema steps, schemas)` does at each database, together."""
        from ..runtime.schema import schemas

        return [
            one
            for url, services in self.places
            for one in work(url, self.config.data, schemas(services, self.blueprint.apis), self.schemas)
        ]


def listed(work: Callable[[], list[str]], nothing: str) -> None:
    """Prints what was done, a line each. Ends the command with one line where it could not be done."""
    from ..core.store import StoreUnusable

    try:
        done = work()
    except StoreUnusable as error:
        fail(error)
    print("\n".join(done) or nothing)


@app.command("status")
def status(
    service: One = None, blueprint: Ran = "", data: Data = None, sets: Sets = None, json: Json = False
) -> None:
    """Show which schema steps are taken and which are missing.

    Example: tradewind migrate status --service orders
    """
    from ..core.store import StoreUnusable
    from ..runtime import migrations

    chosen = Chosen(blueprint, service, sets, data)
    try:
        states = chosen.at_each(migrations.status)
    except StoreUnusable as error:
        fail(error)
    if json:
        show(states)
        return
    for state in states:
        pending = [*state.pending, *state.unpublished]
        waits = f"pending: {', '.join(pending)}" if pending else "up to date"
        newer = f"; from a newer version: {', '.join(state.unknown)}" if state.unknown else ""
        print(f"{state.service:14} {state.taken[-1] if state.taken else '(nothing)':24} {waits}{newer}")


@app.command("run")
@app.command("up", help="The same as `run`.\n\nExample: tradewind migrate up")
def run(service: One = None, blueprint: Ran = "", data: Data = None, sets: Sets = None) -> None:
    """Take all pending steps. The database must exist; schemas that are missing are made.

    Example: tradewind migrate run --blueprint rpc --service orders
    """
    from ..runtime import migrations

    chosen = Chosen(blueprint, service, sets, data)
    if any(not url for url, _ in chosen.places):
        chosen.config.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    listed(lambda: chosen.at_each(migrations.up), "nothing to do: the schema is up to date")


@app.command("sql")
def sql(service: One = None, blueprint: Ran = "", data: Data = None, sets: Sets = None) -> None:
    """Print the statements of all pending steps, for somebody to read. They are run in one transaction and
    undone: where tables are large, ask a copy of the database.

    Example: tradewind migrate sql --blueprint rpc --service orders
    """
    from ..runtime import migrations

    chosen = Chosen(blueprint, service, sets, data)
    listed(
        lambda: [f"{text};" for text in chosen.at_each(migrations.sql)],
        "-- nothing to do: the schema is up to date",
    )


@app.command("revert")
def revert(
    service: One = None,
    all_: Annotated[bool, typer.Option("--all", help="Of every service, as without --service.")] = False,
    blueprint: Ran = "",
    data: Data = None,
    sets: Sets = None,
) -> None:
    """Undo the last step of one service, or of each. Tables that it made are dropped with their rows: stop
    the platform and back up first.

    Example: tradewind migrate revert --blueprint rpc --service orders
    """
    from ..runtime import migrations

    if service and all_:
        fail("--service and --all contradict each other")
    chosen = Chosen(blueprint, service, sets, data)
    listed(lambda: chosen.at_each(migrations.revert), "nothing to undo")


@app.command("down")
def down(
    service: Annotated[str, typer.Option("--service", metavar="S", help="Whose steps to undo.")],
    to: Annotated[int, typer.Option("--to", metavar="N", help="How many steps to leave.")],
    blueprint: Ran = "",
    data: Data = None,
    sets: Sets = None,
) -> None:
    """Undo steps of one service. Tables that a step made are dropped with their rows: stop the platform and
    back up first.

    Example: tradewind migrate down --service invoices --to 1
    """
    from ..runtime import migrations
    from ..runtime.data_lock import holder

    chosen = Chosen(blueprint, service, sets, data)
    if (who := holder(chosen.config.data)) is not None:
        fail(f"{chosen.config.data} is in use by process {who.pid}: stop it first")

    def undo(url: str, data: Path, slices: list[ServiceSchema], names: Mapping[str, str]) -> list[str]:
        return migrations.down(url, data, slices[0], to, names)

    listed(lambda: chosen.at_each(undo), "nothing to undo")


@app.command("generate")
@app.command(
    "new", help='The same as `generate`.\n\nExample: tradewind migrate new --service orders "add a note"'
)
def generate(
    message: Annotated[str, typer.Argument(metavar="MESSAGE", help="What the step does, in a few words.")],
    service: Annotated[str, typer.Option("--service", metavar="S", help="Whose step it is.")],
    blueprint: Ran = "",
) -> None:
    """Write the next step of a service from the difference between its models and its steps. Needs no
    database.

    Example: tradewind migrate generate --service orders "add a note"
    """
    from ..core.store import StoreUnusable
    from ..runtime import drafts
    from ..runtime.schema import schemas

    try:
        (one,) = schemas(Chosen(blueprint, service, None, None).services)
        made = drafts.new(one, message)
    except (StoreUnusable, ValueError) as error:
        fail(error)
    print(made or "nothing to write: the steps lead to the models")


@app.command("roles")
def roles(
    service: One = None,
    blueprint: Which = "rpc",
    prefix: Annotated[
        str, typer.Option("--prefix", metavar="P", help="Roles are named P_SERVICE; they are one per server.")
    ] = "tradewind",
    password: Annotated[
        str,
        typer.Option(
            "--password",
            metavar="PASSWORD",
            envvar="DB_ROLE_PASSWORD",
            show_envvar=True,
            help="Else generated, shown once.",
        ),
    ] = "",
    sets: Sets = None,
    json: Json = False,
) -> None:
    """Make a role for each service that can touch only its schema, or set it right. Run it after `migrate
    run`.

    Example: tradewind migrate roles --blueprint rpc
    """
    from ..core.store import StoreUnusable
    from ..runtime import roles as granted

    chosen = Chosen(blueprint, service, sets, None)
    try:
        found = [
            one
            for url, services in chosen.places
            for one in granted.grant(url, services, chosen.schemas, prefix=prefix, password=password)
        ]
    except StoreUnusable as error:
        fail(error)
    if json:
        show(found)
        return
    for one in found:
        kept = "(as given)" if password else one.password or "(unchanged)"
        print(f"{one.service:14} DB_USER={one.role:24} DB_PASSWORD={kept:34} schema {one.schema}")
