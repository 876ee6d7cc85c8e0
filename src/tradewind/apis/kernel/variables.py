"""Names what a person may set of every API, in a module that is light to import."""

from __future__ import annotations

from ...core import readers
from ...core.settings import Setting

SETTINGS: dict[str, Setting] = {
    "trusted_proxies": Setting(
        readers.networks,
        "",
        "addresses or networks",
        "of proxies whose X-Forwarded-For counts for rate limit and access log, like 10.0.0.0/8",
    )
}
