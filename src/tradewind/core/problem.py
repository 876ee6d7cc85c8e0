"""The shape of every error of every API (RFC 9457), so that a client needs to learn only one."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from .http import Response


class FieldError(msgspec.Struct, frozen=True):
    field: str
    code: str
    detail: str


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    type: str
    title: str
    status: int
    detail: str
    instance: str | None = None
    code: str
    errors: tuple[FieldError, ...] | None = None


_encode = msgspec.json.Encoder().encode


def problem(
    status: int,
    code: str,
    title: str,
    detail: str,
    instance: str | None = None,
    errors: Sequence[FieldError] | None = None,
    headers: tuple[tuple[bytes, bytes], ...] = (),
) -> Response:
    content = Problem(
        type=f"/docs/problems#{code}",
        title=title,
        status=status,
        detail=detail,
        instance=instance,
        code=code,
        errors=None if errors is None else tuple(errors),
    )
    return Response(status, _encode(content), headers, b"application/problem+json")
