"""Puts the tracer of a process together: three lines at its start and one at its end, and nothing at all
where no collector is named.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..core.clock import Clock
from . import endpoint
from .endpoint import BadEndpoint
from .metrics import Metrics
from .tracing import Tracer

if TYPE_CHECKING:
    from .exporter import Exporter

__all__ = ["BadEndpoint", "Tracing"]


class Tracing:
    """`url` is OTEL_EXPORTER_OTLP_ENDPOINT (empty: nothing is traced), `ratio` (0..1) how many of the traces
    that begin here are kept. Errors: BadEndpoint.
    """

    def __init__(
        self,
        service: str,
        url: str,
        ratio: float,
        clock: Clock,
        environment: Mapping[str, str],
        version: str = "",
    ) -> None:
        place = endpoint.read(url, environment)
        self._exporter: Exporter | None = None
        if place is not None:
            from .exporter import Exporter  # without tracing no memory is used for it

            shared = endpoint.resource(service, version, clock.uuid(), environment)
            try:
                self._exporter = Exporter(place, shared, version, chance=clock.random)
            except OSError as error:
                raise BadEndpoint(
                    f"OTEL_EXPORTER_OTLP_CERTIFICATE: {place.ca} cannot be read: {error}"
                ) from error
        self.tracer = Tracer(
            service, self._exporter.put if self._exporter is not None else None, ratio, clock
        )

    def start(self, metrics: Metrics | None = None) -> None:
        """In the event loop. The exporter's own figures go to /metrics."""
        exporter = self._exporter
        if exporter is not None:
            exporter.start()
            if metrics is not None:
                metrics.watch("trace_spans_exported", lambda: exporter.exported)
                metrics.watch("trace_spans_dropped", lambda: exporter.dropped)
                metrics.watch("trace_spans_waiting", lambda: exporter.waiting)

    async def stop(self, grace_s: float = 2.0) -> None:
        """Sends what waits, for so long at most. The last thing before the loop ends."""
        if self._exporter is not None:
            await self._exporter.stop(grace_s)
