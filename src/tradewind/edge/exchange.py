"""Keeps what is known of one request on its way through the plugins: what the client sent, what they change
of it, and who the client is.
"""

from __future__ import annotations

from typing import Any, TypeAlias
from urllib.parse import unquote_plus

import msgspec

from .declared import Consumer, Route, Service

Headers: TypeAlias = list[tuple[bytes, bytes]]
JSON = (b"content-type", b"application/json; charset=utf-8")
_encode = msgspec.json.Encoder().encode


class Answer(msgspec.Struct):
    """An answer of the edge's own."""

    status: int
    body: bytes = b""
    headers: Headers = []


class Exchange:
    """Header names are in small letters. `path` is the target's path as it was sent, `normal` what is
    matched, `client` an address without a port. `added` and `removed` are headers for upstream, `noted` what
    a plugin keeps from the request to the answer. `most` is the largest body that may pass.
    """

    __slots__ = (
        "added",
        "client",
        "consumer",
        "credential",
        "headers",
        "host",
        "id",
        "known",
        "local",
        "method",
        "most",
        "normal",
        "noted",
        "path",
        "query",
        "removed",
        "route",
        "service",
        "taken",
    )

    def __init__(
        self, id: str, method: str, host: str, path: str, normal: str, query: str | None, headers: Headers
    ) -> None:
        self.id, self.method, self.host, self.headers = id, method, host, headers
        self.path, self.normal, self.query = path, normal, query
        self.client, self.local = "", ("", 0)
        self.route: Route | None = None
        self.service: Service | None = None
        self.taken = ""
        self.consumer: Consumer | None = None
        self.credential = ""
        self.known = False  # whether an authentication has said who this is, be it nobody
        self.added: dict[bytes, bytes] = {}
        self.removed: set[bytes] = set()
        self.noted: dict[Any, Any] = {}
        self.most: int | None = None

    def header(self, wanted: bytes) -> bytes | None:
        for name, value in self.headers:
            if name == wanted:
                return value
        return None

    def all(self, wanted: bytes) -> list[bytes]:
        return [value for name, value in self.headers if name == wanted]

    def arguments(self, wanted: str) -> list[str]:
        """The values of one argument of the query."""
        if not self.query:
            return []
        pairs = (part.partition("=") for part in self.query.split("&"))
        return [unquote_plus(value) for name, _, value in pairs if unquote_plus(name) == wanted]

    def drop_argument(self, unwanted: str) -> None:
        """Takes an argument out of the query that goes upstream; the others stay as they were sent."""
        if self.query is not None:
            kept = [
                part for part in self.query.split("&") if unquote_plus(part.partition("=")[0]) != unwanted
            ]
            self.query = "&".join(kept) if kept else None

    def authenticated(self, consumer: Consumer, credential: str) -> None:
        """`credential` is empty for the consumer that stands for nobody in particular."""
        self.consumer, self.credential, self.known = consumer, credential, bool(credential)
        texts = (
            (b"x-consumer-id", consumer.id),
            (b"x-consumer-username", consumer.username),
            (b"x-consumer-custom-id", consumer.custom_id),
            (b"x-credential-identifier", credential),
            (b"x-anonymous-consumer", "" if credential else "true"),
        )
        for name, text in texts:
            self.added.pop(name, None)
            if text:
                self.added[name] = text.encode()

    def refusal(self, status: int, message: str, headers: Headers | None = None) -> Answer:
        body = _encode({"message": message, "request_id": self.id})
        return Answer(status, body, [JSON, *(headers or ())])


def bare(status: int, content: object, headers: Headers | None = None) -> Answer:
    """A refusal without the id of the request."""
    return Answer(status, _encode(content), [JSON, *(headers or ())])


def with_header(headers: Headers, name: bytes, value: bytes | None) -> None:
    """In place of those of this name; None: none."""
    headers[:] = [pair for pair in headers if pair[0] != name]
    if value is not None:
        headers.append((name, value))
