"""How the sandbox treats each test token, as one table."""

from __future__ import annotations

from typing import Literal

import msgspec

from .port import Charge


class Manner(msgspec.Struct, frozen=True, kw_only=True):
    declines: str = ""
    errors: int = 0
    """How many calls per key find the provider down, before it works."""
    loses: Literal["", "request", "answer"] = ""
    """What gets lost at the first call of a key."""
    delay_ms: int = 0
    from_deadline: bool = False
    """The delay counts from the deadline of the order, not from the call."""
    waits: bool = False
    """The caller waits until the charge is made; otherwise it gets PENDING."""
    tells: bool = False
    voidable: bool = True

    def due_at(self, what: Charge, now: int) -> int | None:
        if not self.delay_ms:
            return None
        return (max(what.expires_at, now) if self.from_deadline else now) + self.delay_ms


MANNERS = {
    "tok_ok": Manner(),
    "tok_declined": Manner(declines="card_declined"),
    "tok_insufficient_funds": Manner(declines="insufficient_funds"),
    "tok_error_then_ok": Manner(errors=2),
    "tok_charged_no_answer": Manner(loses="answer"),
    "tok_no_answer": Manner(loses="request"),
    "tok_slow": Manner(delay_ms=2_000, waits=True),
    "tok_webhook": Manner(delay_ms=1_000, tells=True),
    "tok_never": Manner(delay_ms=1_000, from_deadline=True, tells=True, voidable=False),
}
STRANGER = "unknown"
UNKNOWN = Manner(declines="unknown_token")


def kind(token: str) -> str:
    """What the ledger keeps of a token: the name of a test token, and nothing of a real one."""
    return token if token in MANNERS else STRANGER


def manner(of: str) -> Manner:
    return MANNERS.get(of, UNKNOWN)
