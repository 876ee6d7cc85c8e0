"""Writes what every answer of this API looks like: the envelope, its errors, and the headers that any page
may read it.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec

from ...core.http import Response
from ..kernel.cors import Cors
from ..nest.bodies import TOO_LARGE
from ..nest.http import INTERNAL, JSON, Message

CORS = Cors(("*",), methods=b"GET,HEAD,PUT,PATCH,POST,DELETE", every_options=True)
"""As Express's `cors` package answers."""
ANY_ORIGIN = ((b"access-control-allow-origin", b"*"),)
BEGIN, END = b'{"success":true,"data":', b"}"

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


def error(status: int, message: Message, name: str = "") -> bytes:
    """The body of an error. `name` is NestJS's, such as `Bad Request`; errors of a service have none."""
    data: dict[str, Any] = (
        {"message": message, "error": name, "statusCode": status}
        if name
        else {"message": message, "statusCode": status}
    )
    return _encode({"success": False, "data": data})


def refusal(err: bytes) -> tuple[int, bytes]:
    """Status and body of what a service has sent as `err`: the object of an RpcException, or what NestJS
    makes of a bug.
    """
    try:
        sent = _decode(err)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        sent = None
    if not isinstance(sent, dict):
        return 500, error(500, INTERNAL)
    status, name = _status(sent), sent.get("error")
    return status, error(status, _message(sent, status), name if isinstance(name, str) else "")


def status_of(err: bytes) -> int:
    """The status alone."""
    try:
        sent = _decode(err)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return 500
    return _status(sent) if isinstance(sent, dict) else 500


def _status(sent: dict[str, Any]) -> int:
    status = sent.get("statusCode")
    return status if isinstance(status, int) and 400 <= status <= 599 and status in _KNOWN else 500


def _message(sent: dict[str, Any], status: int) -> str | list[str]:
    message = sent.get("message")
    if isinstance(message, str):
        return message
    if isinstance(message, list) and all([isinstance(line, str) for line in message]):
        return message
    return INTERNAL if status == 500 else _phrase(status)


_KNOWN = frozenset(status.value for status in HTTPStatus)


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase


def of_problem(problem: Response) -> Response:
    """A response of the HTTP server itself, in the envelope of this API."""
    status = problem.status
    body = (
        error(413, *TOO_LARGE)
        if status == 413
        else error(status, _decode(problem.body)["detail"], _phrase(status))
    )
    return Response(status, body, (*problem.headers, *ANY_ORIGIN), JSON)
