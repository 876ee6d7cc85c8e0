"""Every error code that the code can give stands in the table, with its status: nobody is sent to a page that
says nothing.
"""

import ast
from pathlib import Path
from typing import get_args, get_type_hints

import msgspec
import pytest

import tradewind
from tradewind.apis.v1 import problems
from tradewind.apis.v1.openapi import ALL
from tradewind.contracts.orders import Failure
from tradewind.core.http import Response
from tradewind.core.problem import Problem
from tradewind.drivers.http import refusals

ROOT = Path(tradewind.__file__).parent
# callee: which argument is the code, which the status, and the status where none is given
CALLS = {"Refused": (0, 1, 409), "field_refused": (1, None, 422)}


def raised(source: str) -> set[tuple[str, int]]:
    """The codes and statuses that are written out in calls of this source."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in CALLS:
            continue
        at, status_at, status = CALLS[node.func.id]
        given = [argument.value if isinstance(argument, ast.Constant) else None for argument in node.args]
        if status_at is not None and len(given) > status_at and isinstance(given[status_at], int):
            status = int(str(given[status_at]))
        if len(given) > at and isinstance(code := given[at], str):
            found.add((code, status))
    return found


def unknown(codes: set[tuple[str, int]]) -> set[tuple[str, int]]:
    return {
        (code, status)
        for code, status in codes
        if code not in problems.BY_CODE or problems.BY_CODE[code].status != status
    }


OF_EVENTS = {("conflict", 409)}
"""An event that is refused becomes a dead letter with this reason: no client is told."""
OTHER_FORMS = "events", "grpc"
"""APIs that refuse in the words of a published system: their clients see no code of ours."""


def test_every_refusal_of_the_code_is_in_the_table() -> None:
    theirs = [ROOT / "apis" / name for name in OTHER_FORMS]
    paths = [path for path in ROOT.rglob("*.py") if not any(path.is_relative_to(one) for one in theirs)]
    found = {pair for path in paths for pair in raised(path.read_text())} - OF_EVENTS
    assert len(found) > 5
    assert not unknown(found)


def test_the_search_sees_one_that_is_missing() -> None:
    assert unknown(raised('raise Refused("made_up", 418)')) == {("made_up", 418)}
    assert unknown(raised('raise Refused("not_found")')) == {("not_found", 409)}


def test_every_declared_refusal_is_in_the_table() -> None:
    assert not unknown({(code, status) for operation in ALL for status, code in operation.refuses})


@pytest.mark.parametrize(
    "name", [name for name, item in vars(refusals).items() if isinstance(item, Response)]
)
def test_the_servers_own_refusals_say_the_same(name: str) -> None:
    told = msgspec.json.decode(getattr(refusals, name).body, type=Problem)
    known = problems.BY_CODE[told.code]
    assert (told.status, told.title, told.type) == (known.status, known.title, known.type)


def test_codes_are_given_once_and_explained() -> None:
    assert len(problems.BY_CODE) == len(problems.TABLE)
    for code in problems.TABLE:
        assert code.means.endswith("."), code
        assert code.do.endswith("."), code


def test_every_failure_of_an_order_is_explained() -> None:
    assert set(get_args(get_type_hints(Failure)["code"])) == set(problems.FAILURES)
