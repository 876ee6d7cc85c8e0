"""Packs by hand the frames that every message costs: publish with header and body, ack, reject. All go
through channel 1.
"""

from __future__ import annotations

import struct

from .fields import known

METHOD, HEADER, BODY, HEARTBEAT, END = 1, 2, 3, 8, 0xCE
PUBLISH, RETURN, DELIVER, ACK, REJECT, NACK = (60 << 16 | method for method in (40, 50, 60, 80, 90, 120))

PROTOCOL = b"AMQP\x00\x00\x09\x01"
BEAT = b"\x08\x00\x00\x00\x00\x00\x00\xce"
ENVELOPE = 8  # bytes of a frame around its payload
FIRST_PIECE = 4096 - ENVELOPE

_start = struct.Struct(">BHI")
_method = struct.Struct(">BHII")
_tagged = struct.Struct(">BHIIQBB")


def publish_method(exchange: str, key: str, mandatory: bool) -> bytes:
    """The first frame of a message. Errors: ValueError for a name past 255 bytes."""
    arguments = b"\x00\x00%b%b%b\xce" % (known(exchange), known(key), b"\x01" if mandatory else b"\x00")
    return _method.pack(METHOD, 1, len(arguments) + 3, PUBLISH) + arguments


def content(header: bytes, body: bytes, most: int) -> bytes:
    """The other frames of a message, of a payload of up to `most` bytes each."""
    size = len(body)
    if not size:
        return b"%b%b\xce" % (_start.pack(HEADER, 1, len(header)), header)
    if size <= most:
        return b"%b%b\xce%b%b\xce" % (
            _start.pack(HEADER, 1, len(header)),
            header,
            _start.pack(BODY, 1, size),
            body,
        )
    parts = [_start.pack(HEADER, 1, len(header)), header, b"\xce"]
    for at in range(0, size, most):
        piece = body[at : at + most]
        parts += (_start.pack(BODY, 1, len(piece)), piece, b"\xce")
    return b"".join(parts)


def ack(tag: int, multiple: bool) -> bytes:
    return _tagged.pack(METHOD, 1, 13, ACK, tag, multiple, END)


def reject(tag: int, requeue: bool) -> bytes:
    return _tagged.pack(METHOD, 1, 13, REJECT, tag, requeue, END)
