"""Holds what all connections of one server have in common, among it the time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ...core.http import Handler
from .limits import Limits
from .writing import Writer


class Watched(Protocol):
    def check(self, now: float) -> None: ...
    def drain(self) -> None: ...
    def abort(self) -> None: ...


class Shared:
    __slots__ = ("connections", "draining", "handler", "limits", "now", "on_empty", "writer")

    def __init__(self, handler: Handler, limits: Limits, writer: Writer) -> None:
        self.handler = handler
        self.limits = limits
        self.writer = writer
        self.now = 0.0
        self.draining = False
        self.connections: set[Watched] = set()
        self.on_empty: Callable[[], None] | None = None
