"""One TCP connection with one channel of AMQP 0-9-1, from the handshake to its loss; a new connection is a
new object.

All frames of one turn of the loop are sent with one write, and a message costs a few function calls.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import cast

from . import explain, frames, methods
from .calls import Calls
from .errors import LinkDown, LinkFull, Malformed
from .fields import pack_properties, parse_properties
from .gathering import Gathering
from .messages import Delivery, Limits
from .outstanding import EventRecord, Outstanding
from .properties import Packed, Properties
from .reader import Reader

TRANSPORT_BYTES = 1024 * 1024  # above this, the transport pauses us until it has sent enough
MOST_REMEMBERED = 1024
LINGER_S = 1.0  # what is still unsent may take this long when it ends
logger = logging.getLogger(__name__)


class Connection(Calls, asyncio.Protocol):
    """`lost` is called once, when the connection ended by itself or by `fail`."""

    def __init__(
        self, name: str, limits: Limits, epoch: int, *, confirms: bool, lost: Callable[[LinkDown], None]
    ) -> None:
        super().__init__(name, limits)
        self.epoch, self.confirms, self._lost = epoch, confirms, lost
        self.outstanding = Outstanding(limits.outstanding, confirms=confirms)
        self.blocked, self.blocked_since = "", 0.0
        self.oversized = 0  # deliveries that were too large
        self.heard = False  # since the last beat
        self.greeted = False  # by a frame that AMQP knows
        self._loop = asyncio.get_running_loop()
        self._reader = Reader(self, limits.message_bytes)
        self._transport: asyncio.Transport | None = None
        self._out: list[bytes] = []
        self._room, self._flushing = limits.buffer_bytes, False
        self._piece = frames.FIRST_PIECE
        self._soon = Gathering(self._loop, self._flush).soon
        self._acked = 0  # all up to here are
        self._places: dict[bytes, tuple[str, str]] = {}
        self._publishes: dict[tuple[str, str, bool], bytes] = {}

    def agree(self, most_frame: int) -> None:
        """No frame is longer than that, from now on."""
        self._reader.most_frame = most_frame
        self._piece = most_frame - frames.ENVELOPE

    # -- what a message costs
    # -----------------------------------------------------------------------------------------

    def publish(
        self,
        exchange: str,
        key: str,
        body: bytes,
        properties: Properties | Packed,
        mandatory: bool,
        then: EventRecord | None,
        returned: EventRecord | None,
    ) -> None:
        if len(body) > self.limits.message_bytes:
            raise ValueError(f"a body of {len(body)} bytes, where {self.limits.message_bytes} are allowed")
        place = (exchange, key, mandatory)
        method = self._publishes.get(place)
        if method is None:
            if len(self._publishes) >= MOST_REMEMBERED:
                self._publishes.clear()
            method = self._publishes[place] = frames.publish_method(exchange, key, mandatory)
        message = method + frames.content(pack_properties(properties, len(body)), body, self._piece)
        outstanding = self.outstanding
        if len(message) > self._room or outstanding.full:
            raise LinkFull(
                f"{len(outstanding)} messages wait for the broker's word, "
                f"{self.limits.buffer_bytes - self._room} bytes for the network"
            )
        if self.confirms or (mandatory and returned is not None):
            identity = (
                (exchange, key, properties.correlation_id, properties.message_id) if mandatory else None
            )
            outstanding.add(then, returned, identity)
        self._room -= len(message)
        self._out.append(message)
        if not self._flushing:
            self._flushing = True
            self._soon()

    def ack(self, delivery: Delivery, multiple: bool) -> None:
        tag = delivery.tag
        if delivery.epoch == self.epoch and tag > self._acked:
            delivery.tag = 0
            if multiple:
                self._acked = tag
            self.send(frames.ack(tag, multiple))

    def reject(self, delivery: Delivery, requeue: bool) -> None:
        tag = delivery.tag
        if delivery.epoch == self.epoch and tag > self._acked:
            delivery.tag = 0
            self.send(frames.reject(tag, requeue))

    def send(self, data: bytes) -> None:
        self._room -= len(data)
        self._out.append(data)
        if not self._flushing:
            self._flushing = True
            self._soon()

    def _flush(self) -> None:
        if (
            self._transport is None or self._transport.is_closing()
        ):  # a transport that has closed itself reports it only in its next turn
            return
        self._flushing = False
        out = self._out
        if out:
            self._transport.write(out[0] if len(out) == 1 else b"".join(out))
            out.clear()
        self._room = self.limits.buffer_bytes - self._transport.get_write_buffer_size()

    # -- called by the reader
    # -----------------------------------------------------------------------------------------

    def delivered(
        self, consumer: bytes, tag: int, redelivered: bool, place: bytes, header: bytes, body: bytes | None
    ) -> None:
        found = self._places.get(place)
        if found is None:
            found = self._place(place)
        known = self.consumers.get(consumer)
        if known is None or known.take is None or body is None:
            self._turn_away(tag, None if known is None else known.no_ack, oversized=body is None)
            return
        delivery = Delivery(
            body, 0 if known.no_ack else tag, redelivered, found[0], found[1], known.tag, header, self.epoch
        )
        try:
            known.take(delivery)
        except Exception:  # it comes again with the next connection; the others must not wait for that
            logger.exception("a delivery from %s could not be handed over", known.tag)

    def _place(self, place: bytes) -> tuple[str, str]:
        end = place[0] + 1
        if len(place) < end + 1 or len(place) != end + 1 + place[end]:
            raise Malformed("a delivery that ends too early")
        if len(self._places) >= MOST_REMEMBERED:
            self._places.clear()
        text = str(place, "utf-8", "surrogateescape") if place.isascii() else ""
        found = (text[1:end], text[end + 1 :]) if text else (_text(place[1:end]), _text(place[end + 1 :]))
        self._places[place] = found
        return found

    def _turn_away(self, tag: int, no_ack: bool | None, *, oversized: bool) -> None:
        if oversized:
            self.oversized += 1
            logger.warning("a message of more than %d bytes was rejected", self.limits.message_bytes)
        if no_ack is False:
            self.send(frames.reject(tag, not oversized))

    def returned(self, method: bytes, header: bytes) -> None:
        code, after = method[0] << 8 | method[1], 3 + method[2]
        exchange, key = self._place(method[after:])
        properties = parse_properties(header)
        text = (
            f"no such queue ({exchange or 'default exchange'}, {key})"
            if code == 312
            else _text(method[3:after])
        )
        self.outstanding.give_back((exchange, key, properties.correlation_id, properties.message_id), text)

    def confirmed(self, tag: int, multiple: bool, kept: bool) -> None:
        self.outstanding.settle(tag, multiple, kept)

    def said(self, frame: bytes) -> None:
        method = methods.parse(frame)
        self.greeted = True
        name = method.name
        if name == "Connection.Close":
            self.send(methods.close_ok())
            self.fail(explain.refusal(method.reply_code, method.reply_text))
        elif name == "Channel.Close":
            self.send(methods.channel_close_ok())
            self.send(methods.close().frame)
            self.fail(explain.refusal(method.reply_code, method.reply_text))
        elif name == "Connection.Blocked":
            self.blocked, self.blocked_since = method.reason or "an alarm", self._loop.time()
        elif name == "Connection.Unblocked":
            self.blocked = ""
        elif name == "Basic.Cancel":
            self.fail(
                LinkDown(
                    f"the broker ended the subscription {method.consumer_tag}: its queue was deleted, or "
                    f"has moved"
                )
            )
        else:
            self.answered(method)

    # -- called by the event loop
    # -------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if self.error is not None:
            self._transport.abort()
            return
        self._transport.set_write_buffer_limits(high=min(TRANSPORT_BYTES, self.limits.buffer_bytes // 2))
        self.send(frames.PROTOCOL)

    def data_received(self, data: bytes) -> None:
        self.heard = True
        if self.error is not None:
            return
        try:
            self._reader.feed(data)
        except Malformed as error:
            self.fail(LinkDown(explain.trouble(error, tls=False)))

    def resume_writing(self) -> None:
        self._flush()  # the transport accepts data again

    def connection_lost(self, error: Exception | None) -> None:
        self.fail(LinkDown(explain.ended(error, self._reader.unread, ready=self.greeted)))

    # -- ending
    # -------------------------------------------------------------------------------------------------------

    def blocked_for(self) -> float:
        return self._loop.time() - self.blocked_since

    async def finish(self, confirms_s: float, close_s: float) -> None:
        """Waits for confirms, then ends it in words."""
        if self.confirms and len(self.outstanding):
            empty = asyncio.Event()
            self.outstanding.on_empty = empty.set
            with suppress(TimeoutError):
                async with asyncio.timeout(confirms_s):
                    await empty.wait()
        if self.error is None:
            with suppress(LinkDown, TimeoutError):  # then it is closed without the other side's consent
                async with asyncio.timeout(close_s):
                    await self.call(methods.close())
        self.fail(LinkDown("stopped"))

    def fail(self, error: LinkDown) -> None:
        """Ends it, with what is still to be written. Only the first error counts."""
        if self.error is not None:
            return
        self.error = error
        self.give_up(error)
        if self._transport is not None and not self._transport.is_closing():
            self._flush()
            self._transport.close()
            self._loop.call_later(
                LINGER_S, self._transport.abort
            )  # close waits for what the other side does not take
        self._lost(error)
        self.outstanding.lose(f"lost before the broker confirmed it: {error}")


def _text(raw: bytes) -> str:
    return str(raw, "utf-8", "surrogateescape")
