"""Describes this API to programs (OpenAPI 3.1). The bodies are drawn from the rules that check them; made
when it is first asked for.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from .rules import MOST_PER_PAGE, PER_PAGE, CreateOrder, CreatePayment, CreateProduct, OrderItem

Json = dict[str, Any]
PREFIX = "#/components/schemas/"
Money = Annotated[float, Meta(description="In units of the currency, with two decimals at the most.")]
Id = Annotated[str, Meta(description="A UUID.")]


class Order(msgspec.Struct, rename="camel"):
    id: Id
    status: Literal["PENDING", "CONFIRMED", "FAILED", "CANCELLED"]
    items: list[OrderItem]
    total: Money
    idempotency_key: str | None
    created_at: str
    updated_at: str


class Product(msgspec.Struct, rename="camel"):
    id: Id
    name: str
    sku: str
    stock: int
    reserved_stock: int
    created_at: str


class Payment(msgspec.Struct, rename="camel"):
    id: Id
    order_id: Id
    amount: Money
    status: Literal["PENDING", "COMPLETED", "FAILED", "REFUNDED"]
    idempotency_key: str | None
    created_at: str
    updated_at: str


_KINDS: list[Any] = [CreateOrder, CreateProduct, CreatePayment, Order, Product, Payment]
_EXAMPLES: dict[str, Json] = {
    "CreateOrder": {
        "items": [{"productId": "a1b2c3d4-e5f6-4890-abcd-ef1234567890", "quantity": 2, "price": 29.99}],
        "total": 59.98,
    },
    "CreateProduct": {"name": "Widget Pro", "sku": "WDG-PRO-001", "stock": 100},
    "CreatePayment": {"orderId": "7c69ae16-a49a-4c3b-b507-88e40093a637", "amount": 59.98},
}
_LANG = {
    "name": "X-Lang",
    "in": "header",
    "required": False,
    "description": "The language of messages.",
    "schema": {"type": "string", "enum": ["en", "de"], "default": "en"},
}
_KEY = {
    "name": "X-Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key again is the same thing again; one is made for you where you send none.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
_PAGES = [
    {
        "name": name,
        "in": "query",
        "required": False,
        "schema": {"type": "integer", "minimum": 1, "default": default} | most,
    }
    for name, default, most in (("page", 1, {}), ("perPage", PER_PAGE, {"maximum": MOST_PER_PAGE}))
]
_ERRORS = {
    400: "Bad request: `message` lists what is wrong",
    404: "There is no such thing",
    422: "The key was used with another body",
    503: "The service is unavailable, its circuit is open, or it did not answer in time",
}


@cache
def document() -> Json:
    _, found = msgspec.json.schema_components(_KINDS, ref_template=PREFIX + "{name}")
    for shape in found.values():
        for name, field in shape["properties"].items():
            if "pattern" in field:  # Python's own spelling of a UUID
                shape["properties"][name] = {"type": "string", "format": "uuid"}
    message: Json = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
    error = _object(message=message, error={"type": "string"}, statusCode={"type": "integer"})
    schemas = {**found, "Error": _object(success={"type": "boolean", "enum": [False]}, data=error)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "API Gateway",
            "version": "1.0",
            "summary": "Orders, products and payments over RabbitMQ",
            "description": 'Answers are `{"success":true,"data":…}`; errors '
            '`{"success":false,"data":{"message","statusCode"}}`. '
            "Fields that are not known are dropped.",
        },
        "servers": [{"url": "../"}],  # of /api/docs-json, also behind a prefix
        "tags": [{"name": "Orders"}, {"name": "Products"}, {"name": "Payments"}, {"name": "Health"}],
        "paths": {
            **_things("Orders", "order", "CreateOrder", [_KEY, _LANG]),
            **_things("Products", "product", "CreateProduct", []),
            **_things("Payments", "payment", "CreatePayment", [_KEY, _LANG]),
            "/api/payments/order/{orderId}": {
                "get": _operation(
                    "Payments", "Payments of an order", [_in_path("orderId")], 200, _many("Payment"), (503,)
                )
            },
            "/health": {
                "get": _operation(
                    "Health", "Health check", [], 200, _object(status={"type": "string"}), (), bare=True
                )
            },
            "/health/circuits": {
                "get": _operation(
                    "Health", "State and statistics of the circuits", [], 200, {}, (), bare=True
                )
            },
        },
        "components": {"schemas": schemas},
    }


@cache
def document_json() -> bytes:
    return msgspec.json.encode(document())


def _things(tag: str, thing: str, body: str, headers: list[Json]) -> Json:
    name = thing.capitalize()
    refused = (400, 422, 503) if headers else (400, 503)
    content = {"schema": _ref(body), "example": _EXAMPLES[body]}
    made = _operation(tag, f"Create {thing}", headers, 201, _ref(name), refused)
    methods = {"post": made | {"requestBody": {"required": True, "content": {"application/json": content}}}}
    meta = {"type": "object", "description": "`page`, `perPage`, and how many there are."}
    methods["get"] = _operation(
        tag,
        f"List {thing}s",
        list(_PAGES),
        200,
        _object(data={"type": "array", "items": _ref(name)}, meta=meta),
        (400, 503),
    )
    one = _operation(tag, f"Get {thing} by UUID", [_in_path("id"), _LANG], 200, _ref(name), (404, 503))
    return {f"/api/{thing}s": methods, f"/api/{thing}s/{{id}}": {"get": one}}


def _operation(
    tag: str,
    says: str,
    parameters: list[Json],
    status: int,
    shape: Json,
    refused: tuple[int, ...],
    *,
    bare: bool = False,
) -> Json:
    shape = shape if bare else _object(success={"type": "boolean", "enum": [True]}, data=shape)
    answers = {
        str(status): {
            "description": "Created" if status == 201 else "OK",
            "content": {"application/json": {"schema": shape}},
        }
    }
    for code in refused:
        answers[str(code)] = {
            "description": _ERRORS[code],
            "content": {"application/json": {"schema": _ref("Error")}},
        }
    name = says.lower().replace(" ", "_")
    return {
        "operationId": name,
        "tags": [tag],
        "summary": says,
        "parameters": parameters,
        "responses": answers,
    }


def _in_path(name: str) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}


def _many(name: str) -> Json:
    return {"type": "array", "items": _ref(name)}


def _ref(name: str) -> Json:
    return {"$ref": PREFIX + name}


def _object(**properties: Json) -> Json:
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name != "error"],
    }
