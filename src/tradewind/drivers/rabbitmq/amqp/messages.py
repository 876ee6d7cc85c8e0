"""What goes through a link and how much of it: messages as the wire has them, without an opinion on their
bodies.
"""

from __future__ import annotations

import msgspec

from .fields import parse_properties
from .properties import NONE, Properties


class QueueState(msgspec.Struct, frozen=True):
    """A queue as the broker saw it when it was declared."""

    name: str
    messages: int  # ready, not those that a consumer holds
    consumers: int


class Limits(msgspec.Struct, frozen=True):
    """The bounds of a link. Times in seconds, sizes in bytes."""

    connect_s: float = 5.0  # TCP, TLS and handshake together
    call_s: float = 10.0  # a declaration, a binding, a subscription
    setup_s: float = 30.0  # all of them
    heartbeat_s: int = 10  # what we propose; the smaller one of both sides holds
    retry_first_s: float = (
        0.1  # the first pause before a new connection lasts up to this, each next one up to twice as long
    )
    retry_most_s: float = 2.0
    prefetch: int = 256  # unacknowledged deliveries, until `qos` sets another number
    message_bytes: int = (
        16 * 1024 * 1024
    )  # a larger delivery is rejected, not requeued; a larger publish is a ValueError
    buffer_bytes: int = 32 * 1024 * 1024  # written by us, not yet taken by the network
    # published, not yet confirmed; without confirms: mandatory messages whose return can still be
    # understand
    outstanding: int = 16_384
    # a confirm that takes longer, on a broker that has not blocked us, means that the connection is lost
    confirm_s: float = 30.0
    blocked_s: float = 1.0  # how long a broker may block us before `publish` refuses


class Delivery:
    """A message that came. `tag` is 0 once it is settled, and where nothing is to be acked."""

    __slots__ = (
        "_header",
        "_properties",
        "body",
        "consumer",
        "epoch",
        "exchange",
        "redelivered",
        "routing_key",
        "tag",
    )

    def __init__(
        self,
        body: bytes,
        tag: int,
        redelivered: bool,
        exchange: str,
        routing_key: str,
        consumer: str,
        header: bytes,
        epoch: int,
    ) -> None:
        self.body, self.tag, self.redelivered = body, tag, redelivered
        self.exchange, self.routing_key, self.consumer, self.epoch = exchange, routing_key, consumer, epoch
        self._header, self._properties = header, None if header else NONE

    @property
    def correlation_id(self) -> str:
        """As in the properties, and without the rest of them where it is all that there is: an answer."""
        header = self._header
        if header[12:14] == b"\x04\x00" and len(header) == 15 + header[14]:
            return str(header[15:], "utf-8", "surrogateescape")
        return self.properties.correlation_id

    @property
    def properties(self) -> Properties:
        """Parsed when first asked for. NONE where they cannot be parsed: a broker passes on what a sender has
        mangled.
        """
        if self._properties is None:
            self._properties = parse_properties(self._header)
        return self._properties
