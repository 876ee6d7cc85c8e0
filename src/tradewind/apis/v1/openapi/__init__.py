"""Describes the API to programs (OpenAPI 3.1), from the one declaration of its operations."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import metadata
from typing import Any

import msgspec

from ....contracts import api, ops
from ....contracts.operation import Operation, Who
from .answers import answers, components, shared
from .own import OWN_PATHS, OWN_SCHEMAS
from .schemas import Json, Schemas

DIALECT = "https://json-schema.org/draft/2020-12/schema"
ABOUT = """\
Orders, money and stock over JSON: camelCase, times in UTC (`2026-11-21T09:30:00.123Z`), ids that are UUIDs.

**Money** is `{"amount": 1999, "currency": "EUR"}`: whole minor units of an ISO 4217 currency, never a fraction. \
Whole numbers are written as such: `2`, not `2.0`.

**Sign in** at `POST /api/v1/auth/login` and send `Authorization: Bearer …`. What belongs to somebody else is answered 404.

**Try again** as often as you like: every POST takes an `Idempotency-Key` (or `X-Idempotency-Key`). The same caller, operation, key and \
body give the same status and bytes again, with `Idempotent-Replayed: true`, for at least 30 days.

**Errors** are `application/problem+json` (RFC 9457) with a `code`; `/docs/problems` says of each what it means and what to do. \
Unknown fields are refused, not ignored.

**Lists** come newest first, `limit` at a time; `nextCursor` leads to the next page and is null on the last.

**Versions.** Products and users have an `ETag`: send it as `If-Match` with a change, and it is made to that version alone (412 else); \
as `If-None-Match` when reading again, and the answer is 304 while nothing has changed. A condition that an operation does not know is 400.

**Wait** for an order's outcome without asking again and again: `GET /api/v1/orders/{orderId}` with `Prefer: wait=10`."""
TAGS = {
    "users": "Accounts and sessions",
    "inventory": "Products and stock",
    "orders": "Orders and what became of them",
    "payments": "Where the money is",
    "invoices": "Papers, numbered without gaps",
    "notifications": "What customers were told",
    "ops": "For the operator",
    "platform": "Health, numbers and webhooks",
}
ENTITY_TAGS: Json = {"type": "string", "pattern": r'^\*$|"'}
PARAMETERS: dict[str, Json] = {
    "Idempotency-Key": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "1 to 255 visible ASCII characters that name what you want done once. "
        "`X-Idempotency-Key` means the same.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!#-~][!-~]*$"},
    },
    "X-Request-Id": {
        "name": "X-Request-Id",
        "in": "header",
        "required": False,
        "description": "Your name for this request; a new one is made where it is missing.",
        "schema": {"type": "string"},
    },
    "If-Match": {
        "name": "If-Match",
        "in": "header",
        "required": False,
        "example": '"3"',
        "description": "Entity tags that you have seen: with another version by now the answer is 412. `*`: any.",
        "schema": ENTITY_TAGS,
    },
    "If-None-Match": {
        "name": "If-None-Match",
        "in": "header",
        "required": False,
        "example": '"3"',
        "description": "Entity tags that you have: where one is still the present one, the answer is 304.",
        "schema": ENTITY_TAGS,
    },
    "Prefer": {
        "name": "Prefer",
        "in": "header",
        "required": False,
        "example": "wait=5",
        "description": "`wait=N`: answer when the status is final, after N seconds (at most 30) at the "
        "latest.",
        "schema": {"type": "string"},
    },
}


ALL: tuple[Operation, ...] = (
    *api.OPERATIONS,
    *(one for one in ops.OPERATIONS if one.name not in {other.name for other in api.OPERATIONS}),
)


def document(operations: Sequence[Operation] = ALL) -> Json:
    """The whole description, as JSON values."""
    schemas = Schemas(operations)
    paths: Json = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(
            operation, schemas, operations
        )
    used = {operation.service for operation in operations} | {"platform"}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tradewind",
            "version": version(),
            "summary": "Order platform for commerce teams",
            "description": ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "./", "description": "this server"}],
        "tags": [
            {"name": name, "description": TAGS.get(name, name.capitalize())}
            for name in sorted(used, key=_place)
        ],
        "paths": paths | OWN_PATHS,
        "components": {
            "schemas": dict(sorted((schemas.components | OWN_SCHEMAS).items())),
            "responses": shared(operations, schemas),
            "parameters": PARAMETERS,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
            **components(),
        },
    }


@cache
def openapi_json() -> bytes:
    """`document()` as it is served."""
    return msgspec.json.encode(document())


def version() -> str:
    try:
        return metadata.version("tradewind")
    except metadata.PackageNotFoundError:  # run from a checkout that is not installed
        return "0"


def _place(tag: str) -> tuple[int, str]:
    """The order of the page; a service that TAGS does not know comes last."""
    return (list(TAGS).index(tag) if tag in TAGS else len(TAGS)), tag


def _operation(operation: Operation, schemas: Schemas, operations: Sequence[Operation]) -> dict[str, Any]:
    places = [other.gives for other in operations if other.method == "GET" and other.path.endswith("}")]
    has_place = operation.status == 201 and operation.gives in places
    body = schemas.body(operation)
    headers = ["X-Request-Id"]
    if operation.method == "POST":
        headers.append("Idempotency-Key")
    if operation.versioned and operation.method != "POST":
        headers.append("If-Match")
    if operation.versioned and operation.reads:
        headers.append("If-None-Match")
    if operation.waits:
        headers.append("Prefer")
    found: Json = {
        "operationId": operation.name.replace(".", "_"),
        "tags": [operation.service],
        "summary": operation.says,
        "description": f"For: {operation.who.value}.",
        "parameters": [
            *schemas.parameters(operation),
            *({"$ref": f"#/components/parameters/{name}"} for name in headers),
        ],
        "responses": answers(operation, schemas, body is not None, has_place),
        "security": [] if operation.who in (Who.ALL, Who.HOLDER) else [{"bearer": []}],
    }
    return found | ({"requestBody": body} if body else {})
