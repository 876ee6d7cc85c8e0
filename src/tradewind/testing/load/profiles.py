"""The number of users over time, as in the published system's load profiles, without a clock of its own."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec


class Stage(msgspec.Struct, frozen=True):
    """`users` is what the number moves to, in a straight line, within `seconds`."""

    users: int
    seconds: float


class Profile(msgspec.Struct, frozen=True):
    """Stages follow each other, from no user at all."""

    name: str
    about: str
    stages: tuple[Stage, ...]

    @property
    def seconds(self) -> float:
        return sum([stage.seconds for stage in self.stages])

    @property
    def most_users(self) -> int:
        return max(stage.users for stage in self.stages)

    def users_at(self, second: float) -> int:
        """The number of users `second` seconds after the start; none past the end."""
        before = 0
        for stage in self.stages:
            if second < stage.seconds:
                return round(before + (stage.users - before) * second / stage.seconds)
            second, before = second - stage.seconds, stage.users
        return 0

    def scaled(self, factor: float) -> Profile:
        """The same shape with all times and all users multiplied; at least one user stays one."""
        stages = [
            Stage(max(1, round(stage.users * factor)) if stage.users else 0, stage.seconds * factor)
            for stage in self.stages
        ]
        return Profile(self.name, self.about, tuple(stages))


def _profile(name: str, about: str, stages: Sequence[tuple[int, float]]) -> Profile:
    return Profile(name, about, tuple([Stage(users, seconds) for users, seconds in stages]))


PROFILES: dict[str, Profile] = {
    profile.name: profile
    for profile in (
        _profile("smoke", "does it work at all, after a deployment", [(2, 30), (2, 60), (0, 30)]),
        _profile(
            "load", "what a usual day looks like", [(20, 120), (20, 300), (50, 120), (50, 300), (0, 120)]
        ),
        _profile(
            "stress",
            "where it breaks",
            [(50, 120), (50, 180), (100, 120), (100, 180), (200, 120), (200, 480), (0, 120)],
        ),
        _profile("spike", "a sudden crowd", [(10, 30), (300, 30), (300, 120), (10, 30), (10, 60), (0, 30)]),
    )
}
