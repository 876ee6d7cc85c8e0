"""Says what a service exports, so that a process can run it without knowing it: a registry lists manifests,
and nothing else names a service.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

if TYPE_CHECKING:
    import sqlalchemy as sa

    from .api import Around
    from .model import Service


class Given(msgspec.Struct, frozen=True):
    """What a process hands to a service: the settings in force by name, by name what a driver does for it,
    and the policies of its blueprint, which `contracts.policies` declares.
    """

    settings: Mapping[str, Any]
    ports: Mapping[str, Any]
    policies: Any


class Outside(Protocol):
    """A system outside that a service calls."""

    def start(self) -> None:
        """In the loop."""

    async def close(self) -> None: ...


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """One service. `make` builds it, `tables` are its own, `steps` the folder of the schema steps that
    lead to them. `operations` are those that an API shows beside the ones of the contracts. `ports` makes
    what it calls outside, by the names that `Given.ports` has for it.

    `checks` is the module whose `CHECKS` an audit asks, `adopts` that whose `ADOPTS` says what becomes of
    rows of another system: imported only then.

    `documents`: it may run on a store without transactions, since all its effects are rows whose ids follow
    from the message: said twice, it changes nothing. It has no timers, events and activities.

    What it hears, says and answers is in the service that `make` returns.
    """

    name: str
    make: Callable[[Given], Service]
    tables: sa.MetaData
    steps: Path
    operations: tuple[Any, ...] = ()
    ports: Callable[[Around], Mapping[str, Outside]] = lambda _: {}
    checks: str = ""
    adopts: str = ""
    documents: bool = False
