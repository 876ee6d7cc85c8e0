"""Runs the whole shop with loyalty in it: `./dev run python -m examples.loyalty data=./with-points
port=8081`.
"""

from __future__ import annotations

from typing import Annotated

import typer

from tradewind.cli.common import read
from tradewind.cli.up import run

from .addition import LOYALTY


def main(settings: Annotated[list[str] | None, typer.Argument(metavar="KEY=VALUE …")] = None) -> None:
    config, chosen = read("default", settings)
    run(config, chosen, [LOYALTY])


typer.run(main)
