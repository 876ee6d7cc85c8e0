"""The properties of a message that are used here."""

from __future__ import annotations

from typing import Any

import msgspec


class Properties(msgspec.Struct, frozen=True):
    """Properties of a message. Empty is absent. Do not change `headers` after publishing."""

    content_type: str = ""
    correlation_id: str = ""
    reply_to: str = ""
    message_id: str = ""
    expiration: str = ""  # ms, as text
    type: str = ""
    app_id: str = ""
    timestamp: int = 0  # s since the epoch
    delivery_mode: int = 0  # 0 absent, 1 transient, 2 persistent
    headers: dict[str, Any] | None = None


class Packed(msgspec.Struct, frozen=True, gc=False):
    """Properties that are encoded already, for a sender that repeats them: `flags` tells which are
    present.
    """

    flags: int
    data: bytes
    correlation_id: str = ""
    message_id: str = ""


NONE = Properties()
