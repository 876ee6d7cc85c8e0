"""The settings of API v1, with every bound; secrets never show in a repr."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field

from ..kernel.client_address import TrustedProxies
from ..kernel.cors import Cors
from ..kernel.passwords import Cost

SHORTEST_SECRET = 32
PREFLIGHT_S = 600
METHODS = b"GET, HEAD, POST, PATCH, DELETE"
ALLOWED = (
    b"Authorization, Content-Type, Idempotency-Key, X-Idempotency-Key, If-Match, If-None-Match, Prefer, "
    b"X-Request-Id, traceparent, tracestate"
)
EXPOSED = (
    b"ETag, X-Request-Id, Idempotent-Replayed, Location, Link, Retry-After, Preference-Applied, traceparent"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class V1Settings:
    jwt_secret: bytes = field(repr=False)
    rate_limit_per_minute: int = 600
    """Requests per caller; 0: no limit."""
    webhook_secrets: tuple[bytes, ...] = field(default=(), repr=False)
    """Of the payment provider; any of them signs, so that a new one can be valid beside the old."""

    access_ttl_s: int = 900
    recheck_ms: int = 5_000
    """How long a session that has ended elsewhere, or a role that has changed, may still be taken for what it
    was.
    """
    tokens_remembered: int = 20_000
    buckets: int = 50_000
    """Callers counted at a time; beyond that, the longest unseen are forgotten."""
    failed_logins_per_minute: int = 10

    hasher_workers: int = 2
    hasher_queue: int = 64
    """Passwords that wait for a worker; the next one is answered 503."""
    hash_memory_kib: int = 19_456
    hash_rounds: int = 2

    waiters: int = 1_000
    """Requests with `Prefer: wait` that wait at a time; the next ones are answered at once."""
    answer_s: float = 30.0
    """The longest an answer of the gateway is awaited."""
    reads_at_once: bool = True
    """False where the stores are across a network: see `guard.Asks`."""
    cors_origins: tuple[str, ...] = ()
    """Of pages that may call us; `*`: of all."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses and networks whose `X-Forwarded-For` counts."""

    def __post_init__(self) -> None:
        if len(self.jwt_secret) < SHORTEST_SECRET:
            raise ValueError(f"the JWT secret needs at least {SHORTEST_SECRET} bytes")
        if not all(self.webhook_secrets):
            raise ValueError("an empty webhook secret proves nothing")

    @property
    def cors(self) -> Cors | None:
        if not self.cors_origins:
            return None
        return Cors(self.cors_origins, methods=METHODS, allow=ALLOWED, expose=EXPOSED, max_age_s=PREFLIGHT_S)

    @property
    def cost(self) -> Cost:
        return Cost(self.hash_memory_kib, self.hash_rounds, self.hasher_workers, self.hasher_queue)

    @property
    def proxies(self) -> TrustedProxies | None:
        return TrustedProxies(self.trusted_proxies) if self.trusted_proxies else None

    def key(self, purpose: str) -> bytes:
        """A separate key for each use of the one secret, so that a text made for one use is not valid for
        another.
        """
        return hmac.digest(self.jwt_secret, b"tradewind/" + purpose.encode(), hashlib.sha256)
