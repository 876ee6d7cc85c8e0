"""Sends one request over HTTP/1.1 and reads the answer, every wait of it under one deadline: a client library
is megabytes for this.
"""

from __future__ import annotations

import asyncio
import zlib
from typing import TYPE_CHECKING

import httptools
import msgspec

from .endpoint import Endpoint

if TYPE_CHECKING:
    import ssl

MOST_BYTES = 64 * 1024
LONGEST_PAUSE_S = 30.0
AGENT = "tradewind-otlp"


class NotSent(Exception):
    """It is unknown whether it arrived; the text says what happened. It may be sent again."""


class Answer(msgspec.Struct):
    """`retry_after_s` is what the header asked for, bounded; 0: nothing."""

    status: int = 0
    retry_after_s: float = 0.0
    body: bytes = b""
    whole: bool = False


class Reader:
    """What httptools calls while it parses."""

    def __init__(self) -> None:
        self.answer = Answer()
        self.parser = httptools.HttpResponseParser(self)

    def on_header(self, name: bytes, value: bytes) -> None:
        if (
            name.lower() == b"retry-after" and value.strip().isdigit()
        ):  # the form with a date is rare and needs no more than our backoff
            self.answer.retry_after_s = min(LONGEST_PAUSE_S, float(value.strip()[:6]))

    def on_headers_complete(self) -> None:
        self.answer.status = self.parser.get_status_code()

    def on_body(self, body: bytes) -> None:
        self.answer.body += body

    def on_message_complete(self) -> None:
        self.answer.whole = self.answer.status >= 200


def trust(place: Endpoint) -> ssl.SSLContext | None:
    """What a TLS connection checks the collector by; made once, because the system's certificates take
    megabytes and milliseconds. Errors: OSError (the file of `ca` cannot be read).
    """
    if not place.tls:
        return None
    import ssl

    return ssl.create_default_context(cafile=place.ca or None)


async def post(place: Endpoint, body: bytes, tls: ssl.SSLContext | None, timeout_s: float) -> Answer:
    """One attempt on a connection of its own. Errors: NotSent."""
    try:
        async with asyncio.timeout(timeout_s):
            return await _exchange(place, body, tls)
    except TimeoutError as error:
        raise NotSent(f"no answer within {timeout_s:g} s") from error
    except httptools.HttpParserError as error:
        raise NotSent("the answer is not HTTP") from error
    except (OSError, ValueError) as error:  # ValueError: a host name that cannot be encoded
        raise NotSent(str(error) or type(error).__name__) from error


async def _exchange(place: Endpoint, body: bytes, tls: ssl.SSLContext | None) -> Answer:
    reader, writer = await asyncio.open_connection(place.host, place.port, ssl=tls)
    try:
        if place.gzip:
            pack = zlib.compressobj(1, wbits=31)  # 31: a gzip header
            body = pack.compress(body) + pack.flush()
        writer.write(_head(place, len(body)) + body)
        await writer.drain()
        heard = Reader()
        while not heard.answer.whole and len(heard.answer.body) < MOST_BYTES:
            data = await reader.read(MOST_BYTES)
            if not data:
                break
            heard.parser.feed_data(data)
        if heard.answer.status < 200:
            raise NotSent("the connection ended before the answer")
        return heard.answer
    finally:
        writer.transport.abort()  # all is said; a close may wait for the other side


def _head(place: Endpoint, length: int) -> bytes:
    lines = [
        f"POST {place.path} HTTP/1.1",
        f"host: {place.authority}",
        f"user-agent: {AGENT}",
        "content-type: application/json",
        *(["content-encoding: gzip"] if place.gzip else []),
        f"content-length: {length}",
        "connection: close",
        *(f"{name}: {value}" for name, value in place.headers),
        "\r\n",
    ]
    return "\r\n".join(lines).encode("latin-1")
