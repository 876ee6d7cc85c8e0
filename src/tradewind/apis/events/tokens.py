"""Writes and reads the access tokens of the published system: HS256, with `sub`, `email` and `role`."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import jwt

from ...core.clock import Clock
from ...core.model import Caller
from ..kernel.pending_reads import Failed, Then
from .shapes import our_role

ALGORITHM = "HS256"
SCHEME = b"bearer "
LONGEST = 4_096
REMEMBERED = 20_000


class Tokens:
    """Implements `admission.Identities`. A token is believed until it ends: whoever has the secret wrote it,
    the original's gateway too.
    """

    def __init__(self, secret: bytes, life_s: int, clock: Clock) -> None:
        self._secret, self._life, self._clock = secret, life_s, clock
        self._known: OrderedDict[bytes, tuple[Caller, int]] = OrderedDict()

    def write(self, user_id: str, email: str, role: str) -> str:
        at = self._clock.now() // 1_000
        claims = {"sub": user_id, "email": email, "role": role, "iat": at, "exp": at + self._life}
        return jwt.encode(claims, self._secret, ALGORITHM)

    def at_once(self, authorization: bytes, now: int) -> Caller | None:
        known = self._known.get(authorization)
        return known[0] if known is not None and now < known[1] else None

    def find(self, authorization: bytes, then: Then[Caller | None], failed: Failed) -> None:
        found = self._read(authorization)
        if found is None:
            self._known.pop(authorization, None)
            then(None)
            return
        self._known[authorization] = found
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        then(found[0])

    def _read(self, authorization: bytes) -> tuple[Caller, int] | None:
        """The caller, and until when the token is valid (ms)."""
        if authorization[: len(SCHEME)].lower() != SCHEME or len(authorization) > LONGEST:
            return None
        now = self._clock.now() // 1_000
        try:
            claims: dict[str, Any] = jwt.decode(
                authorization[len(SCHEME) :].strip(),
                self._secret,
                algorithms=[ALGORITHM],
                # times are checked below, against our clock
                options={"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False},
            )
        except jwt.PyJWTError:
            return None
        user, email, role = claims.get("sub"), claims.get("email"), claims.get("role", "user")
        ends, begins = claims.get("exp", now + self._life), claims.get("nbf", 0)
        if not (isinstance(user, str) and user and isinstance(email, str) and email):
            return None
        if not isinstance(ends, int | float) or not isinstance(begins, int | float):
            return None
        return (Caller(user, our_role(role)), int(ends * 1_000)) if begins <= now < ends else None
