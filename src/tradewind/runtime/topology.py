"""Says what runs where, as a blueprint has it: its processes, and how requests and events go between them."""

from __future__ import annotations

import msgspec

from ..contracts.policies import DEFAULT, Policies
from .registry import APIS
from .toml_tables import Address, BadBlueprint, instead


class Process(msgspec.Struct, frozen=True):
    """`copies` of it run at once. `apis` says where it serves which. `ops_port` is the first
    copy's, which the others count on from; 0: any that is free. `variables`: its environment,
    beside what all have.
    """

    name: str
    services: tuple[str, ...] = ()
    apis: dict[str, Address] = {}
    copies: int = 1
    ops_port: int = 0
    variables: dict[str, str] = {}

    @property
    def serves_clients(self) -> bool:
        return any(APIS[api].clients for api in self.apis)


class Blueprint(msgspec.Struct, frozen=True):
    """`settings` are texts under lower-case names; `config.load` reads them. `requests` names by service the
    APIs by which other processes reach it, `bus` is what carries events, `channels` the APIs in whose form
    some of them are published. `stores` are the databases of services that have one of their own, `schemas`
    where a service's tables are on a server, where that is not named like the service. `policies` are what
    the shop does. `source`: what finds it again, its name or the path of its file.
    """

    name: str
    says: str
    processes: tuple[Process, ...]
    settings: dict[str, str]
    requests: dict[str, tuple[str, ...]] = {}
    bus: str = "local"
    channels: tuple[str, ...] = ()
    stores: dict[str, str] = {}
    schemas: dict[str, str] = {}
    policies: Policies = DEFAULT
    source: str = ""

    def process(self, name: str) -> Process:
        for process in self.processes:
            if process.name == name:
                return process
        raise BadBlueprint(
            f"{self.name}: no process {name!r}; {instead(name, [process.name for process in self.processes])}"
        )

    @property
    def front(self) -> Process:
        """The process that people know: the first one that serves an API to clients."""
        return next(process for process in self.processes if process.serves_clients)

    @property
    def shown(self) -> str:
        """The API that people know: the first for clients of the front."""
        return next(api for api in self.front.apis if APIS[api].clients)

    @property
    def apart(self) -> bool:
        """Whether it needs several processes."""
        return self.bus != "local" or len(self.processes) > 1

    @property
    def carriers(self) -> set[str]:
        """What brings events and requests from process to process."""
        return {self.bus, *(at.scheme for process in self.processes for at in process.apis.values())}

    @property
    def services(self) -> tuple[str, ...]:
        return tuple(service for process in self.processes for service in process.services)

    @property
    def apis(self) -> frozenset[str]:
        return frozenset(api for process in self.processes for api in process.apis)

    @property
    def addresses(self) -> dict[str, str]:
        """Where services answer over HTTP."""
        return {
            service: f"http://{at.host or '127.0.0.1'}:{at.port}"
            for process in self.processes
            for service in process.services
            for at in process.apis.values()
            if at.scheme == "http" and at.port
        }

    def runs(self, service: str) -> Process | None:
        """The process of a service."""
        return next((process for process in self.processes if service in process.services), None)
