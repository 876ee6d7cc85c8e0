"""Reads where traces go, from the variables that every OpenTelemetry program knows, and puts the tracer of a
process together: nothing at all where no collector is named.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from ..core import readers
from ..core.clock import Clock
from ..core.settings import Setting
from .metrics import Metrics
from .tracing import Tracer

if TYPE_CHECKING:
    from .otlp import Exporter

PATH = "/v1/traces"
ENDPOINT, HEADERS = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_HEADERS"
COMPRESSION, CERTIFICATE = "OTEL_EXPORTER_OTLP_COMPRESSION", "OTEL_EXPORTER_OTLP_CERTIFICATE"
TIMEOUT, SERVICE = "OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_SERVICE_NAME"

SETTINGS: dict[str, Setting] = {
    "otlp_endpoint": Setting(
        readers.http,
        "",
        "URL",
        "where traces go (OTLP/HTTP), like http://localhost:4318/v1/traces; empty: tracing is off",
        shown=readers.without_password,
    ),
    "trace_ratio": Setting(
        readers.number(0, 1),
        "1",
        "share",
        "of the requests that begin a trace; one that comes with its own keeps it",
        only=lambda settings: bool(settings["otlp_endpoint"]),
    ),
}


class BadEndpoint(ValueError):
    """One line that says which variable is wrong, and what would be right."""


class Endpoint(NamedTuple):
    url: str
    timeout_s: float


def read(url: str, environment: Mapping[str, str]) -> Endpoint | None:
    """Where `url` (OTEL_EXPORTER_OTLP_ENDPOINT) leads, None where traces go nowhere: no URL,
    OTEL_SDK_DISABLED=true or OTEL_TRACES_EXPORTER=none. A URL that does not end in /v1/traces is a
    collector's base. Errors: BadEndpoint.
    """
    off = (
        environment.get("OTEL_SDK_DISABLED", "").lower() == "true"
        or environment.get("OTEL_TRACES_EXPORTER", "") == "none"
    )
    if off or not url.strip():
        return None
    packed = environment.get(COMPRESSION, "") or "none"
    if packed not in ("none", "gzip", "deflate"):
        raise BadEndpoint(f"{COMPRESSION}: {packed!r} is not known; use gzip or none")
    certificate = environment.get(CERTIFICATE, "")
    if certificate and not os.access(certificate, os.R_OK):
        raise BadEndpoint(f"{CERTIFICATE}: {certificate} cannot be read")
    return Endpoint(_url(url.strip()), _timeout(environment))


def _url(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    visible = url.isascii() and url.isprintable() and " " not in url
    if parts.scheme not in ("http", "https") or not host or not visible:
        raise BadEndpoint(
            f"{ENDPOINT}: not a URL of a collector; write it as http://localhost:4318/v1/traces"
        )
    if parts.username or parts.password:
        raise BadEndpoint(
            f"{ENDPOINT}: put credentials into {HEADERS}=authorization=Basic%20…, not into the URL"
        )
    path = parts.path.rstrip("/")
    return parts._replace(path=path if path.endswith(PATH) else path + PATH).geturl()


def _timeout(environment: Mapping[str, str]) -> float:
    """OpenTelemetry's variable is in milliseconds; the SDK for Python takes it for seconds."""
    text = environment.get(TIMEOUT, "") or "10000"
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 600_000:
        raise BadEndpoint(f"{TIMEOUT}: {text!r} is not a number of milliseconds between 1 and 600000")
    return int(text) / 1000


class Tracing:
    """`url` is OTEL_EXPORTER_OTLP_ENDPOINT (empty: nothing is traced), `ratio` (0..1) how many of the traces
    that begin here are kept. Errors: BadEndpoint, MissingExtra.
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
        service = environment.get(SERVICE, "") or service
        endpoint = read(url, environment)
        self._exporter: Exporter | None = None
        if endpoint is not None:
            from .otlp import Exporter  # the SDK takes memory and time: only where traces are wanted

            resource = {
                "service.name": service,
                "service.version": version,
                "service.instance.id": clock.uuid(),
            }
            self._exporter = Exporter(*endpoint, resource, version)
        self.tracer = Tracer(
            service, self._exporter.put if self._exporter is not None else None, ratio, clock
        )

    def start(self, metrics: Metrics) -> None:
        """The exporter's own figures go to /metrics."""
        exporter = self._exporter
        if exporter is not None:
            metrics.watch("trace_spans_exported", lambda: exporter.exported)
            metrics.watch("trace_spans_dropped", lambda: exporter.dropped)
            metrics.watch("trace_spans_waiting", lambda: exporter.waiting)

    async def stop(self, grace_s: float = 2.0) -> None:
        """Sends what waits, for so long at most. The last thing before the loop ends."""
        if self._exporter is not None:
            await self._exporter.stop(grace_s)
