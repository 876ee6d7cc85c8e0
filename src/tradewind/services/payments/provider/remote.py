"""Calls a payment provider over HTTP, a connection a call: the client half of `server`.

What was certainly not done is `ProviderDown` (no connection, 503), what may have been done is `NoAnswer`.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from urllib.parse import quote, urlsplit

import msgspec

from .port import Answer, Charge, KeyReused, NoAnswer, ProviderDown, RefundTooLarge, Refusal
from .server import Refund

PATIENCE_S = 3.0
"""Added to the provider's own timeout: `tok_slow` answers after 2 s."""
REFUSALS: dict[str, type[Refusal]] = {"key_reused": KeyReused, "refund_too_large": RefundTooLarge}
LARGEST = 65_536


class _Problem(msgspec.Struct, frozen=True):
    code: str = ""


_answer = msgspec.json.Decoder(Answer).decode
_problem = msgspec.json.Decoder(_Problem).decode
_encode = msgspec.json.Encoder().encode


class RemoteProvider:
    """A `Provider` at `url`, like `http://127.0.0.1:8090`. `timeout_s`: until a call has no answer."""

    def __init__(self, url: str, *, timeout_s: float = 1.0) -> None:
        place = urlsplit(url)
        self._host, self._port = place.hostname or "127.0.0.1", place.port or 80
        self._path, self._timeout_s = place.path.rstrip("/"), timeout_s + PATIENCE_S

    def start(self) -> None:
        """Its timers run in its own process."""

    async def charge(self, what: Charge) -> Answer:
        return await self._call("POST", "charges", _encode(what))

    async def find(self, key: str) -> Answer:
        return await self._call("GET", f"charges/{quote(key, safe='')}")

    async def void(self, key: str) -> Answer:
        return await self._call("POST", f"charges/{quote(key, safe='')}/void")

    async def refund(self, key: str, refund_key: str, amount: int) -> Answer:
        return await self._call(
            "POST", f"charges/{quote(key, safe='')}/refunds", _encode(Refund(refund_key, amount))
        )

    async def close(self) -> None:
        """Nothing is kept open."""

    async def _call(self, method: str, path: str, body: bytes = b"") -> Answer:
        try:
            async with asyncio.timeout(self._timeout_s):
                reader, writer = await asyncio.open_connection(self._host, self._port, limit=LARGEST)
        except (OSError, TimeoutError) as error:
            raise ProviderDown(f"{self._host}:{self._port} cannot be reached") from error
        try:
            async with asyncio.timeout(self._timeout_s):
                writer.write(self._request(method, path, body))
                await writer.drain()
                status, content = _response(await reader.read(-1))
        except (OSError, TimeoutError, ValueError) as error:
            raise NoAnswer("no answer before the deadline") from error
        finally:
            writer.close()
            with suppress(OSError, TimeoutError):
                await writer.wait_closed()
        return _meant(status, content)

    def _request(self, method: str, path: str, body: bytes) -> bytes:
        lines = [
            f"{method} {self._path}/{path} HTTP/1.1",
            f"Host: {self._host}:{self._port}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            "Connection: close",
        ]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def _response(data: bytes) -> tuple[int, bytes]:
    """Status and body of an answer with a Content-Length. Errors: ValueError, where it is cut off."""
    head, end, body = data.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    headers = dict(line.lower().split(b":", 1) for line in lines)
    if not end or len(body) != int(headers.get(b"content-length", b"-1")):
        raise ValueError("the answer is cut off")
    return int(first.split(b" ")[1]), body


def _meant(status: int, content: bytes) -> Answer:
    try:
        if status == 200:
            return _answer(content)
        code = _problem(content).code
    except msgspec.MsgspecError as error:
        raise NoAnswer("an answer that is none of a provider") from error
    if status == 409 and code in REFUSALS:
        raise REFUSALS[code](code)
    if status == 422:
        raise ValueError(code)
    if status == 503 and code == "provider_down":
        raise ProviderDown(code)
    raise NoAnswer(f"status {status}")
