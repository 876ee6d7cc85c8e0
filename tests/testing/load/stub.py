"""A gateway of the blueprint rpc that keeps nothing but what it heard, and that can be told to misbehave."""

from __future__ import annotations

import json
import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Stub:
    """`broken` are the paths (their first two parts) that answer 503."""

    def __init__(self, broken: tuple[str, ...] = ()) -> None:
        self.broken = broken
        self.heard: Counter[str] = Counter()
        self.orders: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.products = [str(uuid.uuid4()) for _ in range(3)]
        self.url = ""

    def answer(self, method: str, path: str, body: dict[str, Any] | None, key: str) -> tuple[int, Any]:
        parts = path.split("/")[1:]
        name = f"{method} /" + "/".join(parts[:2] if parts[0] == "api" else parts)
        self.heard[f"{method} {path.rpartition('/')[0]}/:id" if len(parts) > 2 else name] += 1
        if "/" + "/".join(parts[:2]) in self.broken:
            return 503, {"success": False, "data": {"message": "circuit open", "statusCode": 503}}
        match method, parts:
            case "GET", ["health"]:
                return 200, {"success": True, "data": {"status": "ok"}}
            case "GET", ["api", "products"]:
                return 200, {
                    "success": True,
                    "data": {"data": [{"id": product} for product in self.products], "meta": {"total": 3}},
                }
            case "POST", ["api", "orders"]:
                assert body is not None
                self.orders.append(body)
                self.keys.append(key)
                return 201, {"success": True, "data": {"id": str(uuid.uuid4()), "status": "PENDING", **body}}
            case "GET", ["api", "orders", number]:
                return 200, {"success": True, "data": {"id": number}}
            case "GET", ["api", "payments"]:
                return 200, {"success": True, "data": []}
        return 404, {"success": False, "data": {"message": "Not found", "statusCode": 404}}


@contextmanager
def serving(broken: tuple[str, ...] = ()) -> Iterator[Stub]:
    stub = Stub(broken)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            status, found = stub.answer(
                self.command, self.path, body, self.headers.get("X-Idempotency-Key", "")
            )
            content = json.dumps(found).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    stub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
