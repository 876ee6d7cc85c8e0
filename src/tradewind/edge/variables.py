"""Names what a person may set of the edge, in a module that is light to import."""

from __future__ import annotations

from ..core import readers
from ..core.settings import Setting

SETTINGS: dict[str, Setting] = {
    "kong_declarative_config": Setting(
        readers.word,
        "",
        "file",
        "the edge: what it does, in Kong's declarative format; or the name of a shipped one",
    ),
    "kong_status_listen": Setting(
        readers.matching(r"\S+:[0-9]{1,5}", "HOST:PORT, like 127.0.0.1:8100"),
        "",
        "HOST:PORT",
        "the edge: where /status and /metrics are; empty: nowhere",
    ),
}
