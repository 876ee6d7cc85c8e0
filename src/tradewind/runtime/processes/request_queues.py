"""Says which service takes its requests from which queue, over which wire, and by which handlers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from ...apis.nest import wire as nest_wire
from ...apis.rpc.variables import QUEUES
from ...apis.services import wire as services_wire
from ...core.gateway import Gateway
from ...core.request_queue import Ask, RequestQueueClient, Wire
from ..blueprint import Blueprint, Process
from ..config import Config


class Served(NamedTuple):
    queue: str
    wire: Wire
    handlers: Mapping[str, Callable[[Ask], None]]


def served(service: str, gateway: Gateway, config: Config, process: Process) -> list[Served]:
    """Every queue that a service takes requests from."""
    found = []
    if "rpc-queues" in process.apis and service in QUEUES:
        found.append(Served(getattr(config, QUEUES[service]), nest_wire, _nest(service, gateway, config)))
    if "services" in process.apis:
        found.append(own_wire(service, gateway, config))
    return found


def local_queues(
    gateway: Gateway, config: Config, services: Iterable[str], at_once: bool
) -> RequestQueueClient:
    """The queues of the API rpc, with their handlers in this process."""
    from ...drivers.local.request_queue import LocalRequestQueue

    return LocalRequestQueue(
        nest_wire,
        {getattr(config, QUEUES[service]): _nest(service, gateway, config, at_once) for service in services},
    )


def own_wire(service: str, gateway: Gateway, config: Config) -> Served:
    from ...apis.services.messages import messages_of
    from ...apis.services.server import ServicesServer

    server = ServicesServer(gateway, messages_of(service))
    return Served(services_queue(config, service), services_wire, server.handlers)


def services_queue(config: Config, service: str) -> str:
    return f"{config.event_exchange}.{service}.requests"


def services_queues(config: Config, blueprint: Blueprint) -> dict[str, str]:
    """Where every service of a blueprint takes requests of our own wire."""
    return {
        service: services_queue(config, service)
        for process in blueprint.processes
        for service in process.services
    }


def _nest(
    service: str, gateway: Gateway, config: Config, at_once: bool = True
) -> Mapping[str, Callable[[Ask], None]]:
    from ...apis.rpc.queues import Values, inventory_handlers, order_handlers, payment_handlers

    make = {"orders": order_handlers, "inventory": inventory_handlers, "payments": payment_handlers}[service]
    return make(gateway, Values(currency=config.currency, reads_at_once=at_once, list_max=config.list_max))
