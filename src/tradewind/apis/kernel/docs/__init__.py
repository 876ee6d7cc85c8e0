"""Serves the pages a person reads about an API, from this process alone: no internet, no inline code.
Every API that has a description gets its page from `api_pages`.

The explorer is Swagger UI 5.35.0 (Apache License 2.0), vendored. All links are relative, so that a page works
behind a prefix too. What is served is read at the first request: a gateway that nobody looks at pays nothing.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from functools import cache
from html import escape
from importlib import resources
from typing import NamedTuple

from ....core.http import Request, Response

HTML = "text/html; charset=utf-8"
JSON = "application/json"
SCRIPT = "text/javascript; charset=utf-8"
ASSETS = {
    "docs.css": "text/css; charset=utf-8",
    "explorer.js": SCRIPT,
    "icon.svg": "image/svg+xml",
    "swagger-ui-bundle.js": SCRIPT,
    "swagger-ui.css": "text/css; charset=utf-8",
}
PACKED = frozenset(("swagger-ui-bundle.js", "swagger-ui.css"))
"""These lie in the package as gzip, and go out so."""
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS: dict[str, str] = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "public, max-age=300",
}
"""Sent with every one of these pages."""
Page = Callable[[Request], Response]
_HEADERS = tuple((name.lower().encode(), value.encode()) for name, value in HEADERS.items())


class Content(NamedTuple):
    kind: bytes
    body: bytes
    etag: bytes
    packed: bool = False


def content(kind: str, body: bytes, packed: bool = False) -> Content:
    return Content(kind.encode(), body, b'"%s"' % hashlib.sha256(body).hexdigest()[:20].encode(), packed)


def served(make: Callable[[], Content]) -> Page:
    """A page that is made once, when it is first asked for."""
    made = cache(make)

    def page(request: Request) -> Response:
        found = made()
        headers = (*_HEADERS, (b"etag", found.etag), (b"vary", b"accept-encoding"))
        if found.etag in request.headers.get(b"if-none-match", b""):
            return Response(304, b"", headers)
        body = found.body
        if found.packed:
            if b"gzip" in request.headers.get(b"accept-encoding", b""):
                headers = (*headers, (b"content-encoding", b"gzip"))
            else:
                body = gzip.decompress(body)
        return Response(200, body, headers, found.kind)

    return page


def api_pages(
    title: str, describe: Callable[[], bytes], *, page: str = "/docs", description: str = "/openapi.json"
) -> dict[str, Page]:
    """The description of an API (`describe` gives its OpenAPI document as JSON) and the explorer that shows
    it and sends requests. The document names its server relative to itself.
    """
    up = "../" * (page.count("/") - 1)
    return {
        page: served(lambda: content(HTML, _explorer(title, up, up + description.removeprefix("/")))),
        description: served(lambda: content(JSON, describe())),
        **{f"/docs/assets/{name}": served(lambda name=name: _asset(name)) for name in ASSETS},  # type: ignore[misc]
    }


def _asset(name: str) -> Content:
    folder = resources.files(__package__) / "assets"
    if name in PACKED:
        return content(ASSETS[name], (folder / f"{name}.gz").read_bytes(), packed=True)
    return content(ASSETS[name], (folder / name).read_bytes())


def _explorer(title: str, up: str, description: str) -> bytes:
    assets = f"{up}docs/assets"
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<link rel="icon" href="{assets}/icon.svg">
<link rel="stylesheet" href="{assets}/swagger-ui.css">
<script src="{assets}/swagger-ui-bundle.js" defer></script>
<script src="{assets}/explorer.js" defer></script>
</head>
<body>
<main id="explorer" data-description="{escape(description)}"></main>
<noscript><p>Without a script: <a href="{escape(description)}">the description</a>.</p></noscript>
</body>
</html>
""".encode()
