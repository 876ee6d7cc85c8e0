"""The profiles are the published ones: their lengths, their users, their shapes; scaled, they keep their
shape.
"""

from __future__ import annotations

import pytest

from tradewind.testing.load.profiles import PROFILES

PUBLISHED = {"smoke": (2, 2), "load": (50, 16), "stress": (200, 22), "spike": (300, 5)}


def test_length_and_users_as_published() -> None:
    assert {
        name: (profile.most_users, profile.seconds / 60) for name, profile in PROFILES.items()
    } == PUBLISHED


def test_smoke_ramps_holds_and_goes_down() -> None:
    smoke = PROFILES["smoke"]
    assert [stage.seconds for stage in smoke.stages] == [30, 60, 30]
    assert [smoke.users_at(second) for second in (0, 14, 30, 60, 89, 105, 119.9, 120, 500)] == [
        0,
        1,
        2,
        2,
        2,
        1,
        0,
        0,
        0,
    ]


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("load", [(120, 20), (420, 20), (480, 35), (540, 50), (840, 50), (900, 25)]),
        ("stress", [(120, 50), (300, 50), (420, 100), (600, 100), (720, 200), (1_200, 200), (1_260, 100)]),
        ("spike", [(30, 10), (60, 300), (180, 300), (210, 10), (270, 10), (285, 5)]),
    ],
)
def test_users_at_each_turn(name: str, shape: list[tuple[float, int]]) -> None:
    assert [(second, PROFILES[name].users_at(second)) for second, _ in shape] == shape


def test_every_profile_ends_with_nobody() -> None:
    assert [profile.stages[-1].users for profile in PROFILES.values()] == [0] * 4


@pytest.mark.parametrize("name", PROFILES)
def test_scaled(name: str) -> None:
    whole, small = PROFILES[name], PROFILES[name].scaled(0.05)
    assert small.seconds == pytest.approx(whole.seconds * 0.05)
    assert small.most_users == max(1, round(whole.most_users * 0.05))
    assert [stage.users > 0 for stage in small.stages] == [stage.users > 0 for stage in whole.stages]
    assert whole.scaled(1) == whole
