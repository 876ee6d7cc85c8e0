"""Describes the paths that are the API's own and no operation of a service: health, numbers and the
provider's webhooks.
"""

from __future__ import annotations

from .answers import problem
from .schemas import Json

OWN_SCHEMAS: dict[str, Json] = {
    "Health": {
        "title": "Health",
        "type": "object",
        "properties": {
            "status": {"type": "string", "enum": ["alive", "ready", "not ready"]},
            "missing": {
                "type": "array",
                "items": {"type": "string"},
                "description": "What stands between us and readiness.",
            },
            "late": {
                "type": "array",
                "items": {"type": "string"},
                "description": "What makes work late that is accepted all the same.",
            },
        },
        "required": ["status"],
    }
}

_HEALTH = {"application/json": {"schema": {"$ref": "#/components/schemas/Health"}}}


def _get(name: str, says: str, responses: Json) -> Json:
    return {
        "get": {
            "operationId": name,
            "tags": ["platform"],
            "summary": says,
            "parameters": [],
            "responses": responses,
            "security": [],
        }
    }


OWN_PATHS: dict[str, Json] = {
    "/health/live": _get(
        "health_live", "Is the process alive", {"200": {"description": "It is", "content": _HEALTH}}
    ),
    "/health/ready": _get(
        "health_ready",
        "Can it take requests",
        {
            "200": {"description": "It can", "content": _HEALTH},
            "503": {"description": "Not yet, or not now; `missing` says why", "content": _HEALTH},
        },
    ),
    "/metrics": _get(
        "metrics",
        "Numbers for Prometheus",
        {
            "200": {
                "description": "Text exposition format 0.0.4",
                "content": {"text/plain": {"schema": {"type": "string"}}},
            }
        },
    ),
    "/webhooks/sandbox": {
        "post": {
            "operationId": "webhooks_sandbox",
            "tags": ["platform"],
            "summary": "What the sandbox provider tells, signed (Standard Webhooks)",
            "parameters": [
                {
                    "name": name,
                    "in": "header",
                    "required": True,
                    "description": says,
                    "schema": {"type": "string"},
                }
                for name, says in (
                    ("webhook-id", "The same for every delivery of one message."),
                    ("webhook-timestamp", "Seconds since 1970; older than five minutes is refused."),
                    ("webhook-signature", "`v1,` and the HMAC-SHA256 of id, timestamp and body, in base64."),
                )
            ],
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": {"type": "object"}}},
            },
            "responses": {
                "204": {"description": "Taken"},
                "400": problem(400, ["malformed_request", "invalid_json"]),
                "401": problem(401, ["invalid_signature"]),
                "413": problem(413, ["body_too_large"]),
                "503": problem(503, ["overloaded", "store_unavailable"]),
            },
            "security": [],
        }
    },
}
