"""What the components of one process share: its settings, its clock, its log and its figures."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ... import apis
from ...core import failpoints
from ...core.api import Around
from ...core.cache import Cache
from ...core.clock import SystemClock
from ...core.http import Request, Response
from ...core.manifest import Manifest
from ...core.rate_limiter import Limit, RateLimiter, in_process
from ...core.rpc_methods import RpcClient
from ...drivers.http.client import PooledClient
from ...drivers.local.cache import LocalCache
from ...observability import logs
from ...observability.access import AccessLog
from ...observability.collector import Tracing
from ...observability.metrics import CONTENT_TYPE, Metrics
from ..config import Config
from ..keys import derived, signing_key
from ..registry import APIS
from ..stores import place_of
from ..topology import Blueprint, Process

if TYPE_CHECKING:
    from ...drivers.redis.link import RedisLink

WHOLE = "tradewind"
PARTS = frozenset(("redis", "cache"))
"""What an API has in `uses` that limits its callers, or that keeps copies of what it shows."""


class Context:
    """`name` is that of this copy. `additions` are services beside those of the blueprint. `store` is the URL
    of the database of its services, empty for a file. Errors: ValueError, for a failpoint that there is none.
    """

    def __init__(
        self,
        config: Config,
        blueprint: Blueprint,
        process: Process,
        name: str,
        *,
        additions: Sequence[Manifest] = (),
        log: AccessLog | None = None,
    ) -> None:
        self.config, self.blueprint, self.process, self.name = config, blueprint, process, name
        self.additions = tuple(additions)
        self.apart = blueprint.apart
        self.store = place_of(config, blueprint, *process.services[:1])
        self.client = PooledClient()
        self.rpc_clients: list[RpcClient] = []
        _arm(config.fail, process)
        self.log = log or logs.set_up(config.log_level, config.log_format, name if self.apart else "")
        self.clock = SystemClock(ids=blueprint.policies.ids)
        self.metrics = Metrics()
        traced = process.name if self.apart else WHOLE
        variables = {**process.variables, **os.environ}
        self.tracing = Tracing(traced, config.otlp_endpoint, config.trace_ratio, self.clock, variables)
        self.tracer = self.tracing.tracer if self.tracing.tracer.on else None

        self.redis: RedisLink | None = None
        self.cache: Cache = LocalCache(self.clock.now)
        if config.redis_url and not PARTS.isdisjoint(
            [part for api in process.apis for part in APIS[api].uses]
        ):
            from ...drivers.redis.cache import RedisCache
            from ...drivers.redis.link import RedisLink

            self.redis = RedisLink(config.redis_url)
            self.cache = RedisCache(self.redis)

    def limiter(self, limit: Limit) -> RateLimiter:
        """Shared by all copies where there is a Redis."""
        own = in_process(limit)
        if self.redis is None or not limit.rate:
            return own
        from ...drivers.redis.rate_limiter import SharedLimiter

        return SharedLimiter(self.redis, limit, own)

    def key(self) -> bytes:
        """Signs what a caller of ours may bring back."""
        return signing_key(self.config.jwt_secret, self.config.data)

    def rpc(self, url: str, authority: str = "") -> RpcClient:
        """Errors: ValueError, for an address that is none."""
        from ...drivers.grpc.client import GrpcClient

        made = GrpcClient(url, authority=Path(authority) if authority else None)
        self.rpc_clients.append(made)
        return made

    def around(self, webhooks: Callable[[], tuple[str, int] | None] | None) -> Around:
        """What this process is for an API, or for a service that calls systems outside."""
        return Around(
            settings=self.config.known,
            policies=self.blueprint.policies,
            apis=self.blueprint.apis,
            clock=self.clock,
            key=self.key,
            secret=lambda purpose: derived(self.key(), purpose),
            client=lambda: self.client,
            rpc=self.rpc,
            webhooks=webhooks,
            blueprint=self.blueprint.name,
            addresses=self.blueprint.addresses,
            packages=Path(apis.__file__).parent,
        )

    def figures(self, _: Request) -> Response:
        """The page /metrics."""
        return Response(200, self.metrics.render(), (), CONTENT_TYPE.encode())


def _arm(fail: str, process: Process) -> None:
    """A failpoint is known once the module that declares it is there."""
    if fail and process.services:
        from ..failpoints import load

        load()
    failpoints.arm(fail, elsewhere=not process.services)
