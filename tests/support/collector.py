"""Stands in for an OpenTelemetry collector: takes spans over HTTP and keeps them as dictionaries, or
misbehaves as a test wants it.
"""

from __future__ import annotations

import asyncio
import gzip
import ssl
from collections.abc import Iterable, Mapping
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Collector:
    """`async with Collector() as collector:` listens on a free port of this machine. `spans` are flat:
    attributes and resource as dictionaries. Each of `answers` (status, headers, body) is given once, then
    200; `hangs` takes requests and never answers.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.port = 0
        self.hangs = False
        self.answers: list[tuple[int, Mapping[str, str], bytes]] = []
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.spans: list[dict[str, Any]] = []
        self._came = asyncio.Event()

    @property
    def url(self) -> str:
        """As it is published: with the path."""
        return f"{'https' if self._tls else 'http'}://localhost:{self.port}/v1/traces"

    async def __aenter__(self) -> Collector:
        self._server = await asyncio.start_server(self._serve, "localhost", self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *error: object) -> None:
        assert self._server is not None
        self._server.close()
        for writer in tuple(self._open):
            writer.transport.abort()
        await asyncio.sleep(0)

    async def has(self, spans: int, timeout_s: float = 60.0) -> list[dict[str, Any]]:
        """Waits until so many spans have come, and gives all. Errors: TimeoutError."""
        async with asyncio.timeout(timeout_s):
            while len(self.spans) < spans:
                self._came.clear()
                await self._came.wait()
        return self.spans

    async def asked(self, requests: int, timeout_s: float = 60.0) -> None:
        """Waits until so many requests have come, whatever was answered."""
        async with asyncio.timeout(timeout_s):
            while len(self.requests) < requests:
                self._came.clear()
                await self._came.wait()

    def trace(self, trace_id: str) -> list[dict[str, Any]]:
        """The spans of one trace, in the order in which they began."""
        return sorted(
            (span for span in self.spans if span["traceId"] == trace_id),
            key=lambda span: int(span["startTimeUnixNano"]),
        )

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {
                name.lower(): value.strip()
                for name, _, value in (line.partition(":") for line in head[1:] if line)
            }
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.requests.append((head[0], headers, body))
            self._came.set()
            if self.hangs:
                await reader.read()
                return
            status, extra, answer = self.answers.pop(0) if self.answers else (200, {}, b"")
            if status == 200:
                self._keep(gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body)
            lines = "".join(f"{name}: {value}\r\n" for name, value in extra.items())
            writer.write(
                f"HTTP/1.1 {status} X\r\nconnection: close\r\n"
                f"content-length: {len(answer)}\r\n{lines}\r\n".encode()
                + answer
            )
            await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            pass  # whoever asked has gone
        finally:
            self._open.discard(writer)
            writer.transport.abort() if self.hangs else writer.close()

    def _keep(self, body: bytes) -> None:
        for group in ExportTraceServiceRequest.FromString(body).resource_spans:
            resource = flat(group.resource.attributes)
            for scope in group.scope_spans:
                self.spans += [_shown(span) | {"resource": resource} for span in scope.spans]
        self._came.set()


def _shown(span: Any) -> dict[str, Any]:
    """In the words of OTLP's JSON."""
    return {
        "traceId": span.trace_id.hex(),
        "spanId": span.span_id.hex(),
        "parentSpanId": span.parent_span_id.hex(),
        "traceState": span.trace_state,
        "name": span.name,
        "kind": span.kind,
        "startTimeUnixNano": span.start_time_unix_nano,
        "endTimeUnixNano": span.end_time_unix_nano,
        "status": {"code": span.status.code, "message": span.status.message},
        "links": [{"traceId": link.trace_id.hex(), "spanId": link.span_id.hex()} for link in span.links],
        "remote": bool(span.flags & 0x200),
        "attributes": flat(span.attributes),
    }


def flat(attributes: Iterable[Any]) -> dict[str, Any]:
    """Key and value of each, as a dictionary."""
    return {item.key: getattr(item.value, item.value.WhichOneof("value")) for item in attributes}
