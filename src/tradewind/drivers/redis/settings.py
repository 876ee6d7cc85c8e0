"""Names what a person may set of Redis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core import readers
from ...core.settings import Setting


def used(known: Mapping[str, Any]) -> bool:
    """An API that keeps copies uses it in any case, one that counts its callers where there is a limit."""
    return "cache" in known["parts"] or known["rate_limit"] > 0


SETTINGS: dict[str, Setting] = {
    "redis_url": Setting(
        readers.redis,
        "",
        "URL",
        "the Redis by which all copies share their rate limit and caches: redis://… or rediss://… with TLS; "
        "empty: each process for itself",
        shown=readers.without_password,
        only=used,
    )
}
