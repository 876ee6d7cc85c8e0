"""Serves the methods of API packages over gRPC, with health and reflection beside them.

A call has a deadline, its caller's or ours, and ends a little before it: what cannot be reached is
UNAVAILABLE for the caller, who would else learn nothing but that its time is over.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ...core.channel import TRACE
from ...core.rpc_methods import Method, RpcCall, RpcFailed, RpcService
from .library import grpc, health, health_pb2, health_pb2_grpc, reflection, reflection_pb2

LOG = logging.getLogger("tradewind.grpc")
LONGEST_S, MARGIN = 10.0, 0.1
"""Of a call without a deadline; the share of its time in which it is answered that it could not be done."""
AT_ONCE, LARGEST = 1_000, 4 * 1024 * 1024
LOOK_S = 0.2
SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING
HEALTH = "grpc.health.v1.Health"
REFLECTION = ("grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection")
OPTIONS = (
    ("grpc.max_receive_message_length", LARGEST),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 9_000),  # clients ping every 10 s
    ("grpc.http2.max_ping_strikes", 0),
)


class Tls(NamedTuple):
    """The files of a certificate, with the chain, and of its key, in PEM."""

    certificate: Path
    key: Path


class PortInUse(OSError):
    """Nothing can listen there."""


class GrpcServer:
    """`missing` is what the process lacks: while there is something, health says NOT_SERVING. `observe` is
    told of each call: its path, its status, its seconds.
    """

    def __init__(
        self,
        services: Sequence[RpcService],
        missing: Callable[[], list[str]],
        *,
        tls: Tls | None = None,
        shared: bool = False,
        observe: Callable[[str, str, float], None] | None = None,
    ) -> None:
        self._services, self._missing, self._tls = services, missing, tls
        self._shared, self._observe = shared, observe
        self._health = health.HealthServicer()
        self._server: Any = None
        self._looking: asyncio.Task[None] | None = None
        self._told: int | None = None
        self._closing = False
        self.port = 0

    async def start(self, host: str, port: int) -> None:
        """Errors: PortInUse; ValueError, for a certificate that is none."""
        options = [*OPTIONS, ("grpc.so_reuseport", int(self._shared))]
        self._server = server = grpc.aio.server(options=options, maximum_concurrent_rpcs=AT_ONCE)
        for service in self._services:
            handlers = {
                name: grpc.unary_unary_rpc_method_handler(self._answering(f"/{service.name}/{name}", method))
                for name, method in service.methods.items()
            }
            server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service.name, handlers),))
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        _add_reflection(server, self._services)
        address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        try:
            self.port = (
                server.add_insecure_port(address)
                if self._tls is None
                else server.add_secure_port(address, _credentials(self._tls))
            )
        except RuntimeError as error:
            raise PortInUse(
                f"nothing can listen at {address} ({error}): is another program there?"
            ) from error
        await self._look()
        await server.start()
        self._looking = asyncio.get_running_loop().create_task(self._keep_looking(), name="grpc health")

    async def drain(self, grace_s: float) -> None:
        """Takes no more; what is under way is answered."""
        self._closing = True
        if self._looking is not None:
            self._looking.cancel()
            await self._health.enter_graceful_shutdown()
        if self._server is not None:
            await self._server.stop(grace_s)

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            await self._look()

    async def _look(self) -> None:
        status = NOT_SERVING if self._missing() else SERVING
        if status == self._told:
            return
        self._told = status
        for name in ("", *[service.name for service in self._services]):
            await self._health.set(name, status)

    def _answering(self, path: str, method: Method) -> Callable[[bytes, Any], Awaitable[bytes]]:
        observe = self._observe

        async def answer(body: bytes, context: Any) -> bytes:
            began, status = time.perf_counter(), "OK"
            try:
                return await self._answer(method, body, context)
            except RpcFailed as error:
                status = error.status
                await context.abort(grpc.StatusCode[status], error.says)
                raise AssertionError("abort raises") from None
            finally:
                if observe is not None:
                    observe(path, status, time.perf_counter() - began)

        return answer

    async def _answer(self, method: Method, body: bytes, context: Any) -> bytes:
        left = context.time_remaining()
        left = LONGEST_S if left is None else min(left, LONGEST_S)
        if why := self._missing():
            raise RpcFailed(
                "UNAVAILABLE", "The service is starting or stopping." if self._closing else _short(why)
            )
        call = RpcCall(body, int((time.time() + left) * 1_000), _trace(context))
        try:
            async with asyncio.timeout(left * (1 - MARGIN)):
                return await method(call)
        except TimeoutError:
            raise RpcFailed("UNAVAILABLE", "This could not be answered in time.") from None
        except RpcFailed:
            raise
        except Exception:  # a bug affects its caller alone, who learns nothing of it
            LOG.exception("a call failed")
            raise RpcFailed("INTERNAL", "Internal error.") from None


def _short(why: list[str]) -> str:
    """What is missing, without where it is."""
    return f"Not ready: {', '.join(sorted({one.partition(':')[0] for one in why}))}."


def _trace(context: Any) -> str:
    for key, value in context.invocation_metadata() or ():
        if key == TRACE and isinstance(value, str):
            return value
    return ""


def _credentials(tls: Tls) -> Any:
    try:
        pair = (tls.key.read_bytes(), tls.certificate.read_bytes())
    except OSError as error:
        raise ValueError(
            f"{error.filename}: the certificate or its key cannot be read ({error.strerror})"
        ) from error
    return grpc.ssl_server_credentials([pair])


def _add_reflection(server: Any, services: Sequence[RpcService]) -> None:
    """Under both names, which have the same messages."""
    servicer = reflection.ReflectionServicer([*[one.name for one in services], HEALTH, *REFLECTION])
    handler = grpc.stream_stream_rpc_method_handler(
        servicer.ServerReflectionInfo,
        request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    for name in REFLECTION:
        methods = {"ServerReflectionInfo": handler}
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(name, methods),))
