"""Speaks HTTP/1.1 over a plain socket, so that a test decides what bytes go out, when they are sent and when
an answer is read.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

ANSWER_S = 60.0
Text = str | bytes


class Gone(ConnectionError):
    """The other side left before it had answered."""


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """Of a problem; empty for what is none."""
        return (
            str(self.json["code"]) if self.headers.get("content-type") == "application/problem+json" else ""
        )

    @property
    def replayed(self) -> bool:
        return self.headers.get("idempotent-replayed") == "true"


class Connection:
    """One kept-alive connection. `send` and `receive` are apart: many connections can send before one answer
    is read.
    """

    def __init__(self, port: int, *, timeout: float = ANSWER_S) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""

    def call(self, method: str, path: str, body: Any = None, **how: Any) -> Answer:
        """One request and its answer; `how` as for `send`. Errors: OSError, of which Gone is one."""
        self.send(method, path, body, **how)
        return self.receive()

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str = "",
        key: Text | None = None,
        headers: Mapping[str, Text] | Iterable[tuple[str, Text]] = (),
    ) -> None:
        """`body` is sent as JSON, bytes as they are."""
        self.write(request(method, path, body, token=token, key=key, headers=headers))

    def write(self, data: bytes) -> None:
        """Any bytes at all."""
        self._socket.sendall(data)

    def receive(self) -> Answer:
        head, _, self._rest = self._until(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        size = int(headers.get("content-length", "0"))
        while len(self._rest) < size:
            self._read()
        body, self._rest = self._rest[:size], self._rest[size:]
        return Answer(int(first.split(" ")[1]), headers, body)

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _until(self, mark: bytes) -> tuple[bytes, bytes, bytes]:
        while mark not in self._rest:
            self._read()
        return self._rest.partition(mark)

    def _read(self) -> None:
        data = self._socket.recv(65_536)
        if not data:
            raise Gone("closed before the answer was there")
        self._rest += data


def request(
    method: str,
    path: str,
    body: Any = None,
    *,
    token: str = "",
    key: Text | None = None,
    headers: Mapping[str, Text] | Iterable[tuple[str, Text]] = (),
) -> bytes:
    """A request as it goes over the wire."""
    given = list(headers.items() if isinstance(headers, Mapping) else headers)
    lines: list[tuple[str, Text]] = [("Host", "shop")]
    content = b""
    if body is not None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        if not any(name == "Content-Type" for name, _ in given):
            lines.append(("Content-Type", "application/json"))
    if method != "GET":
        lines += [("Content-Length", str(len(content)))]
    if token:
        lines.append(("Authorization", f"Bearer {token}"))
    if key is not None:
        lines.append(("Idempotency-Key", key))
    texts = [(name, text if isinstance(text, bytes) else text.encode()) for name, text in [*lines, *given]]
    head = b"".join([name.encode() + b": " + text + b"\r\n" for name, text in texts])
    return f"{method} {path} HTTP/1.1\r\n".encode() + head + b"\r\n" + content
