"""What can be wrong with a broker, as three errors that a caller tells apart."""

from __future__ import annotations


class BrokerUnusable(Exception):
    """The first connection cannot work. One line that says why and what to do; it never shows the
    password.
    """


class LinkDown(Exception):
    """Not connected and set up at this moment. Nothing was sent; the link comes back by itself."""


class LinkFull(Exception):
    """More is under way than the limits allow, or the broker has blocked us for too long. Nothing was
    sent.
    """


class Refused(LinkDown):
    """The broker closed the connection or the channel and said why."""

    def __init__(self, code: int, text: str, says: str) -> None:
        super().__init__(says)
        self.code, self.text = code, text


class Malformed(Exception):
    """What came is not AMQP 0-9-1."""
