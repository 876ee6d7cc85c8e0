"""Writes the head of the request that goes upstream and that of the answer that goes down: what belongs to
one connection stays there, and nobody but the edge says who a client is.
"""

from __future__ import annotations

from . import paths
from .exchange import Exchange, Headers
from .router import without_port

HOP_BY_HOP = frozenset(
    (
        b"connection",
        b"keep-alive",
        b"proxy-connection",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    )
)
OURS = frozenset(
    (
        b"host",
        b"content-length",
        b"expect",  # answered here
        b"x-forwarded-for",
        b"x-forwarded-proto",
        b"x-forwarded-host",
        b"x-forwarded-port",
        b"x-forwarded-path",
        b"x-forwarded-prefix",
        b"x-real-ip",
        b"x-kong-request-id",
        b"x-anonymous-consumer",
    )
)
"""A client's own are dropped: no proxy before the edge is trusted."""
WHO = (b"x-consumer-", b"x-credential-")
_NEVER_UP = HOP_BY_HOP | OURS
_NEVER_DOWN = HOP_BY_HOP | {b"x-kong-proxy-latency", b"x-kong-upstream-latency", b"x-kong-request-id", b"via"}
VIA = b"1.1 tradewind-edge"


def request_head(exchange: Exchange, framing: bytes) -> bytes:
    """`framing` are the lines that say how long the body is."""
    route, service = exchange.route, exchange.service
    assert route is not None and service is not None
    rest = exchange.normal[len(exchange.taken) :] if route.strip_path and exchange.taken else None
    target = paths.escaped(paths.upstream(service.path, exchange.normal, rest))
    if exchange.query is not None:
        target = f"{target}?{exchange.query}"
    host = exchange.host if route.preserve_host and exchange.host else service.authority
    kept, forwarded = _passed(exchange)
    lines = [
        f"{exchange.method} {target} HTTP/1.1\r\nhost: {host}\r\n".encode("latin-1"),
        *kept,
        b"x-forwarded-for: %b\r\n" % b", ".join([*forwarded, exchange.client.encode()]),
        _about(exchange, stripped=rest is not None),
        framing,
    ]
    lines += [b"%b: %b\r\n" % pair for pair in exchange.added.items()]
    lines.append(b"\r\n")
    return b"".join(lines)


def _passed(exchange: Exchange) -> tuple[list[bytes], list[bytes]]:
    """The lines that go on as they came, and the addresses that the client says it stands for."""
    named = _named(exchange.headers)
    kept: list[bytes] = []
    forwarded: list[bytes] = []
    for name, value in exchange.headers:
        plain = name.replace(b"_", b"-") if b"_" in name else name
        if plain in _NEVER_UP or plain.startswith(WHO):
            if name == b"x-forwarded-for" and name not in named:
                forwarded.append(value)
        elif name not in named and name not in exchange.added and name not in exchange.removed:
            kept.append(b"%b: %b\r\n" % (name, value))
    return kept, forwarded


def _about(exchange: Exchange, *, stripped: bool) -> bytes:
    host, port = exchange.local
    text = (
        f"x-forwarded-proto: http\r\nx-forwarded-host: {without_port(exchange.host) or host}\r\n"
        f"x-forwarded-port: {port}\r\n"
        f"x-forwarded-path: {exchange.path}\r\nx-real-ip: {exchange.client}\r\n"
        f"x-kong-request-id: {exchange.id}\r\n"
    )
    if stripped and exchange.taken != "/":
        text += f"x-forwarded-prefix: {paths.escaped(exchange.taken)}\r\n"
    return text.encode("latin-1")


def _named(headers: Headers) -> frozenset[bytes]:
    """The names that a Connection header takes out of the message."""
    found: frozenset[bytes] = frozenset()
    for name, value in headers:
        if name == b"connection":
            found |= {part.strip().lower() for part in value.split(b",")}
    return found


def answer_headers(headers: Headers, *, with_length: bool) -> Headers:
    """Those of the upstream's that go to the client."""
    named = _named(headers)
    kept = [
        pair
        for pair in headers
        if pair[0] not in _NEVER_DOWN
        and pair[0] not in named
        and (with_length or pair[0] != b"content-length")
    ]
    before = [value for name, value in headers if name == b"via"]
    kept.append((b"via", b", ".join([*before, VIA])))
    return kept
