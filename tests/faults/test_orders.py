"""Blueprints `events` and `graphql` are broken under load, and others send what nobody can take: every order has one
payment, or one notification, and the dead letters are what was sent bad. The long version is `campaign`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.faults.book import Book
from tests.faults.campaign import run
from tests.faults.deployment import deployment
from tests.faults.events import Events
from tests.faults.graphql import Graphql
from tests.faults.system import System

SEED = 20_261_129
SERVERS = {"events": ("postgres", "kafka"), "graphql": ("mysql", "mongodb", "redis", "rabbitmq")}
EVENTS = ("+orders-1+kafka", "+payments-1+postgres", "batch.before-commit")
GRAPHQL = ("+orders-1+mysql", "+notifications-1+mongodb", "+gateway+redis", "+broker", "batch.after-commit")


def _marked(kind: type[System], troubles: Sequence[str]) -> object:
    marks = [getattr(pytest.mark, name) for name in SERVERS[kind.blueprint]]
    return pytest.param(kind, troubles, marks=marks, id=kind.blueprint)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "troubles"), [_marked(Events, EVENTS), _marked(Graphql, GRAPHQL)])
def test_every_accepted_order_has_its_end_whatever_is_killed(
    tmp_path: Path, kind: type[System], troubles: Sequence[str]
) -> None:
    system = kind()
    with deployment(tmp_path, system) as place:
        summary, wrong = run(place, Book(system.kinds), list(troubles), seed=SEED, tell=print)
    assert not wrong, "\n".join(wrong)
    counts = summary["counts"]
    assert counts["accepted orders"] > 200 and counts["orders of others"] > 5, counts
    assert counts["kills in the middle of a batch"] == 1
