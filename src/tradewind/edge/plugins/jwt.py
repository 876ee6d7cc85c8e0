"""Knows a client by a signed token, whose claim says with which credential it must have been signed."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from typing import Annotated, Any, Literal

import msgspec

from ..declared import Algorithm, Block, JwtCredential
from ..exchange import Answer, Exchange, bare
from .base import Around, Config, Plugin

NO_TOKEN = [(b"www-authenticate", b"Bearer")]
BAD_TOKEN = [(b"www-authenticate", b'Bearer error="invalid_token"')]
Verify = Callable[[bytes, bytes], bool]


class JwtConfig(Config, frozen=True):
    uri_param_names: tuple[str, ...] = ("jwt",)
    cookie_names: tuple[str, ...] = ()
    header_names: tuple[str, ...] = ("authorization",)
    key_claim_name: str = "iss"
    secret_is_base64: bool = False
    claims_to_verify: tuple[Literal["exp", "nbf"], ...] = ()
    maximum_expiration: Annotated[int, msgspec.Meta(ge=0, le=31_536_000)] = 0
    anonymous: str = ""
    run_on_preflight: bool = True

    def complaint(self) -> str:
        if self.maximum_expiration and "exp" not in self.claims_to_verify:
            return "maximum_expiration: needs exp in claims_to_verify"
        return ""

    def note(self) -> str:
        return "" if "exp" in self.claims_to_verify else "a token never expires: claims_to_verify has no exp"


class _Bad(Exception):
    """Why a token is not taken: the content of the answer."""

    def __init__(self, content: str | dict[str, str]) -> None:
        super().__init__()
        self.content = {"message": content} if isinstance(content, str) else content


class Jwt(Plugin):
    name = "jwt"
    priority = 1450
    config = JwtConfig

    def __init__(self, config: JwtConfig, block: Block, around: Around) -> None:
        self._config, self._now = config, around.now
        self._tokens = around.declared.tokens
        self._verify = {key: verifier(one, config.secret_is_base64) for key, one in self._tokens.items()}
        self._headers = [name.lower().encode() for name in config.header_names]
        self._anonymous = around.declared.consumer(config.anonymous)

    def access(self, exchange: Exchange) -> Answer | None:
        if exchange.method == "OPTIONS" and not self._config.run_on_preflight:
            return None
        if self._anonymous is not None and exchange.known:  # another authentication has let it in
            return None
        found = self._found(exchange)
        try:
            if len(found) != 1:
                raise _Bad("Multiple tokens provided" if found else "Unauthorized")
            credential = self._credential(next(iter(found)))
        except _Bad as bad:
            if self._anonymous is None:
                return bare(401, bad.content, BAD_TOKEN if found else NO_TOKEN)
            exchange.authenticated(self._anonymous, "")
        else:
            exchange.authenticated(credential.consumer, credential.key)
        return None

    def _found(self, exchange: Exchange) -> set[str]:
        found = {
            token for name in self._config.uri_param_names for token in exchange.arguments(name) if token
        }
        if self._config.cookie_names:
            cookies = _cookies(exchange)
            found |= {cookies[name] for name in self._config.cookie_names if cookies.get(name)}
        for name in self._headers:
            for value in exchange.all(name):
                scheme, _, token = value.decode("latin-1").strip().partition(" ")
                if scheme in ("Bearer", "bearer") and token.strip():
                    found.add(token.strip())
        return found

    def _credential(self, token: str) -> JwtCredential:
        head, claims, signed, signature = _parts(token)
        wanted = self._config.key_claim_name
        key = claims.get(wanted) or head.get(wanted)
        if not key:
            raise _Bad(f"No mandatory '{wanted}' in claims")
        credential = self._tokens.get(key) if isinstance(key, str) else None
        if credential is None:
            raise _Bad(f"No credentials found for given '{wanted}'")
        if head.get("alg") != credential.algorithm:
            raise _Bad("Invalid algorithm")
        if not self._verify[credential.key](signed, signature):
            raise _Bad("Invalid signature")
        self._check_times(claims)
        return credential

    def _check_times(self, claims: dict[str, Any]) -> None:
        now = int(self._now())
        wrong: dict[str, str] = {}
        for name in self._config.claims_to_verify:
            value = claims.get(name)
            if isinstance(value, bool) or not isinstance(value, int | float):
                wrong[name] = "must be a number"
            elif name == "exp" and value <= now:
                wrong[name] = "token expired"
            elif name == "nbf" and value > now:
                wrong[name] = "token not valid yet"
        most = self._config.maximum_expiration
        if not wrong and most and claims["exp"] - now > most:
            wrong["exp"] = "exceeds maximum allowed expiration"
        if wrong:
            raise _Bad(wrong)


def _parts(token: str) -> tuple[dict[str, Any], dict[str, Any], bytes, bytes]:
    """Header, claims, what is signed, and the signature. Errors: _Bad."""
    parts = token.encode("latin-1", "replace").split(b".")
    if len(parts) != 3:
        raise _Bad("Bad token; token must contain three parts")
    try:
        head, claims, signature = (_decode(part) for part in parts)
        found = [msgspec.json.decode(part, type=dict[str, Any]) for part in (head, claims)]
    except (ValueError, msgspec.MsgspecError):
        raise _Bad("Bad token; invalid JSON") from None
    return found[0], found[1], b".".join(parts[:2]), signature


def _decode(part: bytes) -> bytes:
    """Errors: ValueError."""
    return base64.b64decode(part + b"=" * (-len(part) % 4), altchars=b"-_", validate=True)


def _cookies(exchange: Exchange) -> dict[str, str]:
    found: dict[str, str] = {}
    for value in exchange.all(b"cookie"):
        try:
            found |= {name: morsel.value for name, morsel in SimpleCookie(value.decode("latin-1")).items()}
        except CookieError:
            continue
    return found


def verifier(credential: JwtCredential, base64_secret: bool = False) -> Verify:
    """Checks a signature over a text. Errors: ValueError, for a key that is none."""
    algorithm: Algorithm = credential.algorithm
    if algorithm == "HS256":
        secret = credential.secret.encode()
        if base64_secret:
            try:
                secret = _decode(secret.replace(b"+", b"-").replace(b"/", b"_").rstrip(b"="))
            except binascii.Error:
                raise ValueError("the secret is not base64") from None
        return lambda signed, signature: hmac.compare_digest(
            hmac.digest(secret, signed, hashlib.sha256), signature
        )
    return _public(algorithm, credential.secret)


def _public(algorithm: Algorithm, pem: str) -> Verify:
    try:
        import cryptography  # noqa: F401
    except ImportError:
        raise ValueError(f"{algorithm} needs a library: pip install 'tradewind[edge]'") from None
    from jwt.algorithms import get_default_algorithms
    from jwt.exceptions import InvalidKeyError

    found = get_default_algorithms()[algorithm]
    try:
        key = found.prepare_key(pem)
    except (InvalidKeyError, ValueError, TypeError) as error:
        raise ValueError(f"not a public key in PEM for {algorithm}: {error}") from None
    return lambda signed, signature: found.verify(signed, key, signature)
