"""Says what a blueprint that serves API rpc must have, and how a process serves its gateway over HTTP and the
queues behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ...core.api import ApiGiven, ApiManifest, Front, RequestQueues
from .variables import QUEUES, SETTINGS

if TYPE_CHECKING:
    import asyncio

    from ...core.gateway import Gateway
    from ...core.request_queue import Handler, Wire

SHOWN = tuple(QUEUES)
SLACK = 1024
"""How much more than the largest body the HTTP server reads: the API itself says what is too large."""


def front(given: ApiGiven) -> Front:
    from ..kernel.client_address import TrustedProxies
    from .downstream import RpcSettings, Takers
    from .envelope import of_problem
    from .gateway import RpcApi

    known, reach = given.settings, given.reach
    queues = {field: known[field] for field in QUEUES.values()}
    settings = RpcSettings(**queues, rate_limit_per_minute=known["rate_limit"])
    found: list[Takers] = []
    api = RpcApi(
        reach.queues,
        settings,
        later=_later,
        pages=given.pages,
        lacks=lambda: [*reach.lacks(), *(why for takers in found for why in takers.missing())],
        observe=given.observe,
        observe_call=given.observe_call,
        log=given.log,
        proxies=TrustedProxies(known["trusted_proxies"]) if known["trusted_proxies"] else None,
        tracer=given.tracer if given.tracer.on else None,
        now=given.clock.now,
        limiter=given.limiter,
    )
    if reach.remote:
        found.append(Takers(reach.queues, api.services))
    return Front(
        handler=api,
        body_bytes=settings.body_bytes + SLACK,
        problem=of_problem,
        drain=api.drain,
        levels=api.levels,
        missing=api.health.missing,
    )


def _later(seconds: float, do: Callable[[], None]) -> asyncio.TimerHandle:
    import asyncio

    return asyncio.get_running_loop().call_later(seconds, do)


def address(service: str, settings: Mapping[str, Any]) -> str:
    queue: str = settings[QUEUES[service]]
    return queue


def wire() -> Wire:
    from ..nest import wire

    return wire


def handlers(
    service: str, gateway: Gateway, settings: Mapping[str, Any], at_once: bool
) -> Mapping[str, Handler]:
    from .queues import Values, inventory_handlers, order_handlers, payment_handlers

    make = {"orders": order_handlers, "inventory": inventory_handlers, "payments": payment_handlers}[service]
    values = Values(currency=settings["currency"], reads_at_once=at_once, list_max=settings["list_max"])
    return make(gateway, values)


APIS = (
    ApiManifest(
        name="rpc",
        transport="http",
        front=front,
        uses=("redis",),
        clients=True,
        shows=SHOWN,
        over=("rpc-queues",),
        stands_in=("payment_token",),
        promises={"access": "open"},
        ignores=("NODE_ENV", "TYPEORM_SYNCHRONIZE", "PGADMIN_EMAIL", "PGADMIN_PASSWORD"),
        base="/api",
        docs="/api/docs",
        example="/api/products",
        try_it="tradewind load smoke --url {url}",
        adopts=f"{__package__}.adopting",
    ),
    ApiManifest(
        name="rpc-queues",
        transport="rabbitmq",
        queues=RequestQueues(address=address, wire=wire, handlers=handlers),
        serves=SHOWN,
        settings=SETTINGS,
    ),
)
