"""Finds the message behind a batch that cannot be kept, so that its neighbours need not pay: one message a
batch, until it is met.
"""

from __future__ import annotations

import logging

from ..core.store import RowRefused
from .dead_letters import DeadLetters
from .envelope import Envelope, Origin, refusal, tell

LOG = logging.getLogger("tradewind.engine")
MORE = 10


class PoisonSearch:
    """True while it searches."""

    def __init__(self, dead_letters: DeadLetters) -> None:
        self._dead_letters = dead_letters
        self._batches = 0

    def __bool__(self) -> bool:
        return self._batches > 0

    def search(self, among: int, error: Exception) -> None:
        """So many messages were in the batch, or came of it. `error` is a refused row, or a bug that meets
        more than one message.
        """
        LOG.error(
            "a batch cannot be kept: %s", error, exc_info=None if isinstance(error, RowRefused) else error
        )
        self._batches = max(self._batches, among + MORE)

    def cleared(self) -> None:
        """The last batch, of one message, was kept."""
        self._batches -= 1

    def accuse(self, envelope: Envelope, error: Exception) -> bool:
        """It was alone. False: it was a request, and is answered; any other message is parked when it comes
        again.
        """
        LOG.error("what %s leads to cannot be kept: %s", type(envelope.message).__name__, error)
        if envelope.origin is Origin.REQUEST:
            tell(envelope, refusal(500, "internal_error"))
            return False
        self._dead_letters.refused[envelope.runtime.name, envelope.ref] = f"{type(error).__name__}: {error}"
        return True
