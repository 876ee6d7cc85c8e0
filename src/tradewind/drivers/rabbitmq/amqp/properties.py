"""What is said beside the body of a message, as far as anybody here has use for it."""

from __future__ import annotations

from typing import Any

import msgspec


class Properties(msgspec.Struct, frozen=True):
    """What is said beside a body. Empty is absent. Do not change `headers` of one that you have published."""

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
    """Properties that are bytes already, for who sends the same again and again: `flags` says which they
    are.
    """

    flags: int
    data: bytes
    correlation_id: str = ""
    message_id: str = ""


NONE = Properties()
