"""Reads the collector's address from the variables that every OpenTelemetry program knows, so that there are
none of ours to learn.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

import msgspec

PATH = "/v1/traces"
ENDPOINT, HEADERS = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_HEADERS"
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\x20-\x7e]*")
_PLACE = re.compile(r"[\x21-\x7e]+")


class BadEndpoint(ValueError):
    """One line that says which variable is wrong, and what would be right."""


class Endpoint(msgspec.Struct, frozen=True):
    """Where and how to POST. `ca` is a file of certificates to trust instead of the system's."""

    host: str
    port: int
    path: str = PATH
    tls: bool = False
    headers: tuple[tuple[str, str], ...] = ()
    gzip: bool = False
    timeout_s: float = 10.0
    ca: str = ""

    def __str__(self) -> str:
        return f"{'https' if self.tls else 'http'}://{self.authority}{self.path}"

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}"


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
    host, port, path, tls = _place(url.strip())
    packed = environment.get("OTEL_EXPORTER_OTLP_COMPRESSION", "") or "none"
    if packed not in ("none", "gzip"):
        raise BadEndpoint(f"OTEL_EXPORTER_OTLP_COMPRESSION: {packed!r} is not known; use gzip or none")
    ca = environment.get("OTEL_EXPORTER_OTLP_CERTIFICATE", "")
    return Endpoint(
        host,
        port,
        path,
        tls,
        _headers(environment.get(HEADERS, "")),
        packed == "gzip",
        _timeout(environment),
        ca,
    )


def _place(url: str) -> tuple[str, int, str, bool]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    if parts.scheme not in ("http", "https") or not host or not _PLACE.fullmatch(url):
        raise BadEndpoint(
            f"{ENDPOINT}: not a URL of a collector; write it as http://localhost:4318/v1/traces"
        )
    if parts.username or parts.password:
        raise BadEndpoint(
            f"{ENDPOINT}: put credentials into {HEADERS}=authorization=Basic%20…, not into the URL"
        )
    path = parts.path.rstrip("/")
    if not path.endswith(PATH):
        path += PATH
    tls = parts.scheme == "https"
    return (
        host,
        port if port is not None else (443 if tls else 80),
        path + (f"?{parts.query}" if parts.query else ""),
        tls,
    )


def pairs(text: str) -> list[tuple[str, str]]:
    """`a=b,c=d` with values in percent-encoding, as the OTEL_ variables write lists; what has no `=` is left
    out.
    """
    found = [item.partition("=") for item in text.split(",")]
    return [(key.strip(), unquote(value.strip())) for key, equals, value in found if equals and key.strip()]


def _headers(text: str) -> tuple[tuple[str, str], ...]:
    found = tuple((name.lower(), value) for name, value in pairs(text))
    for name, value in found:
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            raise BadEndpoint(f"{HEADERS}: the header {name!r} cannot be sent; write name=value,name=value")
    return found


def _timeout(environment: Mapping[str, str]) -> float:
    text = environment.get("OTEL_EXPORTER_OTLP_TIMEOUT", "") or "10000"
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 600_000:
        raise BadEndpoint(
            f"OTEL_EXPORTER_OTLP_TIMEOUT: {text!r} is not a number of milliseconds between 1 and 600000"
        )
    return int(text) / 1000


def resource(service: str, version: str, instance: str, environment: Mapping[str, str]) -> dict[str, str]:
    """What all spans of this process share. OTEL_RESOURCE_ATTRIBUTES adds to it and cannot rename it: several
    processes share it.
    """
    named = {
        "service.name": service,
        "service.version": version,
        "service.instance.id": instance,
        "telemetry.sdk.name": "tradewind",
        "telemetry.sdk.language": "python",
        "telemetry.sdk.version": version,
    }
    return {**dict(pairs(environment.get("OTEL_RESOURCE_ATTRIBUTES", ""))), **named}
