"""Names what a person may set of API events, in a module that is light to import."""

from __future__ import annotations

import re

from ...core.settings import Setting

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}
_LIFE = re.compile(r"([1-9][0-9]{0,8}) ?([smhd]?)")


def life(text: str) -> int:
    """Seconds: `3600`, `60s`, `15m`, `1h`, `7d`."""
    found = _LIFE.fullmatch(text)
    if found is None:
        raise ValueError("a time like 1h, 15m, 7d or 3600 (seconds)")
    return int(found[1]) * _UNITS[found[2]]


def keys(text: str) -> tuple[str, ...]:
    found = tuple([key.strip() for key in text.split(",") if key.strip()])
    if not all([re.fullmatch(r"[\x21-\x7e]{1,256}", key) for key in found]):
        raise ValueError("keys of visible ASCII characters, with commas between")
    return found


SETTINGS: dict[str, Setting] = {
    "jwt_expiration": Setting(life, "1h", "time", "how long an access token of the gateway is valid"),
    "api_key": Setting(
        keys, "", "keys", "what the services ask of their callers, with commas between; empty: nothing", True
    ),
}
