"""Describes a server of amounts to programs (OpenAPI 3.1), and serves that with its explorer, also behind a
prefix.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from ...core.http import Request, Response
from ..kernel.docs import HEADERS, api_pages
from ..kernel.request_context import Page
from .operations import LEAST, LONGEST, MOST, MOST_PER_PAGE, PER_PAGE, Invoice, Order

Json = dict[str, Any]
_PREFIX = re.compile(rb"(?:/[A-Za-z0-9._~-]{1,64}){1,8}")
_HEADERS = tuple((name.lower().encode(), value.encode()) for name, value in HEADERS.items())
_REF = "#/components/schemas/"
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key again gives the same answer; `X-Idempotency-Key` means the same.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
_PAGES = [
    {"name": "page", "in": "query", "required": False, "schema": {"type": "integer", "minimum": 1}},
    {
        "name": "perPage",
        "in": "query",
        "required": False,
        "schema": {"type": "integer", "minimum": 1, "maximum": MOST_PER_PAGE, "default": PER_PAGE},
    },
]
_ORDER_ID = {
    "name": "orderId",
    "in": "query",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST},
}
AMOUNT: Json = {
    "type": "integer",
    "minimum": LEAST,
    "maximum": MOST,
    "description": "In the smallest unit of the currency.",
}


def orders_document(title: str, body: Json, answer: Json, error: Json) -> Json:
    """`body` and `answer` are the schemas of POST /orders, `error` that of every error."""
    made = {"description": "Created", "content": {"application/json": {"schema": answer}}}
    asked = {"required": True, "content": {"application/json": {"schema": body}}}
    place = {
        "operationId": "createOrder",
        "tags": ["order"],
        "summary": "Place an order",
        "parameters": [_KEY],
        "requestBody": asked,
        "responses": {"201": made, **_errors(400, 413, 415, 422, 503)},
    }
    paths = _reading("order", "Order", _PAGES)
    paths["/orders"]["post"] = place
    return _document(title, paths, error)


def invoices_document(title: str, error: Json) -> Json:
    return _document(title, _reading("invoice", "Invoice", [_ORDER_ID, *_PAGES]), error)


def _reading(thing: str, shape: str, parameters: list[Json]) -> Json:
    many = {"type": "array", "items": {"$ref": _REF + shape}}
    return {
        f"/{thing}s": {"get": _get(thing, f"list{shape}s", "newest first", parameters, many, 400, 503)},
        f"/{thing}s/{{id}}": {
            "get": _get(thing, f"get{shape}", "one", [_ID], {"$ref": _REF + shape}, 404, 503)
        },
    }


def _get(tag: str, name: str, says: str, parameters: list[Json], shape: Json, *refused: int) -> Json:
    found = {"description": "OK", "content": {"application/json": {"schema": shape}}}
    return {
        "operationId": name,
        "tags": [tag],
        "summary": f"{tag.capitalize()}s: {says}",
        "parameters": parameters,
        "responses": {"200": found, **_errors(*refused)},
    }


def _errors(*statuses: int) -> Json:
    content = {"application/json": {"schema": {"$ref": _REF + "Error"}}}
    return {str(status): {"description": "Refused", "content": content} for status in statuses}


def _document(title: str, paths: Json, error: Json) -> Json:
    _, found = msgspec.json.schema_components([Order, Invoice], ref_template=_REF + "{name}")
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "1.0"},
        "paths": paths,
        "components": {"schemas": {**found, "Error": error}},
    }


def described_pages(document: Json, title: str) -> dict[str, Page]:
    """The explorer at /docs, the description at /docs-json and, as JSON is YAML too, at /docs-yaml. Its
    server is where a proxy says that it has cut a prefix off.
    """

    def describe(content_type: bytes) -> Page:
        def page(request: Request) -> Response:
            given = request.headers.get(b"x-forwarded-prefix", b"")
            prefix = given.decode() if _PREFIX.fullmatch(given) else "/"
            body = msgspec.json.encode({**document, "servers": [{"url": prefix}]})
            return Response(200, body, _HEADERS, content_type)

        return page

    pages: Mapping[str, Page] = api_pages(title, bytes, description="/docs-json")
    return {
        **pages,
        "/docs-json": describe(b"application/json"),
        "/docs-yaml": describe(b"text/yaml; charset=utf-8"),
    }
