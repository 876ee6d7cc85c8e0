"""Writes every error of a request as one problem response (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec

from ...core.http import Response
from ...core.model import Refused
from ...core.problem import Problem
from ..kernel import errors
from ..kernel.errors import Failure
from ..kernel.request_context import Headers
from .problems import BY_CODE
from .strict_json import Invalid

PROBLEM = b"application/problem+json"
RESERVED = frozenset(Problem.__struct_fields__) - {"errors"}
CHALLENGE: Headers = ((b"www-authenticate", b'Bearer realm="tradewind"'),)

_encode = msgspec.json.Encoder().encode


def field_refused(field: str, code: str, says: str) -> Refused:
    """422 for one field; the same code names the problem and the field."""
    return Refused(code, 422, says, errors=[{"field": field, "code": code, "detail": says}])


def invalid_field(field: str, says: str) -> Refused:
    return field_refused(field, "invalid_field", says)


def of_error(error: BaseException, operation: str, instance: str | None) -> Response:
    """The response to an error."""
    failure = _of_invalid(error) if isinstance(error, Invalid) else errors.of_error(error, operation)
    return answer(failure, instance)


def _of_invalid(error: Invalid) -> Failure:
    code = error.code if error.code in BY_CODE else "invalid_field"
    where = {"field": error.field, "code": error.code, "detail": error.detail}
    return Failure(error.status, code, error.detail, {"errors": [where]} if error.status == 422 else {})


def of_reply(status: int, body: bytes, instance: str | None) -> Response:
    return answer(errors.of_reply(status, body), instance)


def answer(failure: Failure, instance: str | None) -> Response:
    status, code, says, detail, retry_after = failure
    known = BY_CODE.get(code)
    content: dict[str, Any] = {
        "type": f"/docs/problems#{code}",
        "title": known.title if known else code.replace("_", " ").capitalize(),
        "status": status,
        "detail": says or (known.means if known else HTTPStatus(status).phrase + "."),
    }
    if instance is not None:
        content["instance"] = instance
    content["code"] = code
    allow = detail.get("allow") if status == 405 else None
    content.update(
        (_camel(name), value)
        for name, value in detail.items()
        if name not in RESERVED and (allow is None or name != "allow")
    )
    headers = CHALLENGE if status == 401 else ()
    if allow is not None:
        headers = ((b"allow", allow.encode()),)
    if retry_after:
        headers = (*headers, (b"retry-after", b"%d" % retry_after))
    return Response(status, _encode(content), headers, PROBLEM)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))
