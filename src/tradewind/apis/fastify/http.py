"""Answers HTTP requests as Fastify does: the bodies of its errors, and how it takes the body of a request."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn
from urllib.parse import unquote_to_bytes

import msgspec

from ...core.gateway import Reply
from ...core.http import Request, Response
from ..kernel import errors
from ..kernel.errors import Failure
from ..kernel.request_context import Headers, RequestContext

JSON = b"application/json; charset=utf-8"
TEXT = b"text/plain; charset=utf-8"
MOST_BODY = 1024 * 1024
NAMES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    413: "Payload Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Entity",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}
VALIDATION = "FST_ERR_VALIDATION"
EMPTY = (
    400,
    "FST_ERR_CTP_EMPTY_JSON_BODY",
    "Body cannot be empty when content-type is set to 'application/json'",
)
BROKEN = (
    400,
    "FST_ERR_CTP_INVALID_JSON_BODY",
    "Body is not valid JSON but content-type is set to 'application/json'",
)
TOO_LARGE = (413, "FST_ERR_CTP_BODY_TOO_LARGE", "Request body is too large")
MEDIA_TYPE = (415, "FST_ERR_CTP_INVALID_MEDIA_TYPE")
CLIENT_ERROR = b'{"error":"Bad Request","message":"Client Error","statusCode":400}'
_JSON = re.compile(rb"application/json[ \t]*(?:;.*)?", re.IGNORECASE | re.DOTALL)
_TEXT = re.compile(rb"text/plain[ \t]*(?:;.*)?", re.IGNORECASE | re.DOTALL)
_BAD_ESCAPE = re.compile("%(?![0-9A-Fa-f]{2})")
_encode = msgspec.json.Encoder().encode


class BodyRefused(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(status, code, message)
        self.status, self.code, self.message = status, code, message


def value_of(request: Request, most: int = MOST_BODY) -> Any:
    """The body as JavaScript has it; None without one. Errors: BodyRefused."""
    body, content_type = request.body, request.headers.get(b"content-type", b"")
    if len(body) > most:
        raise BodyRefused(*TOO_LARGE)
    if not content_type and not body:
        return None
    if _JSON.fullmatch(content_type):
        return _parsed(body)
    if _TEXT.fullmatch(content_type):
        return body.decode(errors="replace")
    shown = content_type.decode("latin-1") or "undefined"  # as JavaScript spells what is not there
    raise BodyRefused(*MEDIA_TYPE, f"Unsupported Media Type: {shown}")


def _parsed(body: bytes) -> Any:
    if not body:
        raise BodyRefused(*EMPTY)
    try:
        found = json.loads(body.decode("utf-8-sig"), parse_int=float, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise BodyRefused(*BROKEN) from None
    if (
        isinstance(found, dict) and "__proto__" in found
    ):  # Fastify guards against what it would do in JavaScript
        raise BodyRefused(*BROKEN)
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def error_body(status: int, message: str, code: str = "") -> bytes:
    """`code` is one of Fastify's own errors; without one it is an error of the application."""
    name = NAMES.get(status, "Error")
    if code:
        return _encode({"statusCode": status, "code": code, "error": name, "message": message})
    return _encode({"statusCode": status, "error": name, "message": message})


def of_problem(problem: Response) -> Response:
    """A response of the HTTP server itself, as Fastify words it."""
    status = problem.status
    if status == 413:
        body = error_body(status, TOO_LARGE[2], TOO_LARGE[1])
    elif status == 400:
        body = CLIENT_ERROR
    else:
        body = error_body(status, msgspec.json.decode(problem.body)["detail"])
    return Response(status, body, problem.headers, JSON)


class FastifyContext(RequestContext):
    __slots__ = ()
    CONTENT_TYPE = JSON

    def refuse(self, status: int, message: str, code: str = "", headers: Headers = ()) -> None:
        self.answer(status, error_body(status, message, code), headers)

    def invalid(self, faults: list[str]) -> None:
        self.refuse(400, ", ".join(faults), VALIDATION)

    def show(self, view: Any) -> None:
        self.answer(self.route.status, _encode(view))

    def refused(self, reply: Reply) -> None:
        self._failed(errors.of_reply(reply.status, reply.body))

    def fail(self, error: BaseException) -> None:
        if isinstance(error, BodyRefused):
            self.refuse(error.status, error.message, error.code)
        else:
            self._failed(errors.of_error(error, self.route.name))

    def unmatched(self, methods: list[str]) -> None:
        """What is not known is 404, whatever the method."""
        request, path = self.request, self.request.path
        if _BAD_ESCAPE.search(path) or not _is_utf8(path):
            says = f"'{path}' is not a valid url component"
            bad = {"error": NAMES[400], "code": "FST_ERR_BAD_URL", "message": says, "statusCode": 400}
            self.answer(400, _encode(bad), (), b"application/json")
            return
        url = f"{path}?{request.query.decode('latin-1')}" if request.query else path
        body = {"message": f"Route {request.method}:{url} not found", "error": NAMES[404], "statusCode": 404}
        self.answer(404, _encode(body))

    def _failed(self, failure: Failure) -> None:
        status, retry_after = failure.status, failure.retry_after
        headers: Headers = ((b"retry-after", b"%d" % retry_after),) if retry_after else ()
        self.refuse(status, failure.says or NAMES.get(status, "Error"), headers=headers)


def _is_utf8(path: str) -> bool:
    try:
        unquote_to_bytes(path).decode()
    except UnicodeDecodeError:
        return False
    return True
