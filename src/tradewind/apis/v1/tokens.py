"""Writes and reads the two tokens of a session, so that only what this shop wrote itself is ever believed.

Both are functions of the session and its generation alone: an answer that is sent again has the same bytes.
How long a session lasts, and which generation of its refresh tokens is good, the users service decides.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import Annotated, Literal

import jwt
import msgspec
from msgspec import Meta

from ...contracts.users import Role, SessionView, Tokens
from ...contracts.values import Uuid
from ..kernel.principals import LONGEST, Proven

WHO = "tradewind"
ALGORITHM = "HS256"
KIND = "at+jwt"
SKEW_S = 60
_SHAPE = re.compile(r"([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}")
_REFRESH = re.compile(
    r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([1-9][0-9]{0,8})\.([A-Za-z0-9_-]{43})"
)
_CLAIMED = {
    "require": ["iss", "aud", "sub", "sid", "role", "iat", "exp", "jti"],
    # times are checked below, against our clock
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
}


class Claims(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of an access token; one with more or less is not ours."""

    iss: Literal["tradewind"]
    aud: Literal["tradewind"]
    sub: Uuid
    sid: Uuid
    role: Role
    iat: Annotated[int, Meta(ge=0)]
    exp: Annotated[int, Meta(ge=0)]
    jti: str


class TokenWriter:
    def __init__(self, access_key: bytes, refresh_key: bytes, ttl_s: int) -> None:
        self._access, self._refresh, self._ttl = access_key, refresh_key, ttl_s
        self._header = self._sign({}).partition(".")[0]

    def write(self, session: SessionView) -> Tokens:
        at = session.at // 1_000
        claims = {
            "iss": WHO,
            "aud": WHO,
            "sub": session.user_id,
            "sid": session.session_id,
            "role": session.role,
            "iat": at,
            "exp": at + self._ttl,
            "jti": f"{session.session_id}.{session.generation}",
        }
        named = f"{session.session_id}.{session.generation}"
        return Tokens(self._sign(claims), f"{named}.{self._proof(named)}", "Bearer", self._ttl)

    def read(self, token: str, now: int) -> Claims | None:
        """The content of an access token, if we signed it and it is valid at `now` (ms)."""
        shape = _SHAPE.fullmatch(token) if len(token) <= LONGEST else None
        # the header is always the same: with it, no other algorithm, type, key or extension can be asked for
        if shape is None or shape[1] != self._header:
            return None
        try:
            payload = jwt.decode(
                token,
                self._access,
                algorithms=[ALGORITHM],
                audience=WHO,
                issuer=WHO,
                options=_CLAIMED,  # type: ignore[arg-type]
            )
            claims = msgspec.convert(payload, Claims)
        except (jwt.PyJWTError, msgspec.ValidationError):
            return None
        at = now // 1_000
        holds = claims.iat <= at + SKEW_S and claims.exp - claims.iat <= self._ttl and at < claims.exp
        return claims if holds else None

    def proven(self, token: str, now: int) -> Proven | None:
        """Whose token it is, if it is valid at `now` (ms)."""
        claims = self.read(token, now)
        return None if claims is None else Proven(claims.sub, claims.sid, claims.exp * 1_000)

    def read_refresh(self, token: str) -> tuple[str, int] | None:
        """Session and generation of a refresh token that we wrote."""
        shape = _REFRESH.fullmatch(token)
        if shape is None or not hmac.compare_digest(self._proof(f"{shape[1]}.{shape[2]}"), shape[3]):
            return None
        return shape[1], int(shape[2])

    def _sign(self, claims: dict[str, object]) -> str:
        return jwt.encode(claims, self._access, ALGORITHM, headers={"typ": KIND})

    def _proof(self, text: str) -> str:
        return _base64(hmac.digest(self._refresh, text.encode(), hashlib.sha256))


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
