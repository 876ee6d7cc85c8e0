"""The operator's commands: the timeline of an order, statistics, dead letters."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from .common import Data, Json, Ran, Sets, fail, fitting, show

if TYPE_CHECKING:
    from ..operations.operator import Operator

T = TypeVar("T")

letters = typer.Typer(
    help="Messages that could not be handled, kept with their reason.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Letter = Annotated[str, typer.Argument(metavar="ID", help="The dead letter's id.")]


class OperatorArguments:
    """The operator access that a command needs. Ends the command with one line where the answer is no (1), or
    there is none (2).
    """

    def __init__(self, blueprint: str, data: str | None, sets: list[str] | None) -> None:
        config, chosen = fitting(blueprint, sets, data=data)
        from ..operations.operator import operator_of

        self.apart = chosen.apart
        self._desk = operator_of(config, chosen)

    def stats(self) -> Any:
        return self._ask("nothing there", lambda answers: answers.stats())

    def timeline(self, order: str) -> Any:
        return self._ask(f"no order {order}", lambda answers: answers.timeline(order))

    def letters(self) -> list[Any]:
        return self._ask("nothing there", lambda answers: answers.letters())

    def replay(self, letter: str) -> None:
        self._ask(f"no dead letter {letter}", lambda answers: answers.replay(letter))

    def discard(self, letter: str) -> None:
        self._ask(f"no dead letter {letter}", lambda answers: answers.discard(letter))

    def _ask(self, absent: str, ask: Callable[[Operator], T]) -> T:
        from ..core.model import Refused
        from ..operations.operator import UNANSWERED

        try:
            return ask(self._desk)
        except UNANSWERED as error:
            fail(error, 2)
        except Refused as error:
            fail(absent if error.status == 404 else f"{error.code}: {error.says}")


def timeline(
    order: Annotated[str, typer.Argument(metavar="ORDER", help="The order's id.")],
    blueprint: Ran = "",
    data: Data = None,
    sets: Sets = None,
    json: Json = False,
) -> None:
    """Print every event of an order, across all services, in causal order.

    Example: tradewind timeline 01a1fd01-543e-7000-a4cd-629cfe7a0687
    """
    found = OperatorArguments(blueprint, data, sets).timeline(order)
    if json:
        show(found)
        return
    for entry in found["data"]:
        print(f"{entry['at']}  {entry['service']:14} {entry['name']:20} {_brief(entry['data'])}")


def _brief(data: dict[str, Any]) -> str:
    plain = {
        name: value
        for name, value in data.items()
        if isinstance(value, str | int) and name not in ("orderId", "customerId")
    }
    return " ".join(f"{name}={value}" for name, value in plain.items())


def stats(blueprint: Ran = "", data: Data = None, sets: Sets = None, json: Json = False) -> None:
    """Print what waits, per service: lags, activities, overdue timers, dead letters.

    Example: tradewind stats
    """
    asked = OperatorArguments(blueprint, data, sets)
    found = asked.stats()
    if json:
        show(found)
        return
    if asked.apart:
        _shared(found)
        return
    print(f"requests queued {found['requestsQueued']} · activities running {found['activitiesRunning']}")
    for name, row in found["services"].items():
        lag, late = sum(row["lag"].values()), row["timersOverdue"]
        print(
            f"{name:14} lag {lag:<6} activities {row['activities']:<6} overdue timers {late:<6} dead "
            f"letters {row['parked']}"
        )


def _shared(found: Any) -> None:
    for name, row in found["services"].items():
        unsent = f"{row['outbox']} ({row['oldestOutboxMs'] / 1_000:.0f} s)" if row["outbox"] else "0"
        late = row["timersOverdue"]
        print(
            f"{name:14} unsent {unsent:<12} activities {row['activities']:<6} overdue timers {late:<6} "
            f"dead letters {row['parked']}"
        )


@letters.command("list")
def list_letters(blueprint: Ran = "", data: Data = None, sets: Sets = None, json: Json = False) -> None:
    """List them, newest first.

    Example: tradewind dead-letters list
    """
    found = OperatorArguments(blueprint, data, sets).letters()
    if json:
        show(found)
        return
    for row in found:
        print(
            f"{row['id']}  {row['status']:9} {row['name']:22} attempts {row['attempts']:<3} "
            f"{row['lastAt']}  {row['reason']}"
        )
    if not found:
        print("none")


@letters.command("show")
def show_letter(letter: Letter, blueprint: Ran = "", data: Data = None, sets: Sets = None) -> None:
    """Print one with its reason and times.

    Example: tradewind dead-letters show 01a1fd01-543e-7000-a4cd-629cfe7a0687
    """
    found = [row for row in OperatorArguments(blueprint, data, sets).letters() if row["id"] == letter]
    if not found:
        fail(f"no dead letter {letter}")
    show(found[0])


@letters.command("replay")
def replay(letter: Letter, blueprint: Ran = "", data: Data = None, sets: Sets = None) -> None:
    """Try one again, now.

    Example: tradewind dead-letters replay 01a1fd01-543e-7000-a4cd-629cfe7a0687
    """
    OperatorArguments(blueprint, data, sets).replay(letter)
    print(f"{letter} is tried again")


@letters.command("discard")
def discard(letter: Letter, blueprint: Ran = "", data: Data = None, sets: Sets = None) -> None:
    """Give one up; those behind it go on.

    Example: tradewind dead-letters discard 01a1fd01-543e-7000-a4cd-629cfe7a0687
    """
    OperatorArguments(blueprint, data, sets).discard(letter)
    print(f"{letter} is discarded")
