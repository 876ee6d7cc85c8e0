"""The operator's desk: what happened to an order, what waits, what could not be handled."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ...chassis.config import Config
from .common import Data, Json, Sets, fail, read, show

letters = typer.Typer(help="Messages that could not be handled, kept with their reason.", no_args_is_help=True, rich_markup_mode=None)
Letter = Annotated[str, typer.Argument(metavar="ID", help="The dead letter's id.")]
DEAD_LETTERS = "/api/v1/ops/dead-letters"


def _ask(config: Config, method: str, path: str, absent: str) -> Any:
    """One request to the running platform, or to the stopped one's store."""
    from .. import local, offline

    try:
        url = local.running(config.data)
        answer = local.call(url, method, path, token=local.operator_token(config)) if url else offline.call(config, method, path)
    except (local.NotReachable, offline.StoreUnusable) as error:
        fail(error, 2)
    if answer.status == 404:
        fail(absent)
    if answer.status >= 300:
        fail(f"{answer.body.get('code')}: {answer.body.get('detail') or answer.body.get('title')}" if answer.body else answer.status)
    return answer.body


def timeline(order: Annotated[str, typer.Argument(metavar="ORDER", help="The order's id.")], data: Data = None, sets: Sets = None,
             json: Json = False) -> None:  # fmt: skip
    """Print every event of an order, across all services, in causal order.

    Example: tradewind timeline 01a1fd01-543e-7000-a4cd-629cfe7a0687
    """
    config, _ = read("default", sets, 2, data=data)
    found = _ask(config, "GET", f"/api/v1/orders/{order}/timeline", f"no order {order}")
    if json:
        show(found)
        return
    for entry in found["data"]:
        print(f"{entry['at']}  {entry['service']:14} {entry['name']:20} {_brief(entry['data'])}")


def _brief(data: dict[str, Any]) -> str:
    plain = {name: value for name, value in data.items() if isinstance(value, str | int) and name not in ("orderId", "customerId")}
    return " ".join(f"{name}={value}" for name, value in plain.items())


def stats(data: Data = None, sets: Sets = None, json: Json = False) -> None:
    """Print what waits, per service: lags, activities, overdue timers, dead letters.

    Example: tradewind stats
    """
    config, _ = read("default", sets, 2, data=data)
    found = _ask(config, "GET", "/api/v1/ops/stats", "nothing there")
    if json:
        show(found)
        return
    print(f"requests queued {found['requestsQueued']} · activities running {found['activitiesRunning']}")
    for name, row in found["services"].items():
        lag, late = sum(row["lag"].values()), row["timersOverdue"]
        print(f"{name:14} lag {lag:<6} activities {row['activities']:<6} overdue timers {late:<6} dead letters {row['parked']}")


@letters.command("list")
def list_letters(data: Data = None, sets: Sets = None, json: Json = False) -> None:
    """List them, newest first.

    Example: tradewind dead-letters list
    """
    config, _ = read("default", sets, 2, data=data)
    found = _pages(config)
    if json:
        show(found)
        return
    for row in found:
        print(f"{row['id']}  {row['status']:9} {row['name']:22} attempts {row['attempts']:<3} {row['lastAt']}  {row['reason']}")
    if not found:
        print("none")


def _pages(config: Config) -> list[Any]:
    found: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        page = _ask(config, "GET", f"{DEAD_LETTERS}?limit=100" + (f"&cursor={cursor}" if cursor else ""), "nothing there")
        found += page["data"]
        cursor = page["nextCursor"]
    return found


@letters.command("show")
def show_letter(letter: Letter, data: Data = None, sets: Sets = None) -> None:
    """Print one with its reason and times.

    Example: tradewind dead-letters show 01a1fd01-543e-7000-a4cd-629cfe7a0687
    """
    config, _ = read("default", sets, 2, data=data)
    found = [row for row in _pages(config) if row["id"] == letter]
    if not found:
        fail(f"no dead letter {letter}")
    show(found[0])


@letters.command("replay")
def replay(letter: Letter, data: Data = None, sets: Sets = None) -> None:
    """Try one again, now.

    Example: tradewind dead-letters replay 01a1fd01-543e-7000-a4cd-629cfe7a0687
    """
    config, _ = read("default", sets, 2, data=data)
    _ask(config, "POST", f"{DEAD_LETTERS}/{letter}/replay", f"no dead letter {letter}")
    print(f"{letter} is tried again")


@letters.command("discard")
def discard(letter: Letter, data: Data = None, sets: Sets = None) -> None:
    """Give one up; those behind it go on.

    Example: tradewind dead-letters discard 01a1fd01-543e-7000-a4cd-629cfe7a0687
    """
    config, _ = read("default", sets, 2, data=data)
    _ask(config, "POST", f"{DEAD_LETTERS}/{letter}/discard", f"no dead letter {letter}")
    print(f"{letter} is discarded")
