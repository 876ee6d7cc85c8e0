"""Names what a person may set of tracing."""

from __future__ import annotations

from ..core import readers
from ..core.settings import Setting

SETTINGS: dict[str, Setting] = {
    "otlp_endpoint": Setting(
        readers.http,
        "",
        "URL",
        "where traces go (OTLP/HTTP), like http://localhost:4318/v1/traces; empty: tracing is off",
        shown=readers.without_password,
    ),
    "trace_ratio": Setting(
        readers.number(0, 1),
        "1",
        "share",
        "of the requests that begin a trace; one that comes with its own keeps it",
        only=lambda settings: bool(settings["otlp_endpoint"]),
    ),
}
