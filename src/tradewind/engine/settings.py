"""Names what a person may set of the engine."""

from __future__ import annotations

from ..core import readers
from ..core.settings import Setting

SETTINGS: dict[str, Setting] = {
    "retry_delays_ms": Setting(
        readers.delays,
        "1000,5000,30000,120000",
        "ms, ms, …",
        "pauses before a failed message is tried again; then it is parked",
    ),
    "retention_days": Setting(
        readers.whole(30, 3_650), "30", "days", "how long the inbox (idempotency keys) and the log are kept"
    ),
}
