"""Finds the message behind a batch that cannot be kept, so that its neighbours need not pay: one message a batch, until it is met."""

from __future__ import annotations

import logging

from ..core.store import RowRefused
from .dead_letters import Parking
from .envelope import Incoming, Origin, refusal, tell

LOG = logging.getLogger("tradewind.engine")
MORE = 10


class Blame:
    """True while it searches."""

    def __init__(self, parking: Parking) -> None:
        self._parking = parking
        self._batches = 0

    def __bool__(self) -> bool:
        return self._batches > 0

    def search(self, among: int, error: Exception) -> None:
        """So many messages were in the batch, or came of it. `error` is a refused row, or a bug that meets more than one message."""
        LOG.error("a batch cannot be kept: %s", error, exc_info=None if isinstance(error, RowRefused) else error)
        self._batches = max(self._batches, among + MORE)

    def cleared(self) -> None:
        """The last batch, of one message, was kept."""
        self._batches -= 1

    def accuse(self, incoming: Incoming, error: Exception) -> bool:
        """It was alone. False: it was a request, and is answered; any other message is parked when it comes again."""
        LOG.error("what %s leads to cannot be kept: %s", type(incoming.message).__name__, error)
        if incoming.origin is Origin.REQUEST:
            tell(incoming, refusal(500, "internal_error"))
            return False
        self._parking.refused[incoming.room.name, incoming.ref] = f"{type(error).__name__}: {error}"
        return True
