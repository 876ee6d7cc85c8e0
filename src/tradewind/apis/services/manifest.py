"""Says what a blueprint must know of our own wire, and how a process serves and asks by it: any service may
be asked over it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ...core.api import ApiManifest, RemoteGateway, RequestQueues

if TYPE_CHECKING:
    from ...core.gateway import Gateway
    from ...core.request_queue import Handler, RequestQueueClient, Wire


def address(service: str, settings: Mapping[str, Any]) -> str:
    return f"{settings['event_exchange']}.{service}.requests"


def wire() -> Wire:
    from . import wire

    return wire


def handlers(
    service: str, gateway: Gateway, settings: Mapping[str, Any], at_once: bool
) -> Mapping[str, Handler]:
    from .messages import messages_of
    from .server import ServicesServer

    return ServicesServer(gateway, messages_of(service)).handlers


def client(
    queues: RequestQueueClient,
    addresses: Mapping[str, str],
    needs: tuple[str, ...],
    read_s: float,
    tracer: Any,
    now: Callable[[], int],
) -> RemoteGateway:
    from .client import READ_S, ServicesGateway

    return ServicesGateway(queues, addresses, needs=needs, read_s=read_s or READ_S, tracer=tracer, now=now)


APIS = (
    ApiManifest(
        name="services",
        transport="rabbitmq",
        queues=RequestQueues(address=address, wire=wire, handlers=handlers, client=client),
    ),
)
