"""Says which service takes its requests from which queue, over which wire, and by which handlers: as the APIs
that carry requests over queues declare it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from ...core.api import ApiManifest, RequestQueues
from ...core.gateway import Gateway
from ...core.request_queue import Ask, RequestQueueClient, Wire
from ..config import Config
from ..registry import APIS
from ..topology import Blueprint, Process


class Served(NamedTuple):
    queue: str
    wire: Wire
    handlers: Mapping[str, Callable[[Ask], None]]


def served(service: str, gateway: Gateway, config: Config, process: Process) -> list[Served]:
    """Every queue that a service takes requests from."""
    found = [
        api.queues
        for api in map(APIS.__getitem__, process.apis)
        if api.queues is not None and (not api.serves or service in api.serves)
    ]
    return [
        Served(
            queues.address(service, config.known),
            queues.wire(),
            queues.handlers(service, gateway, config.known, True),
        )
        for queues in found
    ]


def addresses(api: ApiManifest, config: Config, blueprint: Blueprint) -> dict[str, str]:
    """Where every service of a blueprint takes requests of an API."""
    found = [service for service in blueprint.services if not api.serves or service in api.serves]
    return {service: queues_of(api).address(service, config.known) for service in found}


def local_queues(
    api: ApiManifest,
    gateway: Gateway,
    config: Config,
    here: Mapping[str, str],
    at_once: bool,
    beyond: RequestQueueClient | None = None,
) -> RequestQueueClient:
    """The queues of an API with their handlers in this process, where each service of it takes from `here`;
    `beyond` has all other queues.
    """
    from ...drivers.local.request_queue import LocalRequestQueue

    queues, found = queues_of(api), dict[str, dict[str, Callable[[Ask], None]]]()
    for service, queue in here.items():
        handlers = queues.handlers(service, gateway, config.known, at_once)
        found.setdefault(queue, {}).update(handlers)
    return LocalRequestQueue(queues.wire(), found, beyond=beyond)


def queues_of(api: ApiManifest) -> RequestQueues:
    assert api.queues is not None
    return api.queues
