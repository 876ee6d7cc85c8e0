"""Lists the places where a test may kill the process."""

from __future__ import annotations

from .common import Json, show


def failpoints(json: Json = False) -> None:
    """List the failpoints that TRADEWIND_FAIL can arm.

    Example: TRADEWIND_FAIL=batch.before-commit:3:kill tradewind up
    """
    from ..core.failpoints import REGISTRY
    from ..runtime.failpoints import load

    load()
    rows = sorted(REGISTRY.values(), key=lambda point: point.name)
    if json:
        show([{"name": point.name, "says": point.what} for point in rows])
    else:
        for point in rows:
            print(f"{point.name:28} {point.what}")
