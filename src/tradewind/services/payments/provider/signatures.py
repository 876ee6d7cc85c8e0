"""Signs and verifies webhooks, against forgery, changes and replay: Standard Webhooks, symmetric (`v1`).

The signature covers the bytes that were sent: a body that was parsed and encoded again does not verify.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence

VERSION = "v1"
TOLERANCE_S = 300
MOST_SIGNATURES = 16


class BadSignature(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def sign(secret: bytes, id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`; `timestamp` in seconds."""
    return f"{VERSION},{_digest(secret, id, str(timestamp), body).decode()}"


def verify(
    secrets: Sequence[bytes],
    id: str,
    timestamp: str,
    body: bytes,
    header: str,
    now: int,
    tolerance_s: int = TOLERANCE_S,
) -> None:
    """Passes when any secret (a new one beside the old one, while it rotates) made any signature. `now` in
    ms. Errors: BadSignature.
    """
    # a dot would let the border between id and timestamp move under the same signature
    if not id or "." in id:
        raise BadSignature("malformed_id")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise BadSignature("malformed_timestamp")
    age_s = now // 1_000 - int(timestamp)
    if abs(age_s) > tolerance_s:
        raise BadSignature("too_old" if age_s > 0 else "too_new")
    entries = (entry.partition(",") for entry in header.split(" ", MOST_SIGNATURES)[:MOST_SIGNATURES])
    given = [signature.encode("utf-8", "replace") for version, _, signature in entries if version == VERSION]
    if not given:
        raise BadSignature("no_signature")
    matches = 0
    for secret in secrets:
        expected = _digest(secret, id, timestamp, body)
        for signature in given:
            matches += hmac.compare_digest(expected, signature)
    if not matches:
        raise BadSignature("mismatch")


def _digest(secret: bytes, id: str, timestamp: str, body: bytes) -> bytes:
    if not secret:
        raise ValueError("an empty secret signs nothing")
    signed = b"%s.%s.%s" % (id.encode("utf-8", "replace"), timestamp.encode(), body)
    return base64.b64encode(hmac.digest(secret, signed, hashlib.sha256))
