"""Describes the gateway to programs (OpenAPI 3.0) and serves that with its explorer, under NestJS's names."""

from __future__ import annotations

from typing import Any

import msgspec

from ...core.http import Request, Response
from ..kernel.docs import api_pages
from ..kernel.request_context import Page
from .rules import LEAST_PRICE, MOST_ITEMS, MOST_PRICE, MOST_QUANTITY, NAME, PRODUCT

Json = dict[str, Any]
TITLE = "API Gateway"
_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _text(**more: Any) -> Json:
    return {"type": "string", **more}


def _object(required: tuple[str, ...], **properties: Json) -> Json:
    return {"type": "object", "properties": properties, "required": list(required)}


_EMAIL = _text(format="email", maxLength=255)
_NAME = _text(minLength=2, maxLength=100, pattern=NAME)
_PASSWORD = _text(minLength=6, maxLength=128)
_ROLE = _text(enum=["user", "admin"])
_UUID, _AT = _text(format="uuid"), _text(format="date-time")
_PERSON = {"id": _UUID, "email": _EMAIL, "name": _text(), "role": _ROLE}
_AMOUNT = {"type": "number", "minimum": 0}
SCHEMAS: Json = {
    "CreateUser": _object(
        ("email", "name", "password"), email=_EMAIL, name=_NAME, password=_PASSWORD, role=_ROLE
    ),
    "UpdateUser": _object((), email=_EMAIL, name=_NAME, password=_PASSWORD),
    "Login": _object(("email", "password"), email=_EMAIL, password=_PASSWORD),
    "User": _object((*_PERSON, "createdAt"), **_PERSON, createdAt=_AT, updatedAt=_AT),
    "LoginAnswer": _object(("access_token", "user"), access_token=_text(), user=_object((), **_PERSON)),
    "OrderItem": _object(
        ("productId", "quantity", "price"),
        productId=_text(pattern=PRODUCT, maxLength=100, example="product-123"),
        quantity={"type": "integer", "minimum": 1, "maximum": MOST_QUANTITY},
        price={"type": "number", "minimum": LEAST_PRICE, "maximum": MOST_PRICE, "multipleOf": 0.01},
    ),
    "CreateOrder": _object(
        ("userId", "items"),
        userId=_UUID,
        items={"type": "array", "minItems": 1, "maxItems": MOST_ITEMS, "items": _ref("OrderItem")},
    ),
    "Order": _object(
        ("id", "userId", "items", "totalAmount", "status", "createdAt"),
        id=_UUID,
        userId=_text(),
        items={"type": "array", "items": _ref("OrderItem")},
        totalAmount=_AMOUNT,
        status=_text(enum=["pending"]),
        createdAt=_AT,
    ),
    "Payment": _object(
        (), id=_UUID, orderId=_text(), amount=_AMOUNT, status=_text(), createdAt=_AT, updatedAt=_AT
    ),
    "Error": _object(
        ("statusCode", "message"),
        statusCode={"type": "integer"},
        message={"oneOf": [_text(), {"type": "array", "items": _text()}]},
        error=_text(),
    ),
}

ROWS: tuple[tuple[str, str, str, str, int, str, str, tuple[int, ...]], ...] = (
    ("post", "/api/users", "createUser", "Create a user", 201, "User", "CreateUser", (400, 403, 409)),
    ("get", "/api/users", "listUsers", "All users", 200, "User[]", "", (401,)),
    ("get", "/api/users/{id}", "getUser", "One user", 200, "User", "", (400, 401, 403, 404)),
    (
        "put",
        "/api/users/{id}",
        "changeUser",
        "Change a user",
        200,
        "User",
        "UpdateUser",
        (400, 401, 403, 404),
    ),
    ("delete", "/api/users/{id}", "deleteUser", "Delete a user", 204, "", "", (400, 401, 403, 404, 409)),
    ("post", "/api/orders", "createOrder", "Place an order", 201, "Order", "CreateOrder", (400, 401, 403)),
    ("get", "/api/orders", "listOrders", "All orders", 200, "Order[]", "", (401,)),
    ("get", "/api/orders/{id}", "getOrder", "One order", 200, "Order", "", (400, 401, 404)),
    ("get", "/api/payments/order/{id}", "listPayments", "Of an order", 200, "Payment[]", "", (400, 401, 404)),
    ("post", "/api/auth/register", "register", "Register", 201, "LoginAnswer", "CreateUser", (400, 403, 409)),
    ("post", "/api/auth/login", "login", "Log in", 200, "LoginAnswer", "Login", (400, 401)),
)
"""Method, path, name, meaning, status, answer, body, and the errors beside 503."""


def _operation(
    path: str, name: str, says: str, status: int, answer: str, takes: str, refused: tuple[int, ...]
) -> Json:
    made: Json = {"description": says}
    if answer:
        shape = _ref(answer.removesuffix("[]"))
        made["content"] = _json({"type": "array", "items": shape} if answer.endswith("[]") else shape)
    errors = {
        str(one): {"description": "Refused", "content": _json(_ref("Error"))} for one in (*refused, 503)
    }
    found: Json = {
        "operationId": name,
        "tags": [path.split("/")[2]],
        "summary": says,
        "responses": {str(status): made, **errors},
    }
    if "{id}" in path:
        found["parameters"] = [_ID]
    if "/auth/" not in path:
        found["security"] = [{"bearer": []}]
    if takes:
        found["requestBody"] = {"required": True, "content": _json(_ref(takes))}
    return found


def _json(schema: Json) -> Json:
    return {"application/json": {"schema": schema}}


def document() -> Json:
    paths: Json = {}
    for method, path, *rest in ROWS:
        paths.setdefault(path, {})[method] = _operation(path, *rest)  # type: ignore[arg-type]
    schemes = {
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        "X-API-Key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
    }
    return {
        "openapi": "3.0.0",
        "info": {"title": TITLE, "version": "1.0"},
        "paths": paths,
        "components": {"schemas": SCHEMAS, "securitySchemes": schemes},
    }


def pages() -> dict[str, Page]:
    """JSON is YAML too."""

    def yaml(_: Request) -> Response:
        return Response(200, msgspec.json.encode(document()), (), b"text/yaml; charset=utf-8")

    made = api_pages(
        TITLE, lambda: msgspec.json.encode(document()), page="/api/docs", description="/api/docs-json"
    )
    return {**made, "/api/docs-yaml": yaml}
