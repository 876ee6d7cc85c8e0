"""Says which code and text a failure has for a GraphQL client: never a host, a stack or a statement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import GraphQLError

from ..kernel import errors
from ..kernel.errors import Failure
from .documents import shown

BAD_USER_INPUT, BAD_REQUEST, INTERNAL = "BAD_USER_INPUT", "BAD_REQUEST", "INTERNAL_SERVER_ERROR"
_CODES: Mapping[int, str] = {
    400: BAD_USER_INPUT,
    401: "UNAUTHENTICATED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    409: "CONFLICT",
    413: "PAYLOAD_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    422: BAD_USER_INPUT,
    429: "TOO_MANY_REQUESTS",
    503: "SERVICE_UNAVAILABLE",
    504: "GATEWAY_TIMEOUT",
}
_SAYS: Mapping[str, str] = {
    "NOT_FOUND": "Not found",
    "SERVICE_UNAVAILABLE": "A service that this needs cannot be reached now; try again later.",
    "GATEWAY_TIMEOUT": "A service that this needs did not answer in time.",
    INTERNAL: "Internal server error",
}


def code_of(failure: Failure) -> str:
    return _CODES.get(failure.status, INTERNAL)


def says_of(failure: Failure) -> str:
    code = code_of(failure)
    if failure.says and code != "SERVICE_UNAVAILABLE":
        return failure.says
    return _SAYS.get(code) or failure.says or failure.code.replace("_", " ")


def of_field(error: GraphQLError, operation: str) -> dict[str, Any]:
    """What a resolver has failed with; a fault of ours is logged."""
    cause = error.original_error
    if cause is None or isinstance(cause, GraphQLError):  # of the executor itself
        return shown(error, INTERNAL)
    failure = errors.of_error(cause, operation)
    return shown(error, code_of(failure), says_of(failure))
