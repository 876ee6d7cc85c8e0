"""Calls a payment provider over HTTP: the client half of `server`.

What was certainly not done is `ProviderDown` (no connection, 503), what may have been done is `NoAnswer`.
"""

from __future__ import annotations

from urllib.parse import quote

import msgspec

from ....core.http import HttpClient, NoHttpAnswer, NotReached
from .port import Answer, Charge, KeyReused, NoAnswer, ProviderDown, RefundTooLarge, Refusal
from .server import Refund

PATIENCE_S = 3.0
"""Added to the provider's own timeout: `tok_slow` answers after 2 s."""
REFUSALS: dict[str, type[Refusal]] = {"key_reused": KeyReused, "refund_too_large": RefundTooLarge}


class _Problem(msgspec.Struct, frozen=True):
    code: str = ""


_answer = msgspec.json.Decoder(Answer).decode
_problem = msgspec.json.Decoder(_Problem).decode
_encode = msgspec.json.Encoder().encode


class RemoteProvider:
    """A `Provider` at `url`, like `http://127.0.0.1:8090`. `timeout_s`: until a call has no answer.
    `close` closes the client too.
    """

    def __init__(self, url: str, client: HttpClient, *, timeout_s: float = 1.0) -> None:
        self._url, self._client, self._timeout_s = url.rstrip("/"), client, timeout_s + PATIENCE_S

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
        await self._client.close()

    async def _call(self, method: str, path: str, body: bytes = b"") -> Answer:
        try:
            answer = await self._client.call(method, f"{self._url}/{path}", body, deadline_s=self._timeout_s)
        except NotReached as error:
            raise ProviderDown(str(error)) from error
        except NoHttpAnswer as error:
            raise NoAnswer("no answer before the deadline") from error
        return _meant(answer.status, answer.body)


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
