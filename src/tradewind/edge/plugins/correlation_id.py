"""Gives a request an id that goes with it through all services, where the client has not brought one."""

from __future__ import annotations

import itertools
import os
from typing import Annotated, Literal

import msgspec

from ..declared import Block
from ..exchange import Answer, Exchange, Headers, with_header
from .base import Around, Config, Plugin

Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")]


class CorrelationIdConfig(Config, frozen=True):
    header_name: Name = "Kong-Request-ID"
    generator: Literal["uuid", "uuid#counter", "tracker"] = "uuid#counter"
    echo_downstream: bool = False


class CorrelationId(Plugin):
    name = "correlation-id"
    priority = 100_001
    config = CorrelationIdConfig

    def __init__(self, config: CorrelationIdConfig, block: Block, around: Around) -> None:
        self._config, self._around = config, around
        self._header = config.header_name.lower().encode()
        self._worker, self._count = around.fresh_id(), itertools.count(1)

    def access(self, exchange: Exchange) -> Answer | None:
        found = exchange.header(self._header)
        if not found:
            found = self._made(exchange).encode()
            exchange.added[self._header] = found
        exchange.noted[self] = found
        return None

    def answered(self, exchange: Exchange, headers: Headers) -> None:
        if self._config.echo_downstream:
            with_header(headers, self._header, exchange.noted.get(self))

    def _made(self, exchange: Exchange) -> str:
        if self._config.generator == "uuid":
            return self._around.fresh_id()
        number = next(self._count)
        if self._config.generator == "uuid#counter":
            return f"{self._worker}#{number}"
        host, port = exchange.local
        return f"{host}-{port}-{os.getpid()}-{number}-1-{self._around.now():.3f}"
