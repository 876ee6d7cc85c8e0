"""Serves the pages a person reads about the API, from this process alone: no internet, no script of others,
no inline code.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

from .. import openapi
from . import problems, reference

HTML = "text/html; charset=utf-8"
ASSETS = {
    "docs.css": "text/css; charset=utf-8",
    "docs.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS: dict[str, str] = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "public, max-age=300",
}
"""To be sent with every one of these pages."""


@cache
def docs_routes() -> dict[str, tuple[str, bytes]]:
    """Path to content type and bytes, for GET."""
    described = openapi.document()
    folder = resources.files(__package__) / "assets"
    return {
        "/openapi.json": ("application/json", openapi.openapi_json()),
        "/docs": (HTML, reference.page(described)),
        "/docs/problems": (HTML, problems.page()),
        **{f"/docs/assets/{name}": (kind, (folder / name).read_bytes()) for name, kind in ASSETS.items()},
    }
