"""Takes a GraphQL request as Apollo Server takes it: which media types, methods and parameters count, and
which requests a page of another origin could have sent without asking.
"""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import msgspec

from ...core.http import Request
from .faults import BAD_REQUEST

JSON = b"application/json"
RESPONSE = b"application/graphql-response+json"
MOST_BODY = 100 * 1024
"""Express's own limit."""
_PREFLIGHT = (b"apollo-require-preflight", b"x-apollo-operation-name")
CSRF = (
    "This operation has been blocked as a potential Cross-Site Request Forgery (CSRF). Send a 'content-type' "
    "header of application/json, or a non-empty x-apollo-operation-name or apollo-require-preflight header."
)
NO_BODY = "POST body missing, invalid Content-Type, or JSON object has no keys."
NO_QUERY = "GraphQL operations must contain a non-empty `query` or a `persistedQuery` extension."
NOT_SUPPORTED = "PersistedQueryNotSupported"
_READ = frozenset((b"*/*", b"application/*", JSON, RESPONSE))
_any = msgspec.json.Decoder().decode


class Bad(Exception):
    """The request is refused before its document is read."""

    def __init__(self, status: int, message: str, code: str = BAD_REQUEST) -> None:
        super().__init__(status, message)
        self.status, self.message, self.code = status, message, code


class Asked(NamedTuple):
    query: str
    variables: dict[str, Any] | None
    operation: str | None


def kind_of(request: Request) -> bytes:
    """The media type of the answer. Errors: Bad 406."""
    accept = request.headers.get(b"accept")
    if not accept:
        return JSON
    taken = [one.partition(b";")[0].strip().lower() for one in accept.split(b",")]
    if not _READ.intersection(taken):
        says = "The answer is application/json or application/graphql-response+json, and neither is accepted."
        raise Bad(406, says)
    return RESPONSE if RESPONSE in taken else JSON


def wants_page(request: Request) -> bool:
    return request.method in ("GET", "HEAD") and b"text/html" in request.headers.get(b"accept", b"")


def guard(request: Request) -> None:
    """Refuses what a page of another origin can send without a preflight. Errors: Bad."""
    if is_json(request) or any([request.headers.get(name) for name in _PREFLIGHT]):
        return
    raise Bad(400, CSRF)


def is_json(request: Request) -> bool:
    kind = request.headers.get(b"content-type", b"")
    return kind == JSON or kind.partition(b";")[0].strip().lower() == JSON


def asked(request: Request) -> Asked:
    """Errors: Bad."""
    given = _of_body(request) if request.method == "POST" else _of_query(request)
    query, variables = given.get("query"), given.get("variables")
    operation, extensions = given.get("operationName"), given.get("extensions")
    for name, value, kind in (("variables", variables, dict), ("extensions", extensions, dict)):
        if value is not None and not isinstance(value, kind):
            raise Bad(400, f"`{name}` must be an object.")
    if operation is not None and not isinstance(operation, str):
        raise Bad(400, "`operationName` must be a string.")
    if query is not None and not isinstance(query, str):
        raise Bad(400, "`query` must be a string.")
    persisted = (extensions or {}).get("persistedQuery")
    if not query:
        if persisted is not None:
            raise Bad(200, NOT_SUPPORTED, "PERSISTED_QUERY_NOT_SUPPORTED")
        raise Bad(400, NO_QUERY)
    named = persisted.get("sha256Hash") if isinstance(persisted, dict) else None
    if named is not None and named != hashlib.sha256(query.encode(errors="replace")).hexdigest():
        raise Bad(400, "provided sha does not match query")
    return Asked(query, variables, operation or None)


def _of_body(request: Request) -> dict[str, Any]:
    if len(request.body) > MOST_BODY:
        raise Bad(413, "request entity too large", "PAYLOAD_TOO_LARGE")
    if not is_json(request) or not request.body.strip():
        raise Bad(400, NO_BODY)
    if request.headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise Bad(415, "unsupported content encoding", "UNSUPPORTED_MEDIA_TYPE")
    return _object(request.body, "The body")


def _of_query(request: Request) -> dict[str, Any]:
    try:
        text = request.query.decode("ascii")
        given: dict[str, Any] = dict(parse_qsl(text, errors="strict", max_num_fields=100))
    except ValueError:
        raise Bad(400, "The query string cannot be read.") from None
    for name in ("variables", "extensions"):
        if name in given:
            given[name] = _object(given[name].encode(), f"`{name}`") if given[name] else None
    return given


def _object(body: bytes, what: str) -> dict[str, Any]:
    try:
        value = _any(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise Bad(400, f"{what} is not JSON.") from None
    if isinstance(value, list):
        raise Bad(400, "Operation batching disabled.")
    if not isinstance(value, dict):
        raise Bad(400, NO_BODY if what == "The body" else f"{what} must be an object.")
    if not value and what == "The body":
        raise Bad(400, NO_BODY)
    return value
