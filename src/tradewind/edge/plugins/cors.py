"""Lets pages of other origins call: answers a preflight before anybody asks for a key, and says on every
answer who may read it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated, Literal, TypeAlias
from urllib.parse import urlsplit

import msgspec

from ..declared import Block
from ..exchange import Answer, Exchange, Headers, with_header
from .base import Around, Config, Plugin

Method: TypeAlias = Literal["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE", "OPTIONS", "TRACE", "CONNECT"]
METHODS: tuple[Method, ...] = ("GET", "HEAD", "PUT", "PATCH", "POST", "DELETE", "OPTIONS", "TRACE", "CONNECT")
ALLOW_ORIGIN, CREDENTIALS, VARY = b"access-control-allow-origin", b"access-control-allow-credentials", b"vary"
_LITERAL = re.compile(r"[A-Za-z0-9.:/-]+")
USUAL = {"http": 80, "https": 443}


class CorsConfig(Config, frozen=True):
    origins: tuple[str, ...] = ()
    methods: tuple[Method, ...] = METHODS
    headers: tuple[str, ...] = ()
    exposed_headers: tuple[str, ...] = ()
    max_age: Annotated[int, msgspec.Meta(ge=0)] | None = None
    credentials: bool = False
    private_network: bool = False
    allow_origin_absent: bool = True
    preflight_continue: bool = False

    def complaint(self) -> str:
        for origin in self.origins:
            if origin != "*" and not _LITERAL.fullmatch(origin):
                try:
                    re.compile(origin, re.ASCII)
                except re.error as error:
                    return f"origins: {origin!r} is not a regex: {error}"
        return ""


class Cors(Plugin):
    name = "cors"
    priority = 2000
    config = CorsConfig

    def __init__(self, config: CorsConfig, block: Block, around: Around) -> None:
        self._config = config
        self._any = not config.origins or config.origins == ("*",)
        alone = config.origins[0] if len(config.origins) == 1 else ""
        self._alone = alone.encode() if _LITERAL.fullmatch(alone) else b""
        self._origins = [_Origin(text) for text in config.origins if not self._any and not self._alone]
        self._methods = ",".join(config.methods).encode()
        self._headers = ",".join(config.headers).encode()
        self._exposed = ",".join(config.exposed_headers).encode()

    def access(self, exchange: Exchange) -> Answer | None:
        if (
            exchange.method != "OPTIONS"
            or (origin := exchange.header(b"origin")) is None
            or exchange.header(b"access-control-request-method") is None
        ):
            return None
        exchange.noted[self] = "preflight"
        if self._config.preflight_continue:
            return None
        headers: Headers = []
        self._allow(origin, headers)
        asked = self._headers or exchange.header(b"access-control-request-headers")
        if asked:
            headers.append((b"access-control-allow-headers", asked))
        headers.append((b"access-control-allow-methods", self._methods))
        if self._config.max_age is not None:
            headers.append((b"access-control-max-age", str(self._config.max_age).encode()))
        private = exchange.header(b"access-control-request-private-network") == b"true"
        if private and self._config.private_network:
            headers.append((b"access-control-allow-private-network", b"true"))
        return Answer(200, b"", headers)

    def answered(self, exchange: Exchange, headers: Headers) -> None:
        if self in exchange.noted:
            return
        origin = exchange.header(b"origin")
        if origin is None and not self._config.allow_origin_absent:
            return
        self._allow(origin, headers)
        if self._exposed:
            with_header(headers, b"access-control-expose-headers", self._exposed)

    def _allow(self, origin: bytes | None, headers: Headers) -> None:
        if self._any:
            if self._config.credentials and origin is not None:  # `*` may not come with credentials
                self._say(headers, origin, credentials=True, vary=True)
            else:
                self._say(headers, b"*", credentials=False, vary=False)
        elif self._alone:
            self._say(headers, self._alone, credentials=self._config.credentials, vary=True)
        else:
            found = b"" if origin is None else self._matching(origin)
            whole = found == b"*"
            credentials = self._config.credentials and (not whole or origin is not None)
            shown = origin if whole and credentials else found
            self._say(headers, shown or None, credentials=credentials, vary=True)

    def _matching(self, origin: bytes) -> bytes:
        said, host = _origin(origin.decode("latin-1"))
        for one in self._origins:
            if one.text == "*":
                return b"*"
            if one.fits(said, host):
                return said.encode("latin-1")
        return b""

    def _say(self, headers: Headers, origin: bytes | None, *, credentials: bool, vary: bool) -> None:
        with_header(headers, ALLOW_ORIGIN, origin)
        if credentials:
            with_header(headers, CREDENTIALS, b"true")
        if vary:
            headers.append((VARY, b"Origin"))


class _Origin:
    """One of several that are allowed, or a regex for them; without a colon it is compared with the host
    alone.
    """

    def __init__(self, text: str) -> None:
        self.text, self._by_host = text, ":" not in text
        self._regex = None
        if not _LITERAL.fullmatch(text) and text != "*":
            self._regex = re.compile(text.removeprefix("^").removesuffix("$") + r"\Z", re.ASCII)
        self._said = _origin(text)[0]

    def fits(self, said: str, host: str) -> bool:
        if self._regex is not None:
            return self._regex.match(host if self._by_host else said) is not None
        return said == self._said


@lru_cache(maxsize=1_000)
def _origin(text: str) -> tuple[str, str]:
    """Without the usual port of its scheme, and its host."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return text, text
    if not parts.scheme or not host:
        return text, text
    shown = f"[{host}]" if ":" in host else host
    tail = "" if port is None or USUAL.get(parts.scheme) == port else f":{port}"
    return f"{parts.scheme}://{shown}{tail}", host
