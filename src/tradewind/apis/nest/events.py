"""What an event looks like that a NestJS program emits: `{"pattern":…,"data":…}`, without an id."""

from __future__ import annotations

import msgspec
from msgspec import Raw

from .patterns import route


class _Packet(msgspec.Struct, gc=False):
    pattern: Raw = Raw()
    data: Raw = Raw()


_packet = msgspec.json.Decoder(_Packet).decode


def pack_event(pattern: str, data: bytes) -> bytes:
    """As `ClientProxy.emit` writes it. `pattern` needs no escapes, `data` is JSON."""
    return b'{"pattern":"%b","data":%b}' % (pattern.encode(), data)


def unpack_event(body: bytes) -> tuple[str, bytes] | None:
    """The name of the pattern, as NestJS finds it, and the data. None: an object without both, or no object.
    Errors: msgspec.DecodeError, UnicodeDecodeError, RecursionError for what is not JSON.
    """
    if not body.isascii():
        body.decode()  # a text that is cut out unseen is checked here
    try:
        packet = _packet(body)
    except msgspec.ValidationError:
        return None
    pattern, data = bytes(packet.pattern), bytes(packet.data)
    return (route(pattern), data) if pattern and data else None
