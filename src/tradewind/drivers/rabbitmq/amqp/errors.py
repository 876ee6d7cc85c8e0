"""The errors of a broker, as three classes that a caller can tell apart."""

from __future__ import annotations

from ....core.bus import BrokerUnusable

__all__ = ["BrokerUnusable", "LinkDown", "LinkFull", "Malformed", "Refused"]


class LinkDown(Exception):
    """Not connected and set up now. Nothing was sent; the link reconnects by itself."""


class LinkFull(Exception):
    """More is under way than the limits allow, or the broker has blocked us for too long. Nothing was
    sent.
    """


class Refused(LinkDown):
    """The broker closed the connection or the channel, with a reason."""

    def __init__(self, code: int, text: str, says: str) -> None:
        super().__init__(says)
        self.code, self.text = code, text


class Malformed(Exception):
    """What came is not AMQP 0-9-1."""
