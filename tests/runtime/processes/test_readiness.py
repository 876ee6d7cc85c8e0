"""What a process lacks to accept new work, by what brings it: requests of a queue or by HTTP, messages of other
programs, or events of ours alone.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tradewind.runtime.blueprint import Address
from tradewind.runtime.processes.events import Subscribers
from tradewind.runtime.processes.service import Takers

AWAY = "the broker is away"


def subscriber(missing: str) -> Any:
    return SimpleNamespace(link=SimpleNamespace(missing=missing))


def takers(*, http: bool, requests: bool, channel: bool) -> Takers:
    """Of a process whose broker is away; it publishes, and subscribes to events of ours."""
    made, subscribers = object.__new__(Takers), object.__new__(Subscribers)
    subscribers.own = [subscriber(AWAY)]
    subscribers.channels = [subscriber(AWAY)] if channel else []
    apis = {"v1": Address("http")} if http else {}
    parts: dict[str, Any] = {
        "_context": SimpleNamespace(process=SimpleNamespace(apis=apis)),
        "_made": SimpleNamespace(late=lambda: [AWAY]),
        "_subscribers": subscribers,
        "servers": [SimpleNamespace(missing=AWAY)] if requests else [],
    }
    vars(made).update(parts)
    return made


@pytest.mark.parametrize(
    ("http", "requests", "channel", "ready"),
    [
        (True, False, False, True),  # what it accepts is kept, and published later
        (True, False, True, False),  # what others publish does not come
        (False, True, False, False),
        (False, False, False, False),
        (False, False, True, False),
    ],
)
def test_without_the_broker(http: bool, requests: bool, channel: bool, ready: bool) -> None:
    made = takers(http=http, requests=requests, channel=channel)
    assert (not made.missing()) == ready
    assert AWAY in made.late()
