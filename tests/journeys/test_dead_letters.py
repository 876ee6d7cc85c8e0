"""A message that cannot be handled is set aside with its reason: its neighbours go on, and it is handled once
when it can be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.stories import story_with
from tests.support.poison import Poison
from tests.support.shop import Shop, until
from tests.support.shops import Furnished

ATTEMPTS = 4  # the first, and one after each of the three delays that the shops of the tests have


@pytest.fixture(scope="module")
def poisoned(
    kind: str, furnished: Callable[[str], Furnished], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Poison]:
    """Planted, and parked as dead, in a shop at rest."""
    shop = furnished(kind).copy(tmp_path_factory.mktemp("poisoned") / "shop")
    try:
        planted = Poison.plant(shop.start())
        planted.park()
        yield planted
    finally:
        shop.close()


@pytest.fixture
def poison(poisoned: Poison, tmp_path: Path) -> Iterator[Poison]:
    """One of its own for a test that decides."""
    copy = poisoned.copy(tmp_path / "poison")
    try:
        copy.shop.start()
        yield copy
    finally:
        copy.shop.close()


@pytest.fixture(scope="module")
def parked(poisoned: Poison, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Poison]:
    """One for all tests that leave it as it is."""
    copy = poisoned.copy(tmp_path_factory.mktemp("parked") / "poison")
    try:
        copy.shop.start()
        yield copy
    finally:
        copy.shop.close()


def decide(shop: Shop, letter: Any, what: str, **how: Any) -> Any:
    return shop.call("POST", f"/ops/dead-letters/{letter['id']}/{what}", who=how.pop("who", "admin"), **how)


def healed(poison: Poison) -> Shop:
    assert poison.shop.sigterm() == 0
    poison.heal()
    return poison.shop.start()


def assert_at_peace(shop: Shop) -> None:
    until(lambda: not shop.letters(), "nothing is parked")
    shop.settle()
    assert shop.sigterm() == 0
    shop.assert_clean()


def test_it_is_parked_with_its_reason_after_a_few_attempts(parked: Poison) -> None:
    letter = parked.letter()
    assert (letter["name"], letter["key"], letter["origin"]) == ("order.confirmed", parked.order_id, "event")
    assert letter["attempts"] == ATTEMPTS
    assert letter["reason"] == "Absent: reservations"
    assert letter["firstAt"] < letter["lastAt"]
    # what could be done of its story is done
    ended = (("CONFIRMED", "paid"), "PAID", 1)
    story_with(
        parked.shop, parked.order_id, ended, lambda seen: (seen.status, seen.of_invoice, len(seen.charges))
    )


def test_its_neighbours_go_on(poison: Poison) -> None:
    shop = poison.shop
    placed = [
        shop.order(token, who=who)
        for token in ("tok_ok", "tok_charged_no_answer")
        for who in ("ada", "bob", "eve")
    ]
    assert {shop.wait_final(order_id)["status"] for order_id in placed} == {"CONFIRMED"}
    assert len(shop.letters()) == 1
    assert_at_peace_after_replay(poison)


def assert_at_peace_after_replay(poison: Poison) -> None:
    """By one key twice: it is replayed once."""
    shop = healed(poison)
    letter = poison.letter()
    first, second = [decide(shop, letter, "replay", key="again") for _ in range(2)]
    assert (first.status, first.json["status"]) == (200, "RETRYING")
    assert (second.body, first.replayed, second.replayed) == (first.body, False, True)
    assert_at_peace(shop)


def test_what_comes_behind_it_waits_for_it(poison: Poison) -> None:
    shop = poison.shop
    shop.post(f"/orders/{poison.order_id}/cancel", {}, status=200)
    waiting = until(
        lambda: [letter for letter in shop.letters() if letter["status"] == "WAITING"],
        "the cancellation waits",
    )[0]
    assert (waiting["name"], waiting["key"]) == ("order.cancelled", poison.order_id)
    answer = decide(shop, waiting, "replay")
    assert (answer.status, answer.code) == (409, "waits_for_another")
    assert_at_peace_after_replay(poison)
    stock = shop.keeping.sql("SELECT held, committed FROM {inventory.products} WHERE sku = 'TEA'")
    assert stock == [(0, poison.sold)], "confirmed, then cancelled: in this order"


def test_a_restart_changes_nothing_about_it(parked: Poison) -> None:
    before = parked.letter()
    parked.shop.restart()
    assert parked.letter() == before


def test_a_replay_before_it_is_healed_parks_it_again(parked: Poison) -> None:
    shop, letter = parked.shop, parked.letter()
    assert decide(shop, letter, "replay").status == 200
    again = until(
        lambda: [found for found in [parked.letter()] if found["lastAt"] > letter["lastAt"]], "given up again"
    )[0]
    assert (again["id"], again["attempts"], again["reason"]) == (letter["id"], ATTEMPTS, letter["reason"])


def test_given_up_it_is_gone_and_what_is_behind_goes_on(poison: Poison) -> None:
    shop, letter = poison.shop, poison.letter()
    shop.post(f"/orders/{poison.order_id}/cancel", {}, status=200)
    assert decide(shop, letter, "discard").status == 200
    until(lambda: not shop.letters(), "the cancellation was handled")
    assert decide(shop, letter, "replay").status == 404


def test_only_operators_decide(parked: Poison) -> None:
    letter = parked.letter()
    assert decide(parked.shop, letter, "discard", who="ada").status == 403
    assert decide(parked.shop, letter, "discard", who="").status == 401
    assert decide(parked.shop, {"id": "0192f0c1-0000-7000-8000-000000000000"}, "discard").status == 404
    assert parked.letter() == letter
