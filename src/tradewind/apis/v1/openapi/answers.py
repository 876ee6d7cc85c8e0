"""Lists every answer that an operation can give, because an error that is not on the page is a surprise in
the night.
"""

from __future__ import annotations

from collections.abc import Iterable

from ....contracts.operation import Operation, Who
from ....contracts.users import Nothing, Register
from ..problems import BY_CODE, TABLE
from .schemas import Json, Schemas, speaks_json

PROBLEM = "application/problem+json"
TITLES = {
    200: "Done",
    201: "Created",
    204: "Done, and nothing to say",
    400: "The request is malformed",
    401: "Not signed in",
    403: "Not for you",
    404: "Not there, or not yours to see",
    409: "Not in this state of things",
    412: "Changed by somebody else",
    413: "The body is too large",
    415: "The body is not JSON",
    422: "A value that cannot be",
    429: "Too many requests",
    503: "Not now",
    504: "No answer in time",
}
_REQUEST_ID = {"X-Request-Id": {"$ref": "#/components/headers/X-Request-Id"}}

HEADERS: dict[str, Json] = {
    "X-Request-Id": {
        "description": "The request's id, yours or a new one; it stands in every log line.",
        "schema": {"type": "string"},
    },
    "Idempotent-Replayed": {
        "description": "`true`: this key came before, and these are the status and the bytes of then.",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "Location": {"description": "Where what was made can be read.", "schema": {"type": "string"}},
    "Retry-After": {
        "description": "Seconds after which trying again makes sense.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "ETag": {"description": "The version, as an entity tag.", "schema": {"type": "string"}},
    "WWW-Authenticate": {"description": "How to sign in.", "schema": {"type": "string"}},
}


def components() -> Json:
    """The headers and the example problems that answers refer to."""
    return {
        "headers": HEADERS,
        "examples": {code.code: {"summary": code.title, "value": _example(code.code)} for code in TABLE},
    }


def answers(operation: Operation, schemas: Schemas, has_body: bool, has_place: bool) -> Json:
    """All answers of an operation, by status. `has_place`: what it makes can be read under a path of its
    own.
    """
    found: Json = {str(operation.status): _success(operation, schemas, has_place)}
    if operation.versioned and operation.reads:
        headers = _REQUEST_ID | {"ETag": {"$ref": "#/components/headers/ETag"}}
        found["304"] = {"description": "As it was: `If-None-Match` has its version", "headers": headers}
    for status, codes in sorted(_refusals(operation, has_body).items()):
        found[str(status)] = {"$ref": f"#/components/responses/{_name(status, codes)}"}
    return found


def shared(operations: Iterable[Operation], schemas: Schemas) -> Json:
    """The problems that operations refer to, each set of codes once."""
    found: Json = {}
    for operation in operations:
        for status, codes in _refusals(operation, schemas.body(operation) is not None).items():
            found[_name(status, codes)] = problem(status, codes)
    return dict(sorted(found.items()))


def _name(status: int, codes: list[str]) -> str:
    return f"{status}.{'-'.join(codes)}"


def problem(status: int, codes: list[str]) -> Json:
    """One status, with the problem of each code as an example."""
    headers = dict(_REQUEST_ID)
    if status in (429, 503) or "request_in_progress" in codes:
        headers["Retry-After"] = {"$ref": "#/components/headers/Retry-After"}
    if status == 401:
        headers["WWW-Authenticate"] = {"$ref": "#/components/headers/WWW-Authenticate"}
    examples = {code: {"$ref": f"#/components/examples/{code}"} for code in codes}
    content = {PROBLEM: {"schema": schema_ref("Problem"), "examples": examples}}
    says = f"{TITLES[status]}: {', '.join(f'`{code}`' for code in codes)}"
    return {"description": says, "headers": headers, "content": content}


def schema_ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _success(operation: Operation, schemas: Schemas, has_place: bool) -> Json:
    headers = dict(_REQUEST_ID)
    if has_place:
        headers["Location"] = {"$ref": "#/components/headers/Location"}
    if operation.versioned:
        headers["ETag"] = {"$ref": "#/components/headers/ETag"}
    if operation.method == "POST":
        headers["Idempotent-Replayed"] = {"$ref": "#/components/headers/Idempotent-Replayed"}
    answer: Json = {"description": TITLES[operation.status], "headers": headers}
    if operation.gives is Nothing:
        return answer
    # 3.1: a media type without a schema is a file
    json = {"application/json": {"schema": schemas.of(operation.gives)}} if speaks_json(operation) else {}
    return answer | {"content": json or {"application/pdf": {}}}


def _refusals(operation: Operation, has_body: bool) -> dict[int, list[str]]:
    codes = ["malformed_request", "invalid_precondition"]
    if operation.versioned and operation.method != "POST":
        codes += ["precondition_failed"]
    if has_body:
        codes += [
            "invalid_json",
            "body_too_large",
            "unsupported_media_type",
            "invalid_field",
            "unknown_field",
        ]
    elif operation.reads:
        codes += ["invalid_field", "unknown_field"]
    if operation.paged:
        codes += ["invalid_cursor"]
    if operation.method == "POST":
        codes += ["invalid_idempotency_key", "idempotency_key_reused", "request_in_progress"]
    if operation.who not in (Who.ALL, Who.HOLDER):
        codes += ["unauthorized"]
    if operation.who is Who.ADMIN:
        codes += ["forbidden"]
    if "{" in operation.path:
        codes += ["not_found"]
    if operation.asks is Register:
        codes += ["weak_password"]
    codes += [code for _, code in operation.refuses]
    codes += ["rate_limited", "overloaded", "store_unavailable", "outcome_unknown", "answer_timeout"]
    found: dict[int, list[str]] = {}
    for code in dict.fromkeys(codes):
        found.setdefault(BY_CODE[code].status, []).append(code)
    return found


def _example(code: str) -> Json:
    known = BY_CODE[code]
    value: Json = {
        "type": known.type,
        "title": known.title,
        "status": known.status,
        "detail": known.means,
        "code": code,
    }
    if code in ("invalid_field", "unknown_field"):
        value["errors"] = [{"field": "items[0].quantity", "code": code, "detail": known.means}]
    return value
