"""Ends messages that no handler can take: the sender gets an error where there is a reply-to, else the
message is kept as a dead letter; it is acknowledged in either case.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from ....core.request_queue import Wire
from ..amqp.link import Link
from ..amqp.messages import Delivery
from .addresses import reachable
from .counts import Taken
from .replies import Replies

Park = Callable[[str, bytes], None]
logger = logging.getLogger("tradewind.rpc")


class RejectedRequests:
    """`park` is given the reason and the body."""

    def __init__(self, link: Link, wire: Wire, replies: Replies, park: Park | None, taken: Taken) -> None:
        self._wire = wire
        self._link, self._replies, self._park, self._taken = link, replies, park or _forget, taken

    def malformed(self, delivery: Delivery, reason: str, name: bytes = b"") -> None:
        """Nothing that can be read. `name` is its id, as raw JSON, where that is known."""
        self._taken.poison += 1
        if reachable(delivery.properties.reply_to):
            self.answer(delivery, self._wire.pack_malformed(reason, name))
        else:
            self._keep(delivery, reason)

    def unanswerable(self, delivery: Delivery, *, event: bool) -> None:
        """There is no reply-to, or none that can be used."""
        if event:
            self._taken.events += 1
            self._keep(delivery, "an event, on a queue of requests")
        else:
            self._taken.poison += 1
            self._keep(delivery, "a request without a reply-to that can be answered")

    def unknown(self, delivery: Delivery, name: bytes) -> None:
        """There is no handler for its pattern."""
        self._taken.unknown += 1
        self.answer(delivery, self._wire.pack_unknown(name))

    def too_much(self, delivery: Delivery, name: bytes) -> None:
        """The handlers have more at work than they should."""
        self._taken.shed += 1
        self.answer(delivery, self._wire.pack_refusal(self._wire.TOO_MUCH, name))

    def too_late(self, delivery: Delivery) -> None:
        """The caller's deadline has passed."""
        self._taken.too_late += 1
        self._link.ack(delivery)

    def answer(self, delivery: Delivery, packet: bytes) -> None:
        self._replies.send(delivery.properties, packet, lambda: self._link.ack(delivery))

    def _keep(self, delivery: Delivery, reason: str) -> None:
        try:
            self._park(reason, delivery.body)
        except Exception:  # what cannot be kept must not stop what can be served
            logger.exception("a message could not be parked (%s)", reason)
        self._link.ack(delivery)


def _forget(reason: str, body: bytes) -> None:
    logger.warning("dropped a message of %d bytes: %s", len(body), reason)
