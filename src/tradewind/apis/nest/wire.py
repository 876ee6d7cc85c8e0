"""What a message between NestJS and us looks like. What is only passed on is cut out and spliced in as bytes,
never decoded.

A request is `{"pattern":…,"data":…,"id":"…"}`, without `id` it is an event. A reply is
`{"response":…,"isDisposed":true}` or `{"err":…}`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import accumulate
from typing import Final, TypeVar

import msgspec
from msgspec import Raw

from ...core.request_queue import Kind, Malformed, Outcome
from .patterns import Routes

T = TypeVar("T")

__all__ = [
    "DEEPEST",
    "INTERNAL",
    "LARGEST",
    "NO_HANDLER",
    "TOO_MUCH",
    "Malformed",
    "pack_answer",
    "pack_malformed",
    "pack_refusal",
    "pack_request",
    "pack_unknown",
    "routes",
    "too_deep",
    "unpack_reply",
    "unpack_request",
]

LARGEST: Final = 8 * 1024 * 1024
"""Bytes of a request that we read."""
DEEPEST: Final = 64
"""Arrays and objects in one another, in the data of a request."""

NO_HANDLER: Final = b'"There is no matching message handler defined in the remote service."'
INTERNAL: Final = b'{"status":"error","message":"Internal server error"}'
"""What NestJS answers where a handler has thrown what is no RpcException."""
TOO_MUCH: Final = b'{"status":"error","message":"Too much is under way","statusCode":503}'
NULL: Final = b"null"
REFUSAL: Final = b'{"err":'

_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_OTHERS = bytes(set(range(256)) - set(b"[]{}"))
_STEPS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}


class Request(msgspec.Struct, gc=False):
    """A packet as it came; what is absent is empty."""

    pattern: Raw = Raw()
    data: Raw = Raw()
    id: Raw = Raw()


class _Reply(msgspec.Struct, gc=False):
    err: Raw = Raw()
    response: Raw = Raw()
    disposed: Raw = msgspec.field(default=Raw(), name="isDisposed")


_request = msgspec.json.Decoder(Request).decode
_reply = msgspec.json.Decoder(_Reply).decode
_any = msgspec.json.Decoder().decode


def pack_request(pattern: bytes, data: bytes, name: bytes) -> bytes:
    """`pattern` and `data` are JSON; `name` becomes the id and needs no escapes."""
    return b"".join((b'{"pattern":', pattern, b',"data":', data, b',"id":"', name, b'"}'))


def unpack_request(body: bytes) -> Request:
    """Errors: Malformed."""
    if len(body) > LARGEST:
        raise Malformed(f"larger than {LARGEST} bytes")
    try:
        if not body.isascii():
            body.decode()  # a text that is cut out unseen is checked here
        request = _request(body)
    except msgspec.ValidationError:
        raise Malformed("not a JSON object") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Malformed("not JSON") from None
    except RecursionError:
        raise Malformed(f"nested deeper than {DEEPEST}") from None
    return request


def routes(handlers: Mapping[str, T]) -> Callable[[bytes], tuple[str, T] | None]:
    """Finds who is meant by a pattern, as NestJS does."""
    return Routes(handlers).find


def too_deep(json: bytes) -> bool:
    """Is this (well-formed) JSON nested deeper than DEEPEST? Free for what has few brackets."""
    if json.count(b"[") + json.count(b"{") <= DEEPEST:
        return False
    brackets = _STRING.sub(b"", json).translate(None, _OTHERS)
    return max(accumulate(map(_STEPS.__getitem__, brackets)), default=0) > DEEPEST


def pack_answer(response: bytes, name: bytes) -> bytes:
    """`response` and `name` (the id) are raw JSON."""
    return b"".join((b'{"response":', response, b',"isDisposed":true,"id":', name, b"}"))


def pack_refusal(err: bytes, name: bytes) -> bytes:
    """`err` is raw JSON; so is `name` (the id), or empty where the request had none that could be read."""
    return b"".join((REFUSAL, err, b',"isDisposed":true,"id":', name or NULL, b"}"))


def pack_unknown(name: bytes) -> bytes:
    """What NestJS answers to a pattern that it has no handler for, to the byte."""
    return b"".join((b'{"id":', name, b',"err":', NO_HANDLER, b',"status":"error"}'))


def pack_malformed(reason: str, name: bytes) -> bytes:
    """NestJS is silent here; an answer spares the caller its timeout. 400: it is of no use to send that
    again.
    """
    return pack_refusal(
        msgspec.json.encode({"status": "error", "message": f"Bad request: {reason}", "statusCode": 400}), name
    )


def unpack_reply(body: bytes) -> Outcome:
    """As ClientProxy and firstValueFrom read it: a truthy `err` refuses; what is not one of its packets is
    itself the response.
    """
    try:
        if not body.isascii():
            body.decode()
        reply = _reply(body)
    except msgspec.ValidationError:
        return Outcome(Kind.ANSWER, body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Outcome(Kind.DOWN, b"the answer is not JSON")
    response, err = bytes(reply.response), bytes(reply.err)
    if err:
        if err[0] in b"{[" or _any(err):
            return Outcome(Kind.REFUSED, err)
    elif not response and not bytes(reply.disposed):
        return Outcome(Kind.ANSWER, body)
    return Outcome(Kind.ANSWER, response or NULL)
