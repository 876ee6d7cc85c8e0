"""Stops a body that is larger than a service wants to see, by its announced length or while it passes."""

from __future__ import annotations

from typing import Literal

from ..declared import Block
from ..exchange import Answer, Exchange
from .base import Around, Config, Plugin

UNITS = {"megabytes": 1 << 20, "kilobytes": 1 << 10, "bytes": 1}
TOO_LARGE = "Request size limit exceeded"


class RequestSizeLimitingConfig(Config, frozen=True):
    allowed_payload_size: int = 128
    size_unit: Literal["megabytes", "kilobytes", "bytes"] = "megabytes"
    require_content_length: bool = False


class RequestSizeLimiting(Plugin):
    name = "request-size-limiting"
    priority = 951
    config = RequestSizeLimitingConfig
    per_consumer = True

    def __init__(self, config: RequestSizeLimitingConfig, block: Block, around: Around) -> None:
        self._most = config.allowed_payload_size * UNITS[config.size_unit]
        self._needs_length = config.require_content_length

    def access(self, exchange: Exchange) -> Answer | None:
        length = exchange.header(b"content-length")
        if length is None:
            if self._needs_length and exchange.header(b"transfer-encoding") is not None:
                return exchange.refusal(411, "A valid Content-Length header is required")
            exchange.most = self._most  # counted while it passes
            return None
        if int(length) <= self._most:
            return None
        waits = (exchange.header(b"expect") or b"").lower() == b"100-continue"
        return exchange.refusal(417 if waits else 413, TOO_LARGE)
