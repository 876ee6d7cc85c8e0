"""The responses that the server gives by itself, before or instead of a handler."""

from __future__ import annotations

from ...core.http import Response
from ...core.problem import problem


class Refused(Exception):
    """What was read cannot be a request; after the answer nothing more of the connection can be trusted."""

    def __init__(self, answer: Response) -> None:
        super().__init__(answer.status)
        self.answer = answer


def malformed(detail: str) -> Response:
    return problem(400, "malformed_request", "Malformed request", detail)


MALFORMED = malformed("This is not a well-formed HTTP/1.1 request.")
NO_HOST = malformed("The Host header is missing.")
TIMEOUT = problem(408, "request_timeout", "Request timeout", "The request did not arrive completely in time.")
BODY_TOO_LARGE = problem(
    413, "body_too_large", "Body too large", "The request body is larger than this server takes."
)
URL_TOO_LONG = problem(
    414, "url_too_long", "URL too long", "The request target is longer than this server takes."
)
EXPECTATION = problem(
    417, "expectation_failed", "Expectation failed", "The only expectation known here is 100-continue."
)
HEADERS_TOO_LARGE = problem(
    431, "headers_too_large", "Headers too large", "The request has more headers than this server takes."
)
INTERNAL = problem(
    500, "internal_error", "Internal error", "The request failed here; the reason is in the server's log."
)
CODING = problem(
    501,
    "transfer_coding_unknown",
    "Unknown transfer coding",
    "The only transfer coding known here is chunked.",
)
BUSY = problem(
    503,
    "too_many_connections",
    "Too many connections",
    "Every connection is taken; try again soon.",
    headers=((b"retry-after", b"1"),),
)
NO_ANSWER = problem(
    504,
    "answer_timeout",
    "No answer in time",
    "The answer took too long; the outcome of the request is not known.",
)
VERSION = problem(
    505, "http_version_unknown", "Unknown HTTP version", "This server speaks HTTP/1.1 and HTTP/1.0."
)
