"""The headers that a request carries beside its body, whatever its wire: how long its caller waits, and its
trace.
"""

from __future__ import annotations

from typing import Any, Final

DEADLINE: Final = "x-deadline"
"""The header with the end of the caller's patience, in ms since the epoch."""
TRACE: Final = "traceparent"


def notes(headers: dict[str, Any] | None) -> tuple[int, str]:
    """Deadline (0 for none) and traceparent, where valid ones were sent."""
    if not headers:
        return 0, ""
    deadline, trace = headers.get(DEADLINE, 0), headers.get(TRACE, "")
    return deadline if type(deadline) is int else 0, trace if type(trace) is str else ""
