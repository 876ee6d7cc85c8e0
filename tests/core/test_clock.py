"""Ids that increase, whatever the clock does and whoever made the last one."""

from __future__ import annotations

import re
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.core.clock import IdVersion, SystemClock, derived

TEXTS = st.text(st.characters(codec="utf-8"), max_size=255)
UUID_7 = st.tuples(st.integers(0, 2**48 - 1), st.integers(0, 2**32)).map(
    lambda drawn: Still(drawn[0], drawn[1]).uuid()
)


class Still(SystemClock):
    def __init__(self, at: int, seed: int = 1, ids: IdVersion = "v7") -> None:
        self.at = at
        super().__init__(seed, ids=ids)

    def now(self) -> int:
        return self.at


def test_ids_increase_within_a_millisecond_and_past_its_counter() -> None:
    clock = Still(1_800_000_000_000)
    made = [clock.uuid() for _ in range(10_000)]
    assert made == sorted(set(made))


def test_ids_increase_when_the_clock_is_set_back() -> None:
    clock = Still(1_800_000_000_000)
    first = clock.uuid()
    clock.at -= 60_000
    assert clock.uuid() > first


def test_a_new_process_goes_on_after_an_older_one_whose_clock_was_ahead() -> None:
    old = Still(1_800_000_000_000)
    last = [old.uuid() for _ in range(5_000)][-1]
    new = Still(1_799_999_000_000)
    assert new.uuid() < last
    new.past(last)
    assert new.uuid() > last


def test_what_is_past_already_changes_nothing() -> None:
    clock, other = Still(1_800_000_000_000), Still(1_800_000_000_000)
    clock.past(Still(1_700_000_000_000).uuid())
    assert clock.uuid() == other.uuid()


@pytest.mark.parametrize(("ids", "version"), [("v7", 7), ("v4", 4)])
def test_the_policy_says_the_version_of_business_ids_alone(ids: IdVersion, version: int) -> None:
    clock = Still(1_800_000_000_000, ids=ids)
    made = [uuid.UUID(clock.business_id()) for _ in range(100)]
    assert {(one.version, one.variant) for one in made} == {(version, uuid.RFC_4122)}
    assert len(set(made)) == 100
    event = clock.uuid()
    assert uuid.UUID(event).version == 7
    assert uuid.UUID(clock.business_id_of(event)).version == version
    assert clock.business_id_of(event) == Still(1, seed=2, ids=ids).business_id_of(event)


def test_ids_of_version_4_say_no_time() -> None:
    clock = Still(1_800_000_000_000, ids="v4")
    made = [clock.business_id() for _ in range(1_000)]
    assert made != sorted(made)
    assert len({one[:8] for one in made}) > 990


@given(st.one_of(TEXTS, st.uuids().map(str)), TEXTS, TEXTS)
def test_a_derived_id_is_a_uuid_of_any_text(of: str, kind: str, other: str) -> None:
    made = derived(of, kind)
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", made)
    assert (made == derived(of, other)) is (kind == other)


@given(UUID_7)
def test_a_derived_id_of_version_7_has_its_millisecond(of: str) -> None:
    made = derived(of, "payment")
    assert (made[:13], uuid.UUID(made).version) == (of[:13], 7)


def test_derived_ids_of_an_installation_stay() -> None:
    """Rows of version 0.1 are found by them."""
    assert (
        derived("0192f0c1-0000-7000-8000-000000000001", "invoice") == "0192f0c1-0000-724c-80f4-32fd9ae7e645"
    )
    assert derived("101", "invoice") == "0f5cd4b0-99b4-4e77-835c-0a7c2b6ebb32"
