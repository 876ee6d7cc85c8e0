"""Lets pages of other origins call an API and read its answers (the Fetch standard's CORS protocol)."""

from __future__ import annotations

from collections.abc import Iterable

from ...core.http import Request

Headers = tuple[tuple[bytes, bytes], ...]
ANY = "*"
_ALLOW = b"access-control-allow-origin"
_VARY_ORIGIN: Headers = ((b"vary", b"Origin"),)


class Cors:
    """`origins`: any (`*`) or those of a list. `allow` are the headers that a request may have, empty: those
    it asks for; `expose` those of an answer that a page may read. `every_options`: also an OPTIONS request
    that no browser has sent is answered as one (as Express's `cors` does). No cookies: credentials are not
    allowed.
    """

    def __init__(
        self,
        origins: Iterable[str],
        *,
        methods: bytes,
        allow: bytes = b"",
        expose: bytes = b"",
        max_age_s: int = 0,
        every_options: bool = False,
    ) -> None:
        origins = tuple(origins)
        self._every_options = every_options
        exposed: Headers = ((b"access-control-expose-headers", expose),) if expose else ()
        self.constant: Headers = ((_ALLOW, b"*"), *exposed) if ANY in origins else ()
        """Of every answer, where any page may read it; else empty, and `headers` decides."""
        self._listed: dict[bytes, Headers] = {
            origin.encode(): ((_ALLOW, origin.encode()), *exposed, *_VARY_ORIGIN) for origin in origins
        }
        self._allowed: Headers = ((b"access-control-allow-headers", allow),) if allow else ()
        self._methods: Headers = ((b"access-control-allow-methods", methods),)
        self._max_age: Headers = ((b"access-control-max-age", b"%d" % max_age_s),) if max_age_s else ()

    def headers(self, request: Request) -> Headers:
        """Of every answer."""
        return self.constant or self._listed.get(request.headers.get(b"origin", b""), _VARY_ORIGIN)

    def asks(self, request: Request) -> bool:
        """Whether this OPTIONS request asks what another one may do."""
        headers = request.headers
        return self._every_options or (b"origin" in headers and b"access-control-request-method" in headers)

    def preflight(self, request: Request) -> Headers:
        """Of the answer to such a request, beside `headers`. An origin that is not listed is told nothing."""
        if not self.constant and request.headers.get(b"origin") not in self._listed:
            return ()
        if self._allowed:
            return (*self._methods, *self._allowed, *self._max_age)
        wanted = request.headers.get(b"access-control-request-headers")
        reflected: Headers = ((b"access-control-allow-headers", wanted),) if wanted else ()
        vary: Headers = ((b"vary", b"Access-Control-Request-Headers"),)
        return (*self._methods, *(vary if self.constant else ()), *reflected, *self._max_age)
