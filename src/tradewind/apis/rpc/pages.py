"""The paths of the API explorer. What makes its pages is imported at the first request, since a gateway has
to stay small.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...core.http import Request, Response
from ..kernel.request_context import Page

HTML = b"text/html; charset=utf-8"
ASSETS: Mapping[str, bytes] = {
    "docs.css": b"text/css; charset=utf-8",
    "docs.js": b"text/javascript; charset=utf-8",
    "icon.svg": b"image/svg+xml",
}


def docs_pages() -> dict[str, Page]:
    """For `pages` of the gateway; `/api/docs-json` is NestJS's name for the description."""
    return {
        "/api/docs": _explorer,
        "/api/docs-json": _description,
        **{f"/docs/assets/{name}": _asset(name, kind) for name, kind in ASSETS.items()},
    }


def _explorer(_: Request) -> Response:
    from ..kernel import docs
    from .explorer import page

    headers = tuple([(name.lower().encode(), value.encode()) for name, value in docs.HEADERS.items()])
    return Response(200, page(), headers, HTML)


def _description(_: Request) -> Response:
    from .described import document_json

    return Response(200, document_json())


def _asset(name: str, kind: bytes) -> Page:
    def page(_: Request) -> Response:
        from importlib import resources

        return Response(
            200, (resources.files("tradewind.apis.kernel.docs") / "assets" / name).read_bytes(), (), kind
        )

    return page
