"""Takes the webhooks of the payment provider, once the signature is verified (Standard Webhooks, symmetric):
the path is public.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Iterator, Sequence

import msgspec

from ...contracts.payments import ProviderReported
from ...core.clock import Clock
from ...core.gateway import Gateway
from ...core.http import Request
from ...core.model import NOBODY, Message, Refused
from ..kernel.idempotency import Claims
from .call import Call, OperationRoute, finish_nothing

OPERATION = "webhooks.sandbox"
TOLERANCE_S = 300
MOST_SIGNATURES = 16
SUCCEEDED = "charge.succeeded"
# a dot would let the border between id and time move under the same signature
_ID = re.compile(rb"[\x21-\x2d\x2f-\x7e]{1,255}")
_TIME = re.compile(rb"[0-9]{1,12}")


class Report(msgspec.Struct, frozen=True, rename="camel"):
    """The webhook of the sandbox; a field that it adds later is no reason to refuse it."""

    type: str
    key: str = ""
    charge_id: str = ""


_report = msgspec.json.Decoder(Report).decode


def genuine(secrets: Sequence[bytes], headers: dict[bytes, bytes], body: bytes, now: int) -> bool:
    """Whether one of the secrets made one of the signatures, of these very bytes, within five minutes of
    `now` (ms).
    """
    id, time = headers.get(b"webhook-id", b""), headers.get(b"webhook-timestamp", b"")
    if not _ID.fullmatch(id) or not _TIME.fullmatch(time) or abs(now // 1_000 - int(time)) > TOLERANCE_S:
        return False
    given = headers.get(b"webhook-signature", b"").split(b" ", MOST_SIGNATURES)[:MOST_SIGNATURES]
    matches = 0
    for secret in secrets:
        expected = b"v1," + base64.b64encode(
            hmac.digest(secret, b"%b.%b.%b" % (id, time, body), hashlib.sha256)
        )
        for signature in given:
            matches += hmac.compare_digest(expected, signature)
    return matches > 0


class Webhooks:
    def __init__(
        self,
        gateway: Gateway,
        clock: Clock,
        claims: Claims,
        secrets: Sequence[bytes],
        counted: Callable[[Call, Callable[[], None]], None],
    ) -> None:
        """`counted` counts a forged one against its sender, and goes on."""
        self._gateway, self._clock, self._claims = gateway, clock, claims
        self._secrets, self._counted = secrets, counted

    def routes(self) -> Iterator[tuple[str, str, OperationRoute]]:
        path = "/webhooks/sandbox"
        route = OperationRoute(
            OPERATION, path, self._take, None, bind=_unbound, finish=finish_nothing, status=204
        )
        yield "POST", path, route

    def _take(self, call: Call) -> None:
        request = call.request
        if not genuine(self._secrets, request.headers, request.body, self._clock.now()):
            self._counted(call, _forged)
            return
        try:
            report = _report(request.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Refused("invalid_json", 400) from None
        if report.type != SUCCEEDED:
            call.answer(204, b"")
            return
        claim = self._claims.claim("sandbox", OPERATION, request.headers[b"webhook-id"])
        message = ProviderReported(report.key, report.charge_id)
        self._gateway.submit(
            message,
            NOBODY,
            call.deliver,
            deadline=call.deadline,
            claim=claim,
            fingerprint=self._claims.fingerprint(message),
            trace=call.trace,
        )


def _forged() -> None:
    raise Refused("invalid_signature", 401, "The signature is wrong or too old.")


def _unbound(request: Request, values: tuple[str, ...]) -> Message:
    raise NotImplementedError("a webhook is read once its signature is verified")
