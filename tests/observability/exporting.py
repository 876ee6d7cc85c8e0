"""Exporters with short waits, and spans for them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping

from tests.support.collector import Collector
from tradewind.core.clock import SystemClock
from tradewind.observability import endpoint
from tradewind.observability.exporter import Exporter
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
    place = endpoint.read(to if isinstance(to, str) else to.url, environment or {})
    assert place is not None
    resource = endpoint.resource("orders", "1.2.3", "instance-1", environment or {})
    return Exporter(
        place,
        resource,
        "1.2.3",
        batch=batch,
        bound=bound,
        every_s=every_s,
        first_pause_s=0.001,
        chance=random.Random(1),
    )


def fill(to: Exporter, spans: int) -> list[Span]:
    tracer = Tracer("orders", to.put, 1.0, SystemClock(1))
    made = [span for _ in range(spans) if (span := tracer.start("x")) is not None]
    for span in made:
        span.end()
    return made


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.005)
