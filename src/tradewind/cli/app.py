"""The command line: the list of all commands.

Each command imports what it needs when it is called, so that all of them start fast.
"""

from __future__ import annotations

import typer

from . import audit, demo, describe, edge, failpoints, first_order, load, migrate, operator, simulate, up

app = typer.Typer(
    name="tradewind",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="The order platform for commerce teams that work in Python.  Start with: tradewind up",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("up")(up.up)
app.command("serve")(up.serve)
app.add_typer(migrate.app, name="migrate")
app.command("first-order")(first_order.first_order)
app.command("demo")(demo.demo)
app.command("load")(load.load)
app.command("audit")(audit.audit)
app.command("simulate")(simulate.simulate)
app.add_typer(operator.letters, name="dead-letters")
app.command("timeline")(operator.timeline)
app.command("stats")(operator.stats)
app.add_typer(edge.app, name="edge")
app.command("openapi")(describe.openapi)
app.command("asyncapi")(describe.asyncapi)
app.command("blueprints")(describe.blueprints)
app.command("config")(describe.config)
app.command("failpoints")(failpoints.failpoints)


def main() -> None:
    """The entry point."""
    app()


if __name__ == "__main__":
    main()
