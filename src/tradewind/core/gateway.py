"""The port by which APIs reach the services, so that they know neither the processor nor where a service
runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from .model import NOBODY, Caller, Query, Request


class Reply(msgspec.Struct, frozen=True):
    """What came of a request, after its commit. `status` 0: done, `body` is the reply's JSON.

    Else: refused, `status` is the HTTP status and `body` a `Refusal`. `replayed`: this was decided before,
    and these are its bytes. `view`: what `body` spells, where it has just been decided here.
    """

    status: int
    body: bytes
    replayed: bool = False
    view: Any = None


class Refusal(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a request was refused, as it is saved and sent again."""

    code: str
    says: str = ""
    detail: dict[str, Any] = {}
    retry_after: int = 0


class Gateway(Protocol):
    """One per process. Requests go in as data; replies come back by callback, always from the event loop."""

    def submit(
        self,
        message: Request,
        caller: Caller,
        deliver: Callable[[Reply], None],
        *,
        deadline: int = 0,
        claim: str = "",
        fingerprint: str = "",
        trace: str = "",
        again: bool = False,
    ) -> None:
        """Sends a request to its service. `deliver` is called exactly once: after the commit, or with a
        refusal.

        `deadline` (ms since the epoch; 0: none of the caller's): what has not begun by then is not begun, and
        refused as `overloaded`; what was accepted is done all the same. A wire gets the time that is left.
        `claim` is the request's identity (caller + operation + key, hashed) and `fingerprint` that of its
        body; without a claim nothing is remembered. `again`: it may have been sent before, here or elsewhere.
        Refusals of the gateway itself: 503 `overloaded` and 503 `store_unavailable` (with `retry_after`), 422
        `idempotency_key_reused`, 409 `request_in_progress`, 500 `internal_error`.
        """
        ...

    async def ask(self, query: Query, caller: Caller = NOBODY, *, deadline: int = 0, trace: str = "") -> Any:
        """The answer (a View) of the service that answers this query, where that comes before the `deadline`,
        as of `submit`; `trace` is the `traceparent` of whoever follows it. Errors: Refused; StoreUnavailable;
        TimeoutError.
        """
        ...

    async def changed(self, key: str, timeout: float) -> bool:
        """Waits until something about `key` (that of a message) has been committed, or for `timeout` seconds.
        False: nothing came.
        """
        ...

    def missing(self) -> list[str]:
        """What is missing for readiness; empty: ready."""
        ...

    async def stats(self) -> dict[str, Any]:
        """Depths, ages (ms) and lags per service."""
        ...
