"""Lists the services and the APIs, and imports each only where it is asked for: a process is as large as what
it runs.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable

from msgspec.structs import asdict

from ..apis.rpc.manifest import APIS as RPC
from ..apis.services.manifest import APIS as OUR_WIRE
from ..apis.v1.manifest import APIS as V1
from ..contracts.policies import DEFAULT, Policies
from ..core.checks import Checks
from ..core.manifest import ApiManifest, Given, Manifest
from ..core.model import Service
from ..services.payments.provider.manifest import APIS as PROVIDER
from ..services.payments.provider.port import Provider
from .config import Config

SERVICES = ("users", "inventory", "orders", "payments", "invoices", "notifications")
"""Each is a package of `tradewind.services`, whose module `service` exports `MANIFEST`."""
APIS: dict[str, ApiManifest] = {api.name: api for api in (*V1, *RPC, *OUR_WIRE, *PROVIDER)}
"""By the name that a blueprint has for it. Each package of APIs exports its own."""
PACKAGE = __name__.partition(".")[0] + ".services"


def manifest(name: str) -> Manifest:
    found: Manifest = importlib.import_module(f"{PACKAGE}.{name}.service").MANIFEST
    return found


def manifests(names: Iterable[str] = SERVICES) -> list[Manifest]:
    return [manifest(name) for name in names]


def checks(names: Iterable[str] = SERVICES) -> dict[str, Checks]:
    """What each service has checked, where it has anything checked."""
    modules = {one.name: one.checks for one in manifests(names) if one.checks}
    return {name: importlib.import_module(module).CHECKS for name, module in modules.items()}


def given(config: Config, provider: Provider, policies: Policies = DEFAULT) -> Given:
    """What the services of a process get."""
    return Given(asdict(config), {"provider": provider}, policies)


def services(
    names: Iterable[str],
    config: Config,
    provider: Provider,
    policies: Policies = DEFAULT,
    additions: Iterable[Manifest] = (),
) -> list[Service]:
    """The services of these names and those of the additions."""
    known = given(config, provider, policies)
    return [one.make(known) for one in (*manifests(names), *additions)]
