"""Says what a plugin is to the edge, so that one more plugin is one more file and one more line in the list
of them.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

import msgspec

from ..declared import Block, Declared
from ..exchange import Answer, Exchange, Headers


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The fields that a plugin takes under `config`."""

    def complaint(self) -> str:
        """What is wrong with fields that do not fit together, else nothing."""
        return ""

    def note(self) -> str:
        """What is allowed but probably not meant."""
        return ""


class Around(msgspec.Struct, frozen=True):
    """What a plugin gets from the process."""

    declared: Declared
    now: Callable[[], float] = time.time
    """Seconds since the epoch."""
    fresh_id: Callable[[], str] = lambda: ""
    """A new UUID."""


class Plugin(ABC):
    """One block of the file at work. Those of higher `priority` come first, as in Kong. `per_consumer`: a
    block may be for one consumer alone.
    """

    name: ClassVar[str]
    priority: ClassVar[int]
    config: ClassVar[type[Config]]
    per_consumer: ClassVar[bool] = False

    @abstractmethod
    def __init__(self, config: Any, block: Block, around: Around) -> None: ...

    @abstractmethod
    def access(self, exchange: Exchange) -> Answer | None:
        """Before the upstream is asked. An answer ends the way of the request."""

    def answered(self, exchange: Exchange, headers: Headers) -> None:
        """Changes the headers of the answer, whoever gives it."""
        return
