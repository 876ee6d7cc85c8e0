"""How a call ended, as five cases that a caller treats differently."""

from __future__ import annotations

from enum import Enum

import msgspec


class Kind(Enum):
    """ANSWER and REFUSED: the service has spoken. TIMEOUT and DOWN: nobody knows what it did. BUSY: it was
    never asked.
    """

    ANSWER = "answer"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    DOWN = "down"
    BUSY = "busy"


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """`body` is the raw JSON of `response` (ANSWER; `null` where there was none) or of `err` (REFUSED); else
    a short reason as text.
    """

    kind: Kind
    body: bytes
