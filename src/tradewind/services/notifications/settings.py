"""Names what a person may set of notifications."""

from __future__ import annotations

from ...core import readers
from ...core.settings import Setting

NAMES = ("en", "de", "brief")
DEFAULT = "en"
SETTINGS: dict[str, Setting] = {
    "notification_texts": Setting(
        readers.one_of(*NAMES), DEFAULT, "texts", "of notifications: en, de, or brief (one line each)"
    )
}
