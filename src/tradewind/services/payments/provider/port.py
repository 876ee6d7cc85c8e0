"""The interface of any payment provider, so that payments can change its provider without a change of its
own.

Two errors carry the retry policy: `ProviderDown` is definite (nothing was done, try again), `NoAnswer` is not
(ask by our key before charging again). A `Refusal` is about the request itself: another try does not help.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

import msgspec


class State(StrEnum):
    UNKNOWN = "UNKNOWN"
    PENDING = "PENDING"
    CHARGED = "CHARGED"
    DECLINED = "DECLINED"
    VOIDED = "VOIDED"


class Charge(msgspec.Struct, frozen=True):
    """What to take, under our own key. `expires_at` (ms since the epoch) is the deadline of the order."""

    key: str
    amount: int
    currency: str
    token: str
    expires_at: int


class Answer(msgspec.Struct, frozen=True):
    state: State
    code: str = ""
    charge_id: str = ""
    refunded: int = 0


class ProviderDown(Exception):
    """Definite: refused before anything was done (5xx, no connection)."""


class NoAnswer(Exception):
    """Ambiguous: it may have been done, or not."""


class Refusal(Exception):
    """The request contradicts the provider's record."""


class KeyReused(Refusal):
    """The key belongs to another charge, or another refund."""


class RefundTooLarge(Refusal):
    """More than was charged and is not refunded yet."""


class Provider(Protocol):
    async def charge(self, what: Charge) -> Answer:
        """The same key is the same charge, however often and from wherever it is asked."""

    async def find(self, key: str) -> Answer:
        """What became of the charge under our key."""

    async def void(self, key: str) -> Answer:
        """Stops a charge that is not made yet, also one that has not arrived: it will be DECLINED as
        `voided`. CHARGED stays CHARGED.
        """

    async def refund(self, key: str, refund_key: str, amount: int) -> Answer:
        """The same refund key is the same refund."""

    async def close(self) -> None: ...
