"""Exporters with short waits, and spans for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from tests.support.collector import Collector
from tradewind.core.clock import SystemClock
from tradewind.observability import collector
from tradewind.observability.otlp import Exporter
from tradewind.observability.tracing import Span, Tracer

Where = Collector | str


def exporter(
    to: Where,
    *,
    batch: int = 512,
    bound: int = 2_048,
    every_s: float = 0.01,
    environment: Mapping[str, str] | None = None,
) -> Exporter:
    endpoint = collector.read(to if isinstance(to, str) else to.url, environment or {})
    assert endpoint is not None
    resource = {"service.name": "orders", "service.version": "1.2.3", "service.instance.id": "instance-1"}
    return Exporter(*endpoint, resource, "1.2.3", batch=batch, bound=bound, every_s=every_s)


def fill(to: Exporter, spans: int) -> list[Span]:
    tracer = Tracer("orders", to.put, 1.0, SystemClock(1))
    made = [span for _ in range(spans) if (span := tracer.start("x")) is not None]
    for span in made:
        span.end()
    return made


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not true():
            await asyncio.sleep(0.005)
