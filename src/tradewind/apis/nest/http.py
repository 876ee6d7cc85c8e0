"""Answers HTTP requests as NestJS on Express does: the bodies of its errors, and what it says of a path, a
body or a limit that does not fit.
"""

from __future__ import annotations

from typing import Any

import msgspec

from ...core.gateway import Reply
from ...core.http import Response
from ..kernel import errors
from ..kernel.errors import Failure
from ..kernel.request_context import Headers, RequestContext
from .bodies import TOO_LARGE, BodyRefused
from .validator import NotJson

JSON = b"application/json; charset=utf-8"
INTERNAL = "Internal server error"
NOT_PARSED = "Unexpected token in JSON"
"""Node's own sentence would repeat the input."""
THROTTLED = "ThrottlerException: Too Many Requests"
GUARDS: dict[str, tuple[str, str]] = {
    "unauthorized": ("Unauthorized", ""),
    "forbidden": ("Forbidden resource", "Forbidden"),
}
"""What NestJS's guards say: message and name."""
NAMES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    413: "Payload Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Entity",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}
"""What NestJS's exceptions call themselves in `error`."""
Message = str | list[str] | dict[str, str]
_encode = msgspec.json.Encoder().encode


def error_body(status: int, message: Message, name: str = "") -> dict[str, Any]:
    """`name` is that of one of NestJS's own exceptions; without one it is what its base class writes."""
    if name:
        return {"message": message, "error": name, "statusCode": status}
    if message == NAMES.get(status):  # an exception without a message of its own
        return {"message": message, "statusCode": status}
    return {"statusCode": status, "message": message}


def of_problem(problem: Response) -> Response:
    """A response of the HTTP server itself, as Node and Express word it."""
    status = problem.status
    says = TOO_LARGE[0] if status == 413 else msgspec.json.decode(problem.body)["detail"]
    return Response(status, _encode(error_body(status, says)), problem.headers, JSON)


class NestContext(RequestContext):
    __slots__ = ()
    CONTENT_TYPE = JSON

    def refuse(self, status: int, message: Message, name: str = "", headers: Headers = ()) -> None:
        """Answers with an exception of NestJS. An API with another form of errors has this in its own way."""
        self.answer(status, _encode(error_body(status, message, name)), headers)

    def show(self, view: Any) -> None:
        self.answer(self.route.status, _encode(view))

    def refused(self, reply: Reply) -> None:
        self._failed(errors.of_reply(reply.status, reply.body))

    def fail(self, error: BaseException) -> None:
        if isinstance(error, NotJson):
            self.refuse(400, NOT_PARSED, NAMES[400])
        elif isinstance(error, BodyRefused):
            self.refuse(error.status, error.message)
        else:
            self._failed(errors.of_error(error, self.route.name))

    def unmatched(self, methods: list[str]) -> None:
        """As Express: what is not known is 404, whatever the method."""
        request = self.request
        url = f"{request.path}?{request.query.decode('latin-1')}" if request.query else request.path
        self.refuse(404, f"Cannot {request.method} {url}", NAMES[404])

    def _failed(self, failure: Failure) -> None:
        status, retry_after = failure.status, failure.retry_after
        headers: Headers = ((b"retry-after", b"%d" % retry_after),) if retry_after else ()
        if (says := GUARDS.get(failure.code)) is not None:
            self.refuse(status, *says, headers=headers)
        elif status == 429:
            self.refuse(429, THROTTLED, headers=headers)
        elif (name := NAMES.get(status)) is None:
            self.refuse(status, failure.says or INTERNAL, headers=headers)
        else:
            self.refuse(status, failure.says or name, name, headers)
