"""Shows a newcomer what happens to one order."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from .common import Data, Json, Sets, Which, fail, http_url, read, show, typed

if TYPE_CHECKING:
    from ..runtime.config import Config
    from ..testing.demo.telling import Step, Told

Url = Annotated[
    str, typer.Option("--url", metavar="U", help="A running shop; else the one of the data folder.")
]
GREEN, DIM, PLAIN = "\x1b[32m", "\x1b[2m", "\x1b[0m"


def first_order(
    url: Url = "", data: Data = None, which: Which = "default", sets: Sets = None, json: Json = False
) -> None:
    """Place one paid order in a running shop with API v1 or rpc and print its story, each step with its time.
    Exit code 0: it is confirmed and paid, with its invoice; in API rpc, its payment is recorded.

    Example: tradewind first-order --url http://127.0.0.1:8080
    """
    import asyncio

    from ..testing.demo.first_order import FirstOrder
    from ..testing.demo.running import TROUBLE

    config, _ = read(which, sets, data=data)
    url = http_url(url) if url else ""
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")

    def say(step: Step) -> None:
        if not json:
            print(_line(step, colour), flush=True)

    try:
        told = asyncio.run(FirstOrder(config, url, say).place())
    except (*TROUBLE, OSError) as error:
        fail(error)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    if json:
        show(told)
    elif told.kept:
        print(_end(told, colour, config, url))
    if not told.kept:
        fail(f"order {told.order_id} is {told.status}{f', without its {told.missing}' * bool(told.missing)}")


def _line(step: Step, colour: bool) -> str:
    time = f"{step.took_ms:,.1f} ms" if step.took_ms is not None else f"+ {step.after_ms or 0:,} ms"
    if not colour:
        return f"{step.name:20} {time:>12}   {step.says}"
    return f"{GREEN}{step.name:20}{PLAIN} {DIM}{time:>12}{PLAIN}   {step.says}"


def _end(told: Told, colour: bool, config: Config, url: str) -> str:
    after = "; + ms: since the order was created, by the clock of the platform" if told.api == "v1" else ""
    blueprint = "" if told.api == "v1" else f" --blueprint {told.api}"
    docs = {"v1": "/docs", "graphql": "/graphql"}.get(told.api, "/api/docs")
    timeline = typed(f"tradewind timeline {told.order_id}{blueprint}{'' if url else '{data}'}", config, url)
    lines = ["", f"ms: what the request took{after}", f"timeline: {timeline}", f"API:      {told.url}{docs}"]
    return "\n".join([f"{DIM}{line}{PLAIN}" if colour and line else line for line in lines])
