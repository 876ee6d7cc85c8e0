"""Says what a service or an API exports, so that a process can run it without knowing it: a registry lists
manifests, and nothing else names a service or an API.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    import sqlalchemy as sa

    from .model import Service


class Given(msgspec.Struct, frozen=True):
    """What a process hands to a service: the settings in force by name, by name what a driver does for it,
    and the policies of its blueprint, which `contracts.policies` declares.
    """

    settings: Mapping[str, Any]
    ports: Mapping[str, Any]
    policies: Any


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """One service. `make` builds it, `tables` are its own, `steps` the folder of the schema steps that
    lead to them. `operations` are those that an API shows beside the ones of the contracts.

    `checks` is the module whose `CHECKS` an audit asks, `adopts` that whose `ADOPTS` says what becomes of
    rows of another system: imported only then.

    What it hears, says and answers is in the service that `make` returns.
    """

    name: str
    make: Callable[[Given], Service]
    tables: sa.MetaData
    steps: Path
    operations: tuple[Any, ...] = ()
    checks: str = ""
    adopts: str = ""


class ApiManifest(msgspec.Struct, frozen=True, kw_only=True):
    """One API, under the name that a blueprint has for it. Light to import: what serves it is imported where
    it is served.

    - `transport`: what carries it: http, rabbitmq.
    - `clients`: programs outside call it, not only processes of ours. Such a process stops first.
    - `shows`: the services whose messages it passes on. Where one runs in another process, `over` names the
      APIs by which this one can ask it.
    - `beside`: APIs that a process must serve where not all that this one shows runs in its own process.
    - `promises`: policies whose value its clients rely on.
    - `stands_in`: settings that stand for what its requests do not say.
    - `webhooks`: takes those of outside systems. `admin`: has no other way to a first admin than the start.
    - `base`, `docs` and `try_it`: what a person is shown of it at the start.
    - `at`: the setting that says where it is, for the processes that ask it.
    - `uses`: parts of the settings, by their names in `runtime.settings`, beside the part that is its own.
    - `published`: the module whose `TABLES` are what others may read of the database (`core.published`).
    - `adopts`: the module whose `SOURCES` are the tables whose rows come over (`core.adopting`).
    - `channels`: the module whose `channels(settings)` says which events it publishes in a form of its own,
      imported only where events are carried.
    """

    name: str
    transport: str
    clients: bool = False
    shows: tuple[str, ...] = ()
    over: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    promises: Mapping[str, str] = {}
    stands_in: tuple[str, ...] = ()
    webhooks: bool = False
    admin: bool = False
    base: str = ""
    docs: str = ""
    try_it: str = ""
    at: str = ""
    uses: tuple[str, ...] = ()
    published: str = ""
    adopts: str = ""
    channels: str = ""
