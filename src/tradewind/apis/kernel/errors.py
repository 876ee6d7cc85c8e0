"""Says what every error of a request means for its caller, without a stack, input or internal name; each API
writes that in a form of its own.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec

from ...core.gateway import Refusal
from ...core.model import Refused
from ...core.store import StoreUnavailable

_refusal = msgspec.json.Decoder(Refusal).decode
log = logging.getLogger("tradewind.apis")


class Failure(NamedTuple):
    """`code` is one of `problems.TABLE`, or a service's own; `says` may be empty; `detail` are facts that an
    API may show; `retry_after` in seconds, 0: not said.
    """

    status: int
    code: str
    says: str = ""
    detail: Mapping[str, Any] = MappingProxyType({})
    retry_after: int = 0


def of_error(error: BaseException, operation: str) -> Failure:
    """An unexpected error is logged by its place in the code: its text may quote the request."""
    if isinstance(error, Refused):
        detail = dict(error.detail)
        retry_after = int(detail.pop("retry_after", 0))
        return Failure(error.status, error.code, error.says, detail, retry_after)
    if isinstance(error, asyncio.CancelledError):
        return Failure(503, "overloaded", "The server is shutting down.", {}, 1)
    if isinstance(error, StoreUnavailable):
        return Failure(503, "store_unavailable", "", {}, 1)
    if isinstance(error, TimeoutError):
        return Failure(504, "answer_timeout")
    place = "".join(traceback.format_tb(error.__traceback__))
    log.error("%s in %s at %s", type(error).__name__, operation, place)
    return Failure(500, "internal_error")


def of_reply(status: int, body: bytes) -> Failure:
    """What a `Reply` with this status says."""
    refusal = _refusal(body)
    return Failure(status, refusal.code, refusal.says, refusal.detail, refusal.retry_after)


def no_route(methods: list[str]) -> Refused:
    """404 for a path that nothing serves, 405 with `allow` for a method that this path does not take."""
    if not methods:
        return Refused("not_found", 404, "There is no such path.")
    return Refused("method_not_allowed", 405, allow=", ".join(methods))
