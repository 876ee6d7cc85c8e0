"""Looks at a Kong file for the person who writes it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from .common import Json, fail, show

app = typer.Typer(no_args_is_help=True, help="The stand-in for Kong: tradewind serve edge runs it.")


@app.callback()
def edge() -> None:
    """The stand-in for Kong."""


@app.command("check")
def check(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A Kong file, or the name of a shipped one.")],
    json: Json = False,
) -> None:
    """Print what each route of a Kong file does, and what looks like a mistake; exit 1: it is refused.

    Example: tradewind edge check kong.yml
    """
    from .. import apis
    from ..core.extras import MissingExtra

    try:
        from ..edge.check import report
        from ..edge.document import BadFile
        from ..edge.manifest import declarative
        from ..edge.reading import load
    except MissingExtra as error:
        fail(error)
    try:
        found = report(load(declarative(file, Path(apis.__file__).parent), os.environ))
    except BadFile as error:
        fail(error)
    if json:
        show(found)
        return
    for line in found.routes:
        plugins = f"  [{', '.join(line.plugins)}]" if line.plugins else ""
        print(f"{line.route}: {line.takes} -> {line.gives}{plugins}")
    for warning in found.warnings:
        print(f"warning: {warning}")
