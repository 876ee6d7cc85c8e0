"""The health of a service is told in the words of Terminus: what is missing with 503, what is late with 200."""

from __future__ import annotations

from typing import Any

import msgspec

from tradewind.apis.events.terminus import ServiceTerminus, Terminus
from tradewind.core.http import Response

NOBODY: Any = None


def told(answer: Response) -> tuple[int, Any]:
    return answer.status, msgspec.json.decode(bytes(answer.body))


def test_a_service_tells_how_many_events_wait_for_kafka() -> None:
    late: list[str] = []
    health = ServiceTerminus(list, lambda: late, waiting=lambda: 12)
    assert told(health.ready(NOBODY)) == (200, {"status": "ok", "info": {}, "error": {}, "details": {}})
    late.append("broker: 127.0.0.1:9094")
    details = {"kafka": {"status": "down", "waiting": 12}}
    assert told(health.ready(NOBODY)) == (200, {"status": "ok", "info": {}, "error": {}, "details": details})


def test_what_is_missing_is_an_error() -> None:
    health = ServiceTerminus(lambda: ["database: cannot be reached"], waiting=int)
    down = {"database": {"status": "down"}}
    assert told(health.ready(NOBODY)) == (
        503,
        {"status": "error", "info": {}, "error": down, "details": down},
    )
    gateway = Terminus(lambda: ["orders: cannot be reached"])
    assert told(gateway.ready(NOBODY))[1]["error"] == {"orders": {"status": "down"}}
