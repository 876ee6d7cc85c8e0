"""What a message between our own services looks like, for a driver of `core.request_queue`.

A request is `{"operation":"orders.place","data":{…},"id":"…"}`, its data a `Submission`. A reply is
`{"status":0,"replayed":false,"body":…}` (`core.gateway.Reply`); the correlation id says to which request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final, TypeVar

import msgspec
import msgspec.structs
from msgspec import Raw

from ...core.gateway import Refusal, Reply
from ...core.model import NOBODY, Caller, Message
from ...core.request_queue import Kind, Malformed, Outcome

T = TypeVar("T")
LARGEST: Final = 8 * 1024 * 1024
"""Bytes of a request that are read."""
DEEPEST: Final = 64
STATS: Final = "services.stats"
MISSING: Final = "services.missing"
"""Operations beside the messages of the contracts: what `Gateway.stats` and `Gateway.missing` tell."""


class Packet(msgspec.Struct, gc=False):
    """A request as it came; what is absent is empty."""

    pattern: Raw = msgspec.field(default=Raw(), name="operation")
    data: Raw = Raw()
    id: Raw = Raw()


class Submission(msgspec.Struct, omit_defaults=True):
    """One message, with what `Gateway.submit` and `Gateway.ask` are given beside it."""

    message: Raw
    caller: Caller = NOBODY
    claim: str = ""
    fingerprint: str = ""
    trace: str = ""
    again: bool = False


class _Sent(msgspec.Struct, omit_defaults=True):
    """A `Submission` before it is encoded: its message is encoded in the same pass."""

    message: Any
    caller: Caller
    claim: str = ""
    fingerprint: str = ""
    trace: str = ""
    again: bool = False


class _Answer(msgspec.Struct, gc=False):
    status: int
    replayed: bool
    body: Raw


_packet = msgspec.json.Decoder(Packet).decode
_answer = msgspec.json.Decoder(_Answer).decode
_submission = msgspec.json.Decoder(Submission).decode
encode = msgspec.json.Encoder().encode


def pack_reply(status: int, body: bytes, replayed: bool = False) -> bytes:
    return b'{"status":%d,"replayed":%b,"body":%b}' % (
        status,
        b"true" if replayed else b"false",
        body or b"null",
    )


def refusal(status: int, code: str, says: str = "", retry_after: int = 0) -> bytes:
    """The reply of a request that no service has seen."""
    return pack_reply(status, encode(Refusal(code, says, {}, retry_after)))


EMPTY: Final = ("", 0)
INTERNAL: Final = refusal(500, "internal_error")
TOO_MUCH: Final = refusal(503, "overloaded", retry_after=1)
UNKNOWN: Final = refusal(503, "not_here", "No service of this process takes that.", 1)


def read_reply(body: bytes) -> Reply:
    """Errors: msgspec.MsgspecError."""
    found = _answer(body)
    return Reply(found.status, bytes(found.body), found.replayed)


def pack_submission(
    message: Message,
    caller: Caller,
    claim: str = "",
    fingerprint: str = "",
    trace: str = "",
    again: bool = False,
) -> bytes:
    return encode(_Sent(_without_empty(message), caller, claim, fingerprint, trace, again))


@cache
def _optional(kind: type[Message]) -> tuple[str, ...]:
    """The fields that are empty texts or 0 where they are not given."""
    return tuple([field.name for field in msgspec.structs.fields(kind) if field.default in EMPTY])


def _without_empty(message: Message) -> Any:
    """The message; where a value that was not given would not pass as one that was, without it."""
    kind = type(message)
    left_out = [name for name in _optional(kind) if getattr(message, name) in EMPTY]
    if not left_out:
        return message
    config = kind.__struct_config__
    given = {
        field.encode_name: getattr(message, field.name)
        for field in msgspec.structs.fields(kind)
        if field.name not in left_out
    }
    return given if config.tag_field is None else {config.tag_field: config.tag, **given}


def read_submission(data: bytes) -> Submission:
    """Errors: msgspec.MsgspecError."""
    return _submission(data)


# -- as `core.request_queue.Wire`


def pack_request(pattern: bytes, data: bytes, name: bytes) -> bytes:
    return b"".join((b'{"operation":', pattern, b',"data":', data, b',"id":"', name, b'"}'))


def unpack_request(body: bytes) -> Packet:
    """Errors: Malformed."""
    if len(body) > LARGEST:
        raise Malformed(f"larger than {LARGEST} bytes")
    try:
        if not body.isascii():
            body.decode()  # a text that is cut out unseen is checked here
        return _packet(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise Malformed("not a request of ours") from None
    except RecursionError:
        raise Malformed(f"nested deeper than {DEEPEST}") from None


def too_deep(data: bytes) -> bool:
    """Never: the typed decoder of a message reads no deeper than its fields go."""
    return False


def pack_answer(response: bytes, name: bytes) -> bytes:
    return response


def pack_refusal(err: bytes, name: bytes) -> bytes:
    return err


def pack_unknown(name: bytes) -> bytes:
    return UNKNOWN


def pack_malformed(reason: str, name: bytes) -> bytes:
    return refusal(400, "invalid_message", f"Bad request: {reason}")


def unpack_reply(body: bytes) -> Outcome:
    return Outcome(Kind.ANSWER, body)


def routes(handlers: Mapping[str, T]) -> Callable[[bytes], tuple[str, T] | None]:
    return {encode(name): (name, handler) for name, handler in handlers.items()}.get
