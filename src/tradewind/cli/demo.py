"""Shows the platform at work."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from .common import Data, Json, Sets, fail, http_url, read, show

if TYPE_CHECKING:
    from ..testing.demo.figures import Figures

Orders = Annotated[int, typer.Option("--orders", metavar="N", min=1, help="How many orders.")]
Buyers = Annotated[
    int,
    typer.Option(
        "--buyers", metavar="N", min=0, help="How many buyers; 0: 20, and more for very many orders."
    ),
]
Url = Annotated[
    str,
    typer.Option(
        "--url", metavar="U", help="A running platform; else the one of the data folder, or a new one there."
    ),
]


def demo(
    orders: Orders = 100,
    buyers: Buyers = 0,
    url: Url = "",
    data: Data = None,
    sets: Sets = None,
    json: Json = False,
) -> None:
    """Place orders over HTTP, some of which must fail, and follow each to its end. Exit code 0: every order
    came to its end.

    Example: tradewind demo --orders 1000
    """
    from ..testing.demo.running import TROUBLE, Demo, DemoOptions
    from ..testing.progress import progress

    config, _ = read("default", sets, data=data)
    url = http_url(url) if url else ""
    try:
        with progress() as shown:
            demo = Demo(DemoOptions(config, tuple(sets or ()), url, orders, buyers), shown)
            figures = demo.run()
    except (*TROUBLE, OSError) as error:
        fail(error)
    if json:
        show(figures.told())
    else:
        _table(figures)
    if demo.stopped:
        raise typer.Exit(128 + demo.stopped)
    if not figures.kept:
        raise typer.Exit(1)


def _table(figures: Figures) -> None:
    rows = figures.rows()
    if not sys.stdout.isatty():
        print("\n".join([f"{name:28}{value}" for name, value in rows]))
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.ROUNDED, show_header=False)
    for name, value in rows:
        table.add_row(name, value)
    Console().print(table)
