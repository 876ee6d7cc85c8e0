"""Judges a request head beyond its grammar: what two servers in a row could understand in two ways is refused
(request smuggling).
"""

from __future__ import annotations

import re

from httptools import HttpParserCallbackError, HttpParserError, HttpRequestParser

from . import refusals
from .refusals import Refused, malformed

SINGLE = frozenset(
    b"host content-length transfer-encoding content-type content-encoding expect authorization "
    b"proxy-authorization "
    b"idempotency-key x-idempotency-key x-api-key x-request-id origin".split()
)
HOST_BYTES = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~%!$&'()*+;=:[]"
ABSOLUTE = re.compile(rb"(?i:https?)://([^/?@]+)((?:[/?].*)?)", re.DOTALL)


def gather(raw: list[tuple[bytes, bytes]], single: frozenset[bytes] = SINGLE) -> dict[bytes, bytes]:
    headers: dict[bytes, bytes] = {}
    for name, value in raw:
        name = name.lower()
        if name in headers:
            if name in single:
                raise Refused(malformed("A header that may be given once is given twice."))
            value = headers[name] + (b"; " if name == b"cookie" else b", ") + value
        headers[name] = value.rstrip(b" \t")
    return headers


def origin_form(method: str, url: bytes, headers: dict[bytes, bytes]) -> bytes:
    """The path and query of a target that does not begin with a slash."""
    if method == "CONNECT" or (url == b"*" and method == "OPTIONS"):
        return url
    absolute = ABSOLUTE.fullmatch(url)
    if absolute is None:
        raise Refused(malformed("The request target is neither a path nor an http URL."))
    if b"host" in headers:
        headers[b"host"] = absolute[1]  # RFC 9112 3.2.2: the target's authority wins
    return absolute[2] if absolute[2].startswith(b"/") else b"/" + absolute[2]


def split_target(url: bytes) -> tuple[str, bytes]:
    if b"#" in url:
        raise Refused(malformed("The request target has a fragment."))
    path, _, query = url.partition(b"?")
    return path.decode("ascii"), query


def check_host(host: bytes) -> None:
    if host.translate(None, HOST_BYTES):
        raise Refused(malformed("The Host header is not a host."))


def check_coding(coding: bytes, http10: bool) -> None:
    if http10:
        raise Refused(malformed("HTTP/1.0 knows no transfer coding."))
    if coding.lower() != b"chunked":
        raise Refused(refusals.CODING)


def check_expectation(expected: bytes) -> None:
    if expected.lower() != b"100-continue":
        raise Refused(refusals.EXPECTATION)


def reason(parser: HttpRequestParser, error: HttpParserError) -> BaseException:
    """Why the parser gave up, as `Refused`; an error of a callback stays what it is."""
    if isinstance(error, HttpParserCallbackError):
        return error.__context__ or error
    if parser.get_http_version() not in ("0.0", "1.0", "1.1"):
        return Refused(refusals.VERSION)
    return Refused(refusals.MALFORMED)


def without_upgrade(parser: HttpRequestParser, url: bytes, raw: list[tuple[bytes, bytes]]) -> bytes:
    """The same head again without its Upgrade: the parser would take the body of such a request for another
    protocol, and the next request would begin inside the body.
    """
    lines = [b"%b: %b\r\n" % pair for pair in raw if pair[0].lower() not in (b"upgrade", b"connection")]
    tokens = [
        token.strip() for name, value in raw if name.lower() == b"connection" for token in value.split(b",")
    ]
    kept = [token for token in tokens if token.lower() not in (b"upgrade", b"keep-alive", b"close", b"")]
    kept.append(b"keep-alive" if parser.should_keep_alive() else b"close")
    lines.append(b"connection: %b\r\n\r\n" % b", ".join(kept))
    start = b"%b %b HTTP/%b\r\n" % (parser.get_method(), url, parser.get_http_version().encode())
    return start + b"".join(lines)
