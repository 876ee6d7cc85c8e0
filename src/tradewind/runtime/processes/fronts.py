"""Puts an API that is carried by HTTP or gRPC on a server, as its manifest makes it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from msgspec.structs import asdict, replace

from ...core.api import ApiGiven, ApiManifest, Front, Reach
from ...core.http import Request, Response, Server
from ...core.rate_limiter import Limit
from ...core.rpc_methods import RpcService
from ...drivers.http.limits import Limits
from ...drivers.http.server import HttpServer
from ...drivers.http.writing import Writer
from ...observability.tracing import Tracer
from ..blueprint import Address
from . import tracing as following
from .component import DRAIN_S, Component, FrontServer
from .context import PARTS, Context


class LosingWriter(Writer):
    """Writes nothing where an API says nothing: the connection just ends."""

    def __init__(self, clock: Callable[[], float], unanswered: Response) -> None:
        super().__init__(clock)
        self._unanswered = unanswered

    def encode(self, request: Request, answer: Response, close: bool) -> bytes:
        return b"" if answer is self._unanswered else super().encode(request, answer, close)


def http_server(front: Front) -> Server:
    if front.server is not None:
        return front.server
    assert front.handler is not None
    limits = Limits(body_bytes=front.body_bytes) if front.body_bytes else Limits()
    if front.streams is not None:
        from ...drivers.http.streaming import StreamingServer

        return StreamingServer(front.handler, limits, streams=front.streams, problem=front.problem)
    writer = None if front.unanswered is None else LosingWriter(time.time, front.unanswered)
    return HttpServer(front.handler, limits, problem=front.problem, writer=writer)


def front_server(
    context: Context,
    api: ApiManifest,
    at: Address,
    reach: Reach,
    webhooks: Callable[[], tuple[str, int] | None] | None,
) -> FrontServer:
    """An API of this process. Its copies share one address."""
    assert api.front is not None
    front = api.front(given(context, api, reach, webhooks))
    host, port = _place(context, api, at)
    return FrontServer(front, http_server(front), host, port, shared=context.process.copies > 1)


class RpcServed(Component):
    """An API over gRPC, whose health is that of what it answers from: a queue that is away does not count.
    Its copies share one address.
    """

    def __init__(self, context: Context, api: ApiManifest, at: Address, reach: Reach) -> None:
        from ...drivers.grpc.server import GrpcServer, Tls

        assert api.methods is not None and at.port is not None
        front = api.methods(given(context, api, reach, None))
        tracer, metrics = context.tracer, context.metrics
        self._place = at.host or context.config.host, at.port
        self.server = GrpcServer(
            [_followed(tracer, one) if tracer is not None else one for one in front.services],
            reach.gateway.missing,
            tls=Tls(Path(front.certificate), Path(front.key)) if front.certificate else None,
            shared=context.process.copies > 1,
            observe=lambda method, status, s: metrics.rpc_served(
                method, "answer" if status == "OK" else "refused", s
            ),
        )

    async def start(self, deadline_s: float) -> None:
        """Errors: PortInUse; ValueError."""
        await self.server.start(*self._place)

    async def drain(self) -> None:
        await self.server.drain(DRAIN_S)


def _followed(tracer: Tracer, service: RpcService) -> RpcService:
    methods = {name: following.call(tracer, service.name, name, m) for name, m in service.methods.items()}
    return replace(service, methods=methods)


def given(
    context: Context, api: ApiManifest, reach: Reach, webhooks: Callable[[], tuple[str, int] | None] | None
) -> ApiGiven:
    return ApiGiven(
        **asdict(context.around(webhooks)),
        reach=reach,
        pages={"/metrics": context.figures},
        observe=context.metrics.request,
        observe_call=context.metrics.rpc_call,
        log=context.log.write,
        tracer=context.tracing.tracer,
        limiter=lambda limit: context.limiter(shared_limit(api, limit)),
        cache=context.cache,
        operations=tuple([one for addition in context.additions for one in addition.operations]),
    )


def shared_limit(api: ApiManifest, limit: Limit) -> Limit:
    """With a key, where it has none. Errors: ValueError, for an API that would count alone without saying so:
    the setting that names a Redis would have no effect.
    """
    if limit.rate and PARTS.isdisjoint(api.uses):
        raise ValueError(f'API {api.name} limits its callers, so its manifest needs uses=("redis",)')
    return limit if limit.key else replace(limit, key=f"rl:{api.name}:")


def _place(context: Context, api: ApiManifest, at: Address) -> tuple[str, int]:
    """Where it listens: what people know the blueprint by is a setting, and so is what others must find."""
    config = context.config
    if api.at:
        where = urlsplit(config.known[api.at])
        return where.hostname or "127.0.0.1", where.port or 80
    if context.process is context.blueprint.front and api.name == context.blueprint.shown:
        return config.host, config.port
    assert at.port is not None  # as the blueprint was read
    return at.host or config.host, at.port
