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
SERVICE_URLS: dict[str, Setting] = {
    f"{name}_service_url": Setting(
        readers.http, f"http://localhost:{port}", "URL", f"where the gateway asks the service {name}s"
    )
    for name, port in (("user", 3001), ("order", 3002), ("payment", 3003))
}
"""Of systems whose services publish their HTTP."""
