"""Shows a JSON Schema as a person would tell it, and as an example."""

from __future__ import annotations

from html import escape
from typing import Any

import msgspec

from ..openapi.schemas import PLAIN
from .frame import text

Json = dict[str, Any]
DEEPEST = 6
ID, STAMP = "019aa2f0-7c5e-7abc-8def-0123456789ab", "2026-11-21T09:30:00.123Z"
SAMPLES: dict[str, Any] = {
    "sku": "TEA-100",
    "name": "Assam, 100 g",
    "email": "ada@example.com",
    "currency": "EUR",
    "amount": 1999,
    "locale": "en",
    "subject": "We have your order",
    "body": "…",
    "reason": "damaged",
    "number": "2026-000042",
    "provider": "sandbox",
    "hash": "9f2c…",
    "previousHash": "41d0…",
    "nextCursor": None,
    "accessToken": "eyJhbGciOi…",
    "refreshToken": "…",
    "expiresIn": 900,
    "failure": None,
    "service": "orders",
    "requestId": ID,
    "cause": ID,
    "channel": "inbox",
}


def kind(shape: Json) -> str:
    """The type in a few words of HTML."""
    if "$ref" in shape:
        name = shape["$ref"].rpartition("/")[2]
        return f'<a href="#schema-{escape(name)}">{escape(name)}</a>'
    if "anyOf" in shape:
        return " or ".join(kind(option) for option in shape["anyOf"])
    if "enum" in shape:
        return " · ".join(f"<code>{escape(str(value))}</code>" for value in shape["enum"])
    if shape.get("type") == "array":
        return f"list of {kind(shape.get('items', {}))}{_bounds(shape, 'minItems', 'maxItems')}"
    if shape.get("type") == "string":
        return f"text{_bounds(shape, 'minLength', 'maxLength')}"
    if shape.get("type") == "integer":
        return f"whole number{_bounds(shape, 'minimum', 'maximum')}"
    return escape(str(shape.get("type", "any JSON")))


def _bounds(shape: Json, low: str, high: str) -> str:
    least, most = shape.get(low), shape.get(high)
    if least is None and most is None:
        return ""
    return (
        f" {least:,} to {most:,}"
        if least is not None and most is not None
        else f" up to {most:,}"
        if most is not None
        else f" from {least:,}"
    )


def table(shape: Json) -> str:
    """The fields of an object."""
    required = shape.get("required", [])
    rows = "".join(
        f"<tr><th "
        f"scope=row><code>{escape(name)}</code>{'' if name in required else ' <small>optional</small>'}</th>"
        f"<td>{kind(field)}{_says(field)}</td></tr>"
        for name, field in shape.get("properties", {}).items()
    )
    return f"<table>{rows}</table>" if rows else "<p>No fields.</p>"


def _says(field: Json) -> str:
    says = [field["description"]] if "description" in field else []
    if field.get("default") not in (None, ""):
        says.append(f"default `{field['default']}`")
    if field.get("pattern", PLAIN) != PLAIN:
        says.append(f"form `{field['pattern']}`")
    return f"<br><small>{text('; '.join(says))}</small>" if says else ""


def pretty(value: Any) -> str:
    """JSON in a box."""
    return f"<pre><code>{escape(dumps(value))}</code></pre>"


def dumps(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def sample(shape: Json, schemas: Json, name: str = "", depth: int = 0) -> Any:
    """A value that the shape allows and a person might meet."""
    if "$ref" in shape:
        target = shape["$ref"].rpartition("/")[2]
        return None if depth > DEEPEST else sample(schemas[target], schemas, name, depth + 1)
    if "properties" in shape:
        return {key: sample(field, schemas, key, depth + 1) for key, field in shape["properties"].items()}
    if shape.get("type") == "array":
        return [sample(shape.get("items", {}), schemas, "", depth + 1)]
    if name in SAMPLES and not (shape.get("type") == "integer" and isinstance(SAMPLES[name], str)):
        return SAMPLES[name]
    if "anyOf" in shape:
        return sample(shape["anyOf"][0], schemas, name, depth + 1)
    if "enum" in shape:
        return shape["enum"][0]
    if shape.get("type") == "string":
        return ID if name == "id" or name.endswith("Id") else STAMP if name.endswith("At") else "…"
    if shape.get("type") == "integer":
        return max(shape.get("minimum", 1), 1)
    return {}
