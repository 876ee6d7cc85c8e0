"""Serves a payment provider over HTTP, so that payments may run apart from it, and in copies.

`POST /charges`, `GET /charges/KEY`, `POST /charges/KEY/void`, `POST /charges/KEY/refunds`: JSON, with an
`Answer`. 503 is `ProviderDown`, 409 a `Refusal` by its code; `NoAnswer` just ends the connection.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from urllib.parse import unquote

import msgspec

from ....core.http import Request, Response
from .port import Answer, Charge, KeyReused, NoAnswer, Provider, ProviderDown, RefundTooLarge, Refusal

LOG = logging.getLogger("tradewind.provider")
CODES: dict[type[Refusal], str] = {KeyReused: "key_reused", RefundTooLarge: "refund_too_large"}
NOTHING = Response(0)
"""No answer at all: the process ends the connection where it should be written."""


class Refund(msgspec.Struct, frozen=True):
    refund_key: str
    amount: int


_charge = msgspec.json.Decoder(Charge).decode
_refund = msgspec.json.Decoder(Refund).decode
_encode = msgspec.json.Encoder().encode


class ProviderServer:
    """A `Handler` of the HTTP server."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._tasks: set[asyncio.Task[None]] = set()

    def __call__(self, request: Request) -> None:
        try:
            asked = self._asked(request)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            request.respond(_problem(422, "invalid_body"))
            return
        if asked is None:
            request.respond(_problem(404, "not_found"))
            return
        task = asyncio.get_running_loop().create_task(_answer(request, asked))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _asked(self, request: Request) -> Awaitable[Answer] | None:
        first, *rest = request.path.strip("/").split("/")
        match (request.method, first, [unquote(word) for word in rest]):
            case ("POST", "charges", []):
                return self._provider.charge(_charge(request.body))
            case ("GET", "charges", [key]):
                return self._provider.find(key)
            case ("POST", "charges", [key, "void"]):
                return self._provider.void(key)
            case ("POST", "charges", [key, "refunds"]):
                refund = _refund(request.body)
                return self._provider.refund(key, refund.refund_key, refund.amount)
        return None


async def _answer(request: Request, asked: Awaitable[Answer]) -> None:
    try:
        response = Response(200, _encode(await asked))
    except ProviderDown:
        response = _problem(503, "provider_down")
    except NoAnswer:
        request.keep_alive = False
        response = NOTHING
    except Refusal as error:
        response = _problem(409, CODES[type(error)])
    except ValueError as error:
        response = _problem(422, str(error))
    request.respond(response)


def _problem(status: int, code: str) -> Response:
    return Response(status, _encode({"code": code}))
