"""Packs and parses the properties and header tables of a message by hand, because every message has them."""

from __future__ import annotations

import struct
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from .errors import Malformed
from .properties import NONE, Packed, Properties

BASIC = 60
DEEPEST = 32  # depth of nested tables, so that the parser's recursion has a bound
SIZED = [bytes([size]) for size in range(256)]
MOST_REMEMBERED = 1024

_head = struct.Struct(">HHQH")
_u32, _i32, _i64, _f64 = struct.Struct(">I"), struct.Struct(">i"), struct.Struct(">q"), struct.Struct(">d")
_short: dict[str, bytes] = {}

NUMBERS: Final[dict[int, struct.Struct]] = {
    ord(kind): struct.Struct(f">{code}")
    for kind, code in {
        "b": "b",
        "B": "B",
        "s": "h",
        "u": "H",
        "I": "i",
        "i": "I",
        "l": "q",
        "L": "q",
        "f": "f",
        "d": "d",
        "T": "Q",
    }.items()
}


def short(text: str) -> bytes:
    """A short string, at most 255 bytes. Errors: ValueError."""
    try:
        raw = text.encode()
    except UnicodeEncodeError:
        raw = text.encode(errors="surrogateescape")  # bytes that came to us as they are
    if len(raw) > 255:
        raise ValueError(f"{text[:40]!r}… is longer than 255 bytes")
    return SIZED[len(raw)] + raw


def known(text: str) -> bytes:
    """`short` for texts that repeat."""
    found = _short.get(text)
    if found is None:
        if len(_short) >= MOST_REMEMBERED:
            _short.clear()
        found = _short[text] = short(text)
    return found


def asking(correlation_id: str, reply_to: str, expiration: str, name: str, value: int) -> Packed:
    """The properties of a request with one header, a whole number of more than 31 bits: `pack_properties` of
    the same in less steps.
    """
    key, raw = known(name), correlation_id.encode()
    table = _u32.pack(len(key) + 9) + key + b"l" + _i64.pack(value)
    data = b"%b%b%b%b%b" % (table, SIZED[len(raw)], raw, known(reply_to), known(expiration))
    return Packed(0x2700, data, correlation_id)


def pack_properties(properties: Properties | Packed, size: int) -> bytes:
    """The payload of a content header for a body of `size` bytes. Errors: ValueError."""
    if type(properties) is Packed:
        return _head.pack(BASIC, 0, size, properties.flags) + properties.data
    assert isinstance(properties, Properties)
    if properties is NONE:
        return _head.pack(BASIC, 0, size, 0)
    flags, parts = 0, []
    if properties.content_type:
        flags = 0x8000
        parts.append(known(properties.content_type))
    if properties.headers:
        flags |= 0x2000
        parts.append(pack_table(properties.headers))
    if properties.delivery_mode:
        flags |= 0x1000
        parts.append(SIZED[properties.delivery_mode])
    if properties.correlation_id:
        flags |= 0x0400
        parts.append(short(properties.correlation_id))
    if properties.reply_to:
        flags |= 0x0200
        parts.append(known(properties.reply_to))
    if properties.expiration:
        if not (properties.expiration.isascii() and properties.expiration.isdigit()):
            raise ValueError(
                f"expiration {properties.expiration!r} is no number of milliseconds"
            )  # the broker would close the channel
        flags |= 0x0100
        parts.append(known(properties.expiration))
    if properties.message_id:
        flags |= 0x0080
        parts.append(short(properties.message_id))
    if properties.timestamp:
        flags |= 0x0040
        parts.append(_i64.pack(properties.timestamp))
    if properties.type:
        flags |= 0x0020
        parts.append(known(properties.type))
    if properties.app_id:
        flags |= 0x0008
        parts.append(known(properties.app_id))
    return _head.pack(BASIC, 0, size, flags) + b"".join(parts)


def parse_properties(header: bytes) -> Properties:
    """Of the payload of a content header. What we have no use for is skipped; NONE if it is mangled."""
    try:
        return _parse_properties(header)
    except (IndexError, struct.error, Malformed, OverflowError):
        return NONE


