"""Joins the Gateways to several services into one, for an API that shows all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from typing import Any

import msgspec

from .gateway import Gateway, Refusal, Reply
from .model import NOBODY, Caller, Message, Query, Request, wire_name

NOT_HERE = "not_here"


class JoinedGateway:
    """Implements `core.gateway.Gateway`. A message goes to the service that its name on the wire begins with;
    `needs` are those of which `missing` tells.
    """

    def __init__(self, services: Mapping[str, Gateway], needs: Collection[str]) -> None:
        self._services = services
        self._needed = _each(services, needs)
        self._all = _each(services, services)

    def _of(self, kind: type[Message]) -> Gateway:
        """Errors: LookupError."""
        return self._services[wire_name(kind).partition(".")[0]]

    def submit(self, message: Request, caller: Caller, deliver: Callable[[Reply], None], **more: Any) -> None:
        try:
            gateway = self._of(type(message))
        except LookupError:
            says = f"no service here takes {wire_name(type(message))}"
            deliver(Reply(503, msgspec.json.encode(Refusal(NOT_HERE, says, retry_after=1))))
            return
        gateway.submit(message, caller, deliver, **more)

    async def ask(self, query: Query, caller: Caller = NOBODY, *, deadline: int = 0, trace: str = "") -> Any:
        return await self._of(type(query)).ask(query, caller, deadline=deadline, trace=trace)

    async def changed(self, key: str, timeout: float) -> bool:
        """By whichever service says so first."""
        waits = [asyncio.ensure_future(one.changed(key, timeout)) for one in self._all]
        try:
            for first in asyncio.as_completed(waits):
                if await first:
                    return True
            return False
        finally:
            for wait in waits:
                wait.cancel()

    def missing(self) -> list[str]:
        return list(dict.fromkeys(why for one in self._needed for why in one.missing()))

    async def stats(self) -> dict[str, Any]:
        found = [await one.stats() for one in self._all]
        return {key: value for one in found for key, value in one.items()}


def _each(services: Mapping[str, Gateway], names: Collection[str]) -> list[Gateway]:
    """Once each: one may be that of several services."""
    return list({id(services[name]): services[name] for name in names if name in services}.values())
