"""Turns every error of a request into one problem response, without a stack, input or internal name."""

from __future__ import annotations

import asyncio
import logging
import traceback
from http import HTTPStatus
from typing import Any

import msgspec

from ...core.gateway import Refusal
from ...core.http import Response
from ...core.model import Refused
from ...core.problem import Problem
from ...core.store import StoreUnavailable
from ..kernel.problems import BY_CODE
from .strict_json import Invalid

Headers = tuple[tuple[bytes, bytes], ...]
PROBLEM = b"application/problem+json"
RESERVED = frozenset(Problem.__struct_fields__) - {"errors"}
CHALLENGE: Headers = ((b"www-authenticate", b'Bearer realm="tradewind"'),)

_encode = msgspec.json.Encoder().encode
_refusal = msgspec.json.Decoder(Refusal).decode
log = logging.getLogger("tradewind.apis.v1")


def field_refused(field: str, code: str, says: str) -> Refused:
    """422 for one field; the same code names the problem and the field."""
    return Refused(code, 422, says, errors=[{"field": field, "code": code, "detail": says}])


def invalid_field(field: str, says: str) -> Refused:
    return field_refused(field, "invalid_field", says)


def of_error(error: BaseException, operation: str, instance: str | None) -> Response:
    """The response to an error. An unexpected one is logged by its place in the code: its text may quote the
    request.
    """
    if isinstance(error, Refused):
        detail = dict(error.detail)
        return answer(
            error.status, error.code, error.says, detail, instance, int(detail.pop("retry_after", 0))
        )
    if isinstance(error, Invalid):
        code = error.code if error.code in BY_CODE else "invalid_field"
        where = (
            [{"field": error.field, "code": error.code, "detail": error.detail}]
            if error.status == 422
            else []
        )
        return answer(error.status, code, error.detail, {"errors": where} if where else {}, instance)
    if isinstance(error, asyncio.CancelledError):
        return answer(503, "overloaded", "The server is shutting down.", {}, instance, 1)
    if isinstance(error, StoreUnavailable):
        return answer(503, "store_unavailable", "", {}, instance, 1)
    if isinstance(error, TimeoutError):
        return answer(504, "answer_timeout", "", {}, instance)
    log.error(
        "%s in %s at %s", type(error).__name__, operation, "".join(traceback.format_tb(error.__traceback__))
    )
    return answer(500, "internal_error", "", {}, instance)


def of_reply(status: int, body: bytes, instance: str | None) -> Response:
    refusal = _refusal(body)
    return answer(status, refusal.code, refusal.says, refusal.detail, instance, refusal.retry_after)


def answer(
    status: int, code: str, says: str, detail: dict[str, Any], instance: str | None, retry_after: int = 0
) -> Response:
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
    allow = detail.pop("allow", None) if status == 405 else None
    content.update((_camel(name), value) for name, value in detail.items() if name not in RESERVED)
    headers = CHALLENGE if status == 401 else ()
    if allow is not None:
        headers = ((b"allow", allow.encode()),)
    if retry_after:
        headers = (*headers, (b"retry-after", b"%d" % retry_after))
    return Response(status, _encode(content), headers, PROBLEM)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))
