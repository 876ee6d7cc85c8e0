"""Every named place where the program can die is visited: killed there, started again, and nothing that was
promised is missing.
"""

from __future__ import annotations

import functools
import json
import signal
from collections.abc import Callable
from typing import NamedTuple

import pytest

from tests.faults.troubles import FAILPOINTS as APART
from tests.support.poison import Poison
from tests.support.program import run
from tests.support.shop import Shop, basket
from tests.support.shops import OpenShop, furnish
from tests.support.traffic import Deed, Ledger, assert_kept, trade

DYING_S = 90.0


class Scenario(NamedTuple):
    """What leads to a place. `play` returns when nothing more will be asked; `nth` passing of the place is
    the deadly one.
    """

    play: Callable[[Shop, str], Ledger]
    nth: int = 5
    empty: bool = False


def traffic(shop: Shop, fail: str) -> Ledger:
    return trade(shop.start(fail=fail), seed=len(fail))


def at_start(shop: Shop, fail: str) -> Ledger:
    shop.start(fail=fail, ready=False)
    return Ledger()


def old_rows(shop: Shop, fail: str) -> Ledger:
    """The first look for what may be thrown away is right after the start."""
    for service in ("users", "inventory"):
        shop.keeping.sql(f"UPDATE {{{service}.inbox}} SET at = 1")
        shop.keeping.sql(f"UPDATE {{{service}.log}} SET at = 1")
    return at_start(shop, fail)


def deadline(shop: Shop, fail: str) -> Ledger:
    shop.start(fail=fail, order_deadline_s="0.5")
    deeds = [Deed("/orders", basket("tok_never"), "ada", f"never-{n}") for n in (1, 2)]
    with shop.connect() as connection:
        for deed in deeds:
            deed.tell(connection, shop.token(deed.who))
    return Ledger(deeds)


def poison(shop: Shop, fail: str) -> Ledger:
    planted = Poison.plant(shop.start())
    shop.start(fail=fail, ready=False)
    shop.died(DYING_S)
    planted.heal()
    return Ledger(planted.deeds)


SCENARIOS = {
    "migrate.before-commit": Scenario(at_start, 4, empty=True),
    "retention.trimmed": Scenario(old_rows, 1),
    "retention.blanked": Scenario(at_start, 1),
    "timers.due": Scenario(deadline, 1),
    "parking.before-write": Scenario(poison, 1),
    "parking.revived": Scenario(poison, 2),
    "batch.begun": Scenario(traffic, 31),
    "batch.claimed": Scenario(traffic, 17),
    "batch.after-commit": Scenario(traffic, 23),
    "batch.after-answers": Scenario(traffic, 12),
    "activity.before-call": Scenario(traffic, 3),
    "provider.done": Scenario(traffic, 9),
}


@functools.cache
def failpoints() -> list[str]:
    """As the program lists them, so that a new one cannot be forgotten here."""
    return [row["name"] for row in json.loads(run("failpoints", "--json").stdout)]


def of_one_process() -> list[str]:
    return [name for name in failpoints() if not name.startswith("outbox.")]


@pytest.mark.parametrize("name", of_one_process())
def test_dying_there_loses_nothing(name: str, new_shop: OpenShop) -> None:
    play, nth, empty = SCENARIOS.get(name, Scenario(traffic))
    shop = new_shop(empty=empty)
    ledger = play(shop, f"{name}:{nth}:kill")
    assert shop.died(DYING_S) == -signal.SIGKILL, f"{name} was passed less than {nth} times"
    # once more while it recovers, where that is on the way
    shop.start(fail=f"{name}:1:kill", ready=False).kill9()
    shop.start()
    if empty:
        furnish(shop)
        ledger = trade(shop, deeds=5)
    assert_kept(shop, ledger)


@pytest.mark.parametrize("action", ["error", "pause"])
def test_a_store_that_fails_for_a_moment_at_each_place_loses_nothing(new_shop: OpenShop, action: str) -> None:
    """All in one run. After the commit there is nothing that could fail."""
    places = [
        name
        for name in failpoints()
        if not name.startswith(("batch.after", "migrate", "parking", "timers", "retention"))
    ]
    fail = ",".join(
        [f"{name}:{nth}:{action}" for nth, name in enumerate(places[:: 1 if action == "error" else 3], 5)]
    )
    shop = new_shop().start(fail=fail)
    ledger = trade(shop, seed=7)
    assert len(ledger.accepted) > 20
    assert_kept(shop, ledger)


def test_the_table_names_no_place_that_is_gone() -> None:
    assert not set(SCENARIOS) - set(failpoints())


def test_what_one_process_never_passes_is_visited_where_services_are_apart() -> None:
    assert set(failpoints()) - set(of_one_process()) <= set(APART)
