"""Lists the services and the APIs, and imports each only where it is asked for: a process is as large as what
it runs. A blueprint may add APIs that lie outside the tree.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ..apis.contracts.manifest import APIS as CONTRACTS
from ..apis.events.manifest import APIS as EVENTS
from ..apis.graphql.manifest import APIS as GRAPHQL
from ..apis.grpc.manifest import APIS as GRPC
from ..apis.invoicing.manifest import APIS as INVOICING
from ..apis.rpc.manifest import APIS as RPC
from ..apis.services.manifest import APIS as OUR_WIRE
from ..apis.v1.manifest import APIS as V1
from ..contracts.policies import DEFAULT, Policies
from ..core.api import ApiManifest
from ..core.channel import Channel
from ..core.checks import Checks
from ..core.manifest import Given, Manifest
from ..core.model import Service, wire_name
from ..edge.manifest import APIS as EDGE
from ..services.payments.provider.manifest import APIS as PROVIDER

if TYPE_CHECKING:
    from ..core.adopting import Adoption, Source
    from ..core.published import PublishedTable
    from .config import Config

SERVICES = ("users", "inventory", "orders", "payments", "invoices", "notifications")
"""Each is a package of `tradewind.services`, whose module `service` exports `MANIFEST`."""
APIS: dict[str, ApiManifest] = {
    api.name: api
    for api in (
        *(*V1, *RPC, *OUR_WIRE, *PROVIDER, *EDGE),
        *(*INVOICING, *CONTRACTS, *EVENTS, *GRAPHQL, *GRPC),
    )
}
"""By the name that a blueprint has for it. Each package of APIs exports its own in its module `manifest`."""
NOTHING: Mapping[str, Any] = {}
PACKAGE = __name__.partition(".")[0] + ".services"


def add(package: str) -> None:
    """Takes over the APIs of a package outside the tree. Errors: ValueError."""
    try:
        found = importlib.import_module(f"{package}.manifest").APIS
    except (ImportError, AttributeError) as error:
        raise ValueError(f"{package} has no module `manifest` with APIS ({error})") from error
    for api in found:
        if APIS.setdefault(api.name, api) != api:
            raise ValueError(f"{package}: there is an API {api.name} already")


def published(apis: Iterable[str]) -> list[PublishedTable]:
    """What these APIs publish of the database."""
    modules = dict.fromkeys(APIS[name].published for name in sorted(apis) if APIS[name].published)
    return [table for module in modules for table in importlib.import_module(module).TABLES]


def sources(apis: Iterable[str]) -> list[Source]:
    """The published tables whose rows come over."""
    modules = dict.fromkeys(APIS[name].adopts for name in sorted(apis) if APIS[name].adopts)
    return [source for module in modules for source in importlib.import_module(module).SOURCES]


def adoptions(names: Iterable[str]) -> dict[type[Struct], Adoption]:
    """What these services make of what comes over, by record."""
    modules = [one.adopts for one in manifests(names) if one.adopts]
    return {kind: one for module in modules for kind, one in importlib.import_module(module).ADOPTS.items()}


def manifest(name: str) -> Manifest:
    found: Manifest = importlib.import_module(f"{PACKAGE}.{name}.service").MANIFEST
    return found


def manifests(names: Iterable[str] = SERVICES) -> list[Manifest]:
    return [manifest(name) for name in names]


def checks(names: Iterable[str] = SERVICES) -> dict[str, Checks]:
    """What each service has checked, where it has anything checked."""
    modules = {one.name: one.checks for one in manifests(names) if one.checks}
    return {name: importlib.import_module(module).CHECKS for name, module in modules.items()}


def channels(apis: Iterable[str], config: Config) -> dict[str, Channel]:
    """Those of these APIs, by the name of the event; several APIs of a system have them in one module.
    Errors: ValueError for an event with two.
    """
    modules: dict[str, str] = {}
    for api in apis:
        modules.setdefault(APIS[api].channels, api)
    found: dict[str, tuple[str, Channel]] = {}
    for module, api in modules.items():
        for channel in importlib.import_module(module).channels(config.known):
            for name in map(wire_name, channel.events):
                first, _ = found.setdefault(name, (api, channel))
                if first != api:
                    raise ValueError(f"{first} and {api} both publish {name}, and an event has one channel")
    return {name: channel for name, (_, channel) in found.items()}


def given(config: Config, ports: Mapping[str, Any] = NOTHING, policies: Policies = DEFAULT) -> Given:
    """What the services of a process get. `ports` are what they call outside; nothing, where nothing is
    called.
    """
    return Given(config.known, ports, policies)


def services(
    names: Iterable[str],
    config: Config,
    ports: Mapping[str, Any] = NOTHING,
    policies: Policies = DEFAULT,
    additions: Iterable[Manifest] = (),
) -> list[Service]:
    """The services of these names and those of the additions."""
    known = given(config, ports, policies)
    return [one.make(known) for one in (*manifests(names), *additions)]
