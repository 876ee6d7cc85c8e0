"""Names what a person may set of payments and of the sandbox provider."""

from __future__ import annotations

from ...core import readers
from ...core.settings import Setting

SETTINGS: dict[str, Setting] = {
    "provider_faults": Setting(
        readers.number(0, 1),
        "0",
        "share",
        "of the calls to the sandbox provider that fail at random, in any of its ways",
        only=lambda known: known["payment"] != "none",
    ),
    "provider_timeout_s": Setting(
        readers.number(0.01, 60),
        "1.0",
        "seconds",
        "how long a call to the payment provider may take",
        only=lambda known: known["payment"] != "none",
    ),
    "provider_url": Setting(
        readers.http,
        "http://127.0.0.1:8090",
        "URL",
        "where the process `provider` listens, and payments finds it where it runs apart",
        only=lambda known: known["payment"] != "none",
    ),
}
