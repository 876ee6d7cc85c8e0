"""Finds what answers the operator: the running platform, the store of a stopped one, or the store that
services share.
"""

from __future__ import annotations

from typing import Any, Protocol
from urllib.parse import quote

from ..core.model import Refused
from ..core.store import StoreUnavailable, StoreUnusable
from ..runtime import local
from ..runtime.config import Config
from ..runtime.local import NotReachable
from ..runtime.topology import Blueprint

LETTERS = "/api/v1/ops/dead-letters"
UNANSWERED = (NotReachable, StoreUnusable, StoreUnavailable)
"""There is no answer, and why: one line."""


class Operator(Protocol):
    """Errors, of all: one of UNANSWERED, and Refused where the answer is no."""

    def stats(self) -> Any: ...

    def timeline(self, order: str) -> Any: ...

    def letters(self) -> list[Any]: ...

    def replay(self, letter: str) -> None: ...

    def discard(self, letter: str) -> None: ...


def operator_of(config: Config, blueprint: Blueprint) -> Operator:
    if not blueprint.apart:
        return LocalOperator(config)
    from .shared_store import SharedStoreOperator

    return SharedStoreOperator(config, blueprint)


class LocalOperator:
    """One request to the running platform, or to the stopped one's store."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def stats(self) -> Any:
        return self._ask("GET", "/api/v1/ops/stats")

    def timeline(self, order: str) -> Any:
        return self._ask("GET", f"/api/v1/orders/{_in_path(order)}/timeline")

    def letters(self) -> list[Any]:
        found: list[Any] = []
        cursor: str | None = ""
        while cursor is not None:
            page = self._ask("GET", f"{LETTERS}?limit=100" + (f"&cursor={cursor}" if cursor else ""))
            found += page["data"]
            cursor = page["nextCursor"]
        return found

    def replay(self, letter: str) -> None:
        self._ask("POST", f"{LETTERS}/{_in_path(letter)}/replay")

    def discard(self, letter: str) -> None:
        self._ask("POST", f"{LETTERS}/{_in_path(letter)}/discard")

    def _ask(self, method: str, path: str) -> Any:
        from . import offline

        config = self._config
        url = local.running(config.data)
        answer = (
            local.call(url, method, path, token=local.operator_token(config))
            if url
            else offline.call(config, method, path)
        )
        if answer.status >= 300:
            body = answer.body if isinstance(answer.body, dict) else {}
            raise Refused(
                body.get("code") or str(answer.status),
                answer.status,
                body.get("detail") or body.get("title") or "",
            )
        return answer.body


def _in_path(argument: str) -> str:
    """An argument of the command line as one segment of a path, whatever bytes it has."""
    return quote(argument.encode(errors="surrogateescape"), safe="")
