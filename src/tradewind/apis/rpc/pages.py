"""The paths of the API explorer; `/api/docs-json` is NestJS's name for the description."""

from __future__ import annotations

from ..kernel.docs import api_pages
from ..kernel.request_context import Page


def docs_pages() -> dict[str, Page]:
    """For `pages` of the gateway. The description is made when it is first asked for."""
    return api_pages("Tradewind API", _description, page="/api/docs", description="/api/docs-json")


def _description() -> bytes:
    from .described import document_json

    return document_json()
