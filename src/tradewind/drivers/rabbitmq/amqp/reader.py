"""Takes a stream of bytes apart into messages, confirms and other methods, with one call for each and no copy
that is not needed.
"""

from __future__ import annotations

import struct
from typing import Protocol

from .errors import Malformed
from .frames import ACK, BODY, DELIVER, ENVELOPE, HEADER, HEARTBEAT, METHOD, NACK, RETURN

CONTENTS, CONFIRMS = (DELIVER, RETURN), (ACK, NACK)
FIRST_FRAME = 256 * 1024  # nothing is agreed yet when the first ones come

_head = struct.Struct(">BHI").unpack_from
_u32 = struct.Struct(">I").unpack_from
_u64 = struct.Struct(">Q").unpack_from
_confirm = struct.Struct(">QB").unpack_from


class Sink(Protocol):
    """The receivers of a frame. `body` is None where it was longer than allowed; `place` holds exchange and
    routing key, as on the wire.
    """

    def delivered(
        self, consumer: bytes, tag: int, redelivered: bool, place: bytes, header: bytes, body: bytes | None
    ) -> None: ...
    def returned(self, method: bytes, header: bytes) -> None: ...
    def confirmed(self, tag: int, multiple: bool, kept: bool) -> None: ...
    def said(self, frame: bytes) -> None: ...


class Reader:
    """`most_body`: a longer one is counted and thrown away. Errors of `feed`: Malformed, after which there is
    no sense in going on.
    """

    def __init__(self, sink: Sink, most_body: int) -> None:
        self._sink, self._most_body = sink, most_body
        self.most_frame = FIRST_FRAME
        self._held: list[bytes] = []
        self._have, self._need = 0, ENVELOPE
        self._method = self._header = b""
        self._parts: list[bytes] | None = None
        self._missing = 0

    @property
    def unread(self) -> bytes:
        """What came and is no whole frame."""
        return b"".join(self._held)

    def feed(self, data: bytes) -> None:
        if self._held:
            self._held.append(data)
            self._have += len(data)
            if self._have < self._need:
                return
            data = b"".join(self._held)
            self._held.clear()
        size, at = len(data), 0
        need = ENVELOPE
        while size - at >= ENVELOPE:
            kind, _, length = _head(data, at)
            start = at + 7
            end = start + length
            if end >= size:
                if length + ENVELOPE > self.most_frame:
                    raise Malformed(f"a frame of {length} bytes, where {self.most_frame} are agreed")
                need = length + ENVELOPE
                break
            if data[end] != 0xCE:
                raise Malformed("a frame without its end")
            if kind == BODY:
                self._take_body(data[start:end])
            elif kind == HEADER:
                self._take_header(data[start:end])
            elif kind == METHOD:
                if length < 4:
                    raise Malformed("a method without its number")
                method = _u32(data, start)[0]
                if method in CONTENTS:
                    self._method, self._header = data[start:end], b""
                elif method in CONFIRMS:
                    if length < 13:
                        raise Malformed("a confirm without its tag")
                    tag, bits = _confirm(data, start + 4)
                    self._sink.confirmed(tag, bits & 1 != 0, method == ACK)
                else:
                    self._sink.said(data[at : end + 1])
            elif kind != HEARTBEAT:
                raise Malformed(f"a frame of kind {kind}")
            at = end + 1
        if at < size:
            self._held.append(data[at:] if at else data)
            self._have, self._need = size - at, need

    def _take_header(self, header: bytes) -> None:
        if not self._method or self._header or len(header) < 14:
            raise Malformed("a content header that belongs to nothing")
        self._header = header
        self._missing = _u64(header, 4)[0]
        self._parts = [] if self._missing <= self._most_body else None
        if not self._missing:
            self._finish(b"")

    def _take_body(self, piece: bytes) -> None:
        missing = self._missing = self._missing - len(piece)
        if missing < 0 or not self._header:
            raise Malformed("a body that belongs to nothing")
        parts = self._parts
        if parts is not None:
            if missing:
                parts.append(piece)
            elif parts:
                parts.append(piece)
                self._finish(b"".join(parts))
            else:
                self._finish(piece)
        elif not missing:
            self._finish(None)

    def _finish(self, body: bytes | None) -> None:
        method, header = self._method, self._header
        self._method = self._header = b""
        self._parts = None
        try:
            if method[3] != 60:
                self._sink.returned(method[4:], header)
                return
            after = 5 + method[4]
            tag, bits = _confirm(method, after)  # the same two fields
        except (struct.error, IndexError):
            raise Malformed("a delivery that ends too early") from None
        self._sink.delivered(method[5:after], tag, bits & 1 != 0, method[after + 9 :], header, body)
