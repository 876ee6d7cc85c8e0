"""A collector that throws traces away and keeps their number, so that the export is part of what is measured
and a real one is not.
"""

from __future__ import annotations

import argparse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


def spans(body: bytes) -> int:
    """How many an OTLP export holds."""
    told = ExportTraceServiceRequest.FromString(body)
    return sum(len(scope.spans) for resource in told.resource_spans for scope in resource.scope_spans)


def serve(port: int, note: Path) -> None:
    seen = 0

    class Sink(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            nonlocal seen
            seen += spans(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
            note.write_text(str(seen))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    ThreadingHTTPServer(("127.0.0.1", port), Sink).serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--count", type=Path, required=True)
    chosen = parser.parse_args()
    serve(chosen.port, chosen.count)