def _parse_properties(header: bytes) -> Properties:
    flags = header[12] << 8 | header[13]
    if flags & 1:
        raise Malformed("no property is that far")
    at = 14
    content_type = correlation_id = reply_to = expiration = message_id = kind = app_id = ""
    headers: dict[str, Any] | None = None
    delivery_mode = timestamp = 0
    if flags & 0x8000:
        content_type, at = _text(header, at)
    if flags & 0x4000:  # content encoding
        at += header[at] + 1
    if flags & 0x2000:
        headers, at = parse_table(header, at)
    if flags & 0x1000:
        delivery_mode = header[at]
        at += 1
    if flags & 0x0800:  # priority
        at += 1
    if flags & 0x0400:
        correlation_id, at = _text(header, at)
    if flags & 0x0200:
        reply_to, at = _text(header, at)
    if flags & 0x0100:
        expiration, at = _text(header, at)
    if flags & 0x0080:
        message_id, at = _text(header, at)
    if flags & 0x0040:
        timestamp = _i64.unpack_from(header, at)[0]
        at += 8
    if flags & 0x0020:
        kind, at = _text(header, at)
    if flags & 0x0010:  # user id
        at += header[at] + 1
    if flags & 0x0008:
        app_id, at = _text(header, at)
    return Properties(
        content_type,
        correlation_id,
        reply_to,
        message_id,
        expiration,
        kind,
        app_id,
        timestamp,
        delivery_mode,
        headers,
    )


def _text(data: bytes, at: int) -> tuple[str, int]:
    end = at + 1 + data[at]
    if end > len(data):
        raise Malformed("a text that ends past its frame")
    return str(data[at + 1 : end], "utf-8", "surrogateescape"), end


def pack_table(table: dict[str, Any]) -> bytes:
    """A field table. Errors: ValueError for what AMQP has no kind for."""
    body = b"".join([known(name) + _pack(value) for name, value in table.items()])
    return _u32.pack(len(body)) + body


def _pack(value: Any) -> bytes:
    packer = PACKERS.get(type(value))
    if packer is None:
        raise ValueError(f"a header cannot hold a {type(value).__name__}")
    return packer(value)


def _pack_text(value: str) -> bytes:
    raw = value.encode(errors="surrogateescape")
    return b"S" + _u32.pack(len(raw)) + raw


def _pack_number(value: int) -> bytes:
    if -0x80000000 <= value <= 0x7FFFFFFF:
        return b"I" + _i32.pack(value)
    if not -(1 << 63) <= value < 1 << 63:
        raise ValueError(f"{value} has more than 64 bits")
    return b"l" + _i64.pack(value)


def _pack_list(value: list[Any]) -> bytes:
    body = b"".join([_pack(each) for each in value])
    return b"A" + _u32.pack(len(body)) + body


PACKERS: Final[dict[type, Callable[[Any], bytes]]] = {
    str: _pack_text,
    bool: lambda value: b"t\x01" if value else b"t\x00",
    int: _pack_number,
    float: lambda value: b"d" + _f64.pack(value),
    bytes: lambda value: b"x" + _u32.pack(len(value)) + value,
    dict: lambda value: b"F" + pack_table(value),
    list: _pack_list,
    datetime: lambda value: b"T" + _i64.pack(int(value.timestamp())),
    type(None): lambda value: b"V",
}


def parse_table(data: bytes, at: int, depth: int = 0) -> tuple[dict[str, Any], int]:
    """The table at `at`, and where it ends. A timestamp is seconds since the epoch. Errors: Malformed,
    IndexError, struct.error.
    """
    at, end = _extent(data, at, depth)
    table: dict[str, Any] = {}
    while at < end:
        name, at = _text(data, at)
        table[name], at = _parse(data, at, depth)
    if at != end:
        raise Malformed("a table that ends past itself")
    return table, end


def _extent(data: bytes, at: int, depth: int) -> tuple[int, int]:
    start = at + 4
    end = start + int(_u32.unpack_from(data, at)[0])
    if end > len(data) or depth > DEEPEST:
        raise Malformed("a field that ends past its frame, or tables in too many tables")
    return start, end


def _parse(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    kind = data[at]
    at += 1
    if kind == 0x53 or kind == 0x78:  # S, x
        at, end = _extent(data, at, 0)
        return (str(data[at:end], "utf-8", "surrogateescape") if kind == 0x53 else data[at:end]), end
    if number := NUMBERS.get(kind):
        return number.unpack_from(data, at)[0], at + number.size
    if kind == 0x74:  # t
        return data[at] != 0, at + 1
    if kind == 0x46:  # F
        return parse_table(data, at, depth + 1)
    if kind == 0x41:  # A
        at, end = _extent(data, at, depth + 1)
        values = []
        while at < end:
            value, at = _parse(data, at, depth + 1)
            values.append(value)
        if at != end:
            raise Malformed("a list that ends past itself")
        return values, end
    if kind == 0x56:  # V
        return None, at
    if kind == 0x44:  # D
        return _i32.unpack_from(data, at + 1)[0] / 10 ** data[at], at + 5
    raise Malformed(f"no kind of field is {kind}")
