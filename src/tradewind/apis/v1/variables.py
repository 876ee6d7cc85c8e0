"""Names what a person may set of API v1, in a module that is light to import."""

from __future__ import annotations

from ...core import readers
from ...core.settings import Setting

SETTINGS: dict[str, Setting] = {
    "cors_origins": Setting(
        readers.origins,
        "",
        "origins",
        "whose pages may call API v1 from a browser: empty for none, * for all, or https://shop.example,…",
    )
}
