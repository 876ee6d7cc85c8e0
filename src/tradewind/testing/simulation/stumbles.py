"""Makes handlers of events fail for a while, as after a release with a bug: what they could not do must be
done once they can.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...core.model import Answers, Event, Performs, Rule, Service
from .weather import Weather

MOST = 6  # a message that fails more than four times is a dead letter, until the operator tries it again


class Stumble(Exception):
    """A handler's bug."""


Left = dict[tuple[str, str], int]


def stumbling(services: Iterable[Service], weather: Weather, left: Left) -> list[Service]:
    """The same services, where what is drawn fails its first few times; how often it still will is `left`."""
    return (
        [_stumbling(service, weather, left) for service in services] if weather.stumbles else list(services)
    )


def _stumbling(service: Service, weather: Weather, left: Left) -> Service:
    rules = [
        _wrapped(service.name, rule, weather, left) if issubclass(rule.hears, Event) else rule
        for rule in service.rules.values()
    ]
    does: list[Rule | Performs | Answers] = [*rules, *service.performs.values(), *service.answers.values()]
    return Service(service.name, keeps=service.tables.values(), does=does, says=service.says)


def _wrapped(name: str, rule: Rule, weather: Weather, left: Left) -> Rule:
    def do(message: Any, *arguments: Any) -> Any:
        which = (name, repr(message))
        if which not in left:
            left[which] = weather.random.randint(1, MOST) if weather.strikes(weather.stumbles) else 0
        if left[which] > 0:
            left[which] -= 1
            raise Stumble(f"{rule.do.__name__} fails, {left[which]} more to come")
        return (yield from rule.do(message, *arguments))

    return Rule(rule.hears, do, rule.loads)
