"""Puts each API that is served over HTTP on a server, by its name in a blueprint. Imports only what the API
needs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ...core.gateway import Gateway
from ...core.request_queue import RequestQueueClient
from ...drivers.http.limits import Limits
from ...drivers.http.server import HttpServer
from ..keys import webhook_secret
from .component import Front
from .context import Context

SLACK = 1024
"""How much more than the largest body the HTTP server reads: the API itself says what is too large."""


class Reach:
    """How an API reaches the services: by a Gateway, or by the queues of the API behind it."""

    def __init__(
        self,
        gateway: Gateway | None = None,
        queues: RequestQueueClient | None = None,
        *,
        at_once: bool = False,
        late: Callable[[], list[str]] = list,
        lacks: Callable[[], list[str]] = list,
        remote: bool = False,
    ) -> None:
        self._gateway, self._queues, self.at_once, self.late = gateway, queues, at_once, late
        self.lacks, self.remote = lacks, remote

    @property
    def gateway(self) -> Gateway:
        assert self._gateway is not None
        return self._gateway

    @property
    def queues(self) -> RequestQueueClient:
        assert self._queues is not None
        return self._queues


def v1(context: Context, reach: Reach, host: str, port: int) -> Front:
    from ...apis.kernel.docs import v1_pages
    from ...apis.v1.app import V1Api
    from ...apis.v1.settings import V1Settings
    from ...contracts.api import OPERATIONS

    config, key = context.config, context.key()
    settings = V1Settings(
        jwt_secret=key,
        rate_limit_per_minute=config.rate_limit,
        webhook_secrets=(webhook_secret(key),),
        cors_origins=config.cors_origins,
        trusted_proxies=config.trusted_proxies,
        reads_at_once=reach.at_once,
    )
    more = [operation for addition in context.additions for operation in addition.operations]
    api = V1Api(
        reach.gateway,
        context.clock,
        settings,
        pages={**v1_pages(), "/metrics": context.figures},
        observe=context.metrics.request,
        log=context.log.write,
        tracer=context.tracing.tracer,
        late=reach.late,
        operations=(*OPERATIONS, *more),
    )
    return Front(HttpServer(api, Limits()), host, port, drain_api=api.drain, close=api.close)


def rpc(context: Context, reach: Reach, host: str, port: int) -> Front:
    from ...apis.kernel.client_address import TrustedProxies
    from ...apis.rpc.downstream import RpcSettings, Takers
    from ...apis.rpc.envelope import of_problem
    from ...apis.rpc.gateway import RpcApi

    config = context.config
    settings = RpcSettings(
        order_queue=config.order_queue,
        inventory_queue=config.inventory_queue,
        payment_queue=config.payment_queue,
        rate_limit_per_minute=config.rate_limit,
    )
    found: list[Takers] = []
    api = RpcApi(
        reach.queues,
        settings,
        later=_later,
        pages={"/metrics": context.figures},
        lacks=lambda: [*reach.lacks(), *(why for takers in found for why in takers.missing())],
        observe=context.metrics.request,
        observe_call=context.metrics.rpc_call,
        log=context.log.write,
        proxies=TrustedProxies(config.trusted_proxies) if config.trusted_proxies else None,
        tracer=context.tracer,
        now=context.clock.now,
    )
    if reach.remote:
        found.append(Takers(reach.queues, api.services))
    server = HttpServer(api, Limits(body_bytes=settings.body_bytes + SLACK), problem=of_problem)
    return Front(server, host, port, drain_api=api.drain, levels=api.levels, missing=api.health.missing)


def _later(seconds: float, do: Callable[[], None]) -> asyncio.TimerHandle:
    return asyncio.get_running_loop().call_later(seconds, do)


def provider(context: Context, reach: Reach, host: str, port: int) -> Front:
    from .provider import provider_front

    return provider_front(context)


def edge(context: Context, reach: Reach, host: str, port: int) -> Front:
    from .edge import edge_front

    return edge_front(context, host, port)


FRONTS: dict[str, Callable[[Context, Reach, str, int], Front]] = {
    "v1": v1,
    "rpc": rpc,
    "provider": provider,
    "edge": edge,
}
