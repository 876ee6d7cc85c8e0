"""Decides whether two requests are the same one, so that a client may try again without knowing what became
of the first.
"""

from __future__ import annotations

import re
from hashlib import blake2b

import msgspec

from ...core.model import Message, Refused

_VISIBLE = re.compile(rb"[\x21-\x7e]{1,255}")
_QUOTED = re.compile(rb'"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"')
_encode = msgspec.json.Encoder().encode


def key_of(headers: dict[bytes, bytes]) -> bytes | None:
    """The request's key; None without one. `"abc"`, as the IETF draft writes it, is `abc`."""
    key, other = headers.get(b"idempotency-key"), headers.get(b"x-idempotency-key")
    if key is None:
        if other is None:
            return None
        return plain_key(other)
    key = plain_key(key)
    if other is not None and plain_key(other) != key:
        raise Refused("invalid_idempotency_key", 400, "Idempotency-Key and X-Idempotency-Key differ.")
    return key


def plain_key(key: bytes) -> bytes:
    """Errors: Refused, for a malformed key."""
    if key.startswith(b'"'):
        quoted = _QUOTED.fullmatch(key)
        key = re.sub(rb"\\(.)", rb"\1", quoted[1]) if quoted else b""
    if _VISIBLE.fullmatch(key) is None:
        raise Refused("invalid_idempotency_key", 400, "The key must be 1 to 255 visible ASCII characters.")
    return key


class Claims:
    """Keyed hashes: the stored text shows no key, and no body, which may have a password, can be guessed from
    it.
    """

    def __init__(self, secret: bytes) -> None:
        # begun once, with the key already in it: a copy costs less than a beginning
        self._begin = blake2b(key=secret, digest_size=16).copy

    def claim(self, caller: str, operation: str, key: bytes) -> str:
        return self._hash(b"%b\0%b\0%b" % (caller.encode(), operation.encode(), key))

    def fingerprint(self, message: Message) -> str:
        """Of the message as it was understood: order of fields, spaces and defaults written out make no
        difference.
        """
        return self._hash(_encode(message))

    def _hash(self, data: bytes) -> str:
        hashed = self._begin()
        hashed.update(data)
        return hashed.hexdigest()
