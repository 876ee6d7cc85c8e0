"""Reads from a TOML file what runs where, so that a service does not know which processes there are."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from ..contracts.policies import Policies, policies
from ..core import readers
from . import registry
from .registry import APIS
from .settings import declare
from .toml_tables import Address, BadBlueprint, Tables, address, database_url, instead, redis_url
from .topology import Blueprint, Process

__all__ = ["Address", "BadBlueprint", "Blueprint", "Process", "listing", "load"]

BUSES = ("local", "rabbitmq", "kafka")
KEYS = ("packages", "processes", "requests", "events", "stores", "redis", "policies", "settings")
STORE = ("host", "port", "name", "user", "password")
_PACKAGE = re.compile(r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$")
_NAME = re.compile(r"^[a-z][a-z0-9-]{0,30}$")
_SCHEMA = re.compile(r"^[a-z_][a-z0-9_]{0,62}$")
_VARIABLE = re.compile(r"^[A-Z_][A-Z0-9_]*$")
COPIES = 32


def load(
    which: str, *, folder: Path, services: Collection[str], environment: Mapping[str, str], process: str = ""
) -> Blueprint:
    """The blueprint of this name in `folder`, or in the file that `which` is the path of. `process`: as this
    one sees it, with its variables for all that its own environment lacks. Errors: BadBlueprint.
    """
    own = "/" in which or which.endswith(".toml")
    path = Path(which) if own else folder / f"{which}.toml"
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        names = [name for name, _ in listing(folder)]
        raise BadBlueprint(
            f"no blueprint {which!r}; {instead(which, names)}, or give the path of a .toml file"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadBlueprint(
            f"{which}: cannot be read ({getattr(error, 'strerror', None) or 'not UTF-8'})"
        ) from None
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadBlueprint(f"{which}: not TOML: {error}") from None
    reading = _Reading(path.name, services, environment)
    found = reading.blueprint(path.stem, _first_comment(text), tree, process)
    return msgspec.structs.replace(found, source=str(path.resolve()) if own else which)


def listing(folder: Path) -> list[tuple[str, str]]:
    """Every blueprint's name and first comment line, by name."""
    return [
        (path.stem, _first_comment(path.read_text(encoding="utf-8")))
        for path in sorted(folder.glob("*.toml"))
    ]


def _first_comment(text: str) -> str:
    first = text.lstrip().partition("\n")[0]
    return first.lstrip("# ").rstrip() if first.startswith("#") else ""


class _Reading(Tables):
    """One file on its way to a blueprint."""

    def __init__(self, file: str, services: Collection[str], environment: Mapping[str, str]) -> None:
        super().__init__(file, environment)
        self.services = services
        self.views: dict[str, _Reading] = {}  # the file as each process sees it

    def blueprint(self, name: str, says: str, tree: dict[str, Any], own: str) -> Blueprint:
        self.only(tree, "the file", KEYS)
        for package in self.names("packages", tree.get("packages", [])):
            self._add(package)
        processes = tuple(self._process(*item, own) for item in self.table(tree, "processes").items())
        if not processes:
            raise self.bad("processes", 'none is named; write [processes.NAME] with services = ["…"]')
        for process in processes:  # what follows is as this process sees it
            if process.name == own:
                self.environment = {**process.variables, **self.environment}
        self._once(processes)
        self._ports(processes)
        settings = {
            key.lower(): self.setting(f"settings.{key}", value)
            for key, value in self.table(tree, "settings").items()
        }
        self._place(processes, settings, own)
        if "redis" in tree:
            if "redis_url" in settings:
                raise self.bad("redis", "settings.redis_url says it too; leave one of them out")
            settings["redis_url"] = redis_url(self, self.table(tree, "redis"))
        found = Blueprint(
            name,
            says,
            processes,
            settings,
            self._requests(self.table(tree, "requests"), processes),
            *self._events(self.table(tree, "events"), processes),
            *self._stores(self.table(tree, "stores"), settings, processes),
            self._policies(self.table(tree, "policies")),
        )
        self._carried(found.bus, processes)
        return found

    def _add(self, package: str) -> None:
        if not _PACKAGE.match(package):
            raise self.bad("packages", f"{package!r} is no package: write its name, like shop.api")
        try:
            registry.add(package)
            declare()
        except ValueError as error:
            raise self.bad("packages", str(error)) from None

    def _process(self, name: str, table: Any, own: str) -> Process:
        place = f"processes.{name}"
        if not _NAME.match(name):
            raise self.bad(
                place, "a process is named with small letters, digits and hyphens, from a letter on"
            )
        if not isinstance(table, dict):
            raise self.bad(place, "must be a table")
        self.only(table, place, ("services", "apis", "copies", "ops_port", "variables"))
        variables = self._variables(f"{place}.variables", table.get("variables", {}))
        # `serve NAME` has its own environment; under `up` that of all is the gateway's
        around = {**variables, **self.environment} if name == own else {**self.environment, **variables}
        inside = self.views[name] = _Reading(self.file, self.services, around)
        services = inside.names(f"{place}.services", table.get("services", []))
        for service in services:
            self._known(f"{place}.services", service)
        apis = inside.apis(f"{place}.apis", table.get("apis", {}))
        if not services and not apis:
            raise self.bad(place, 'runs nothing; name services, or write apis = { NAME = "http://…" }')
        copies = inside.whole(f"{place}.copies", table.get("copies", 1), 1, COPIES)
        if copies > 1 and (single := [api for api in apis if APIS[api].single]):
            raise self.bad(f"{place}.copies", f"API {single[0]} runs once, so its process has no copies")
        ops_port = inside.whole(f"{place}.ops_port", table.get("ops_port", 0), 0, 65_535)
        return Process(name, services, apis, copies, ops_port, variables)

    def apis(self, place: str, table: Any) -> dict[str, Address]:
        if not isinstance(table, dict):
            raise self.bad(place, 'must be a table, like { v1 = "http://127.0.0.1:8080" }')
        return {name: self._api(f"{place}.{name}", name, url) for name, url in table.items()}

    def _api(self, place: str, name: str, url: Any) -> Address:
        if name not in APIS:
            raise self.bad(place, f"unknown API {name!r}; {instead(name, APIS)}")
        found = address(self, place, url)
        if found.scheme != (carrier := APIS[name].transport):
            raise self.bad(place, f"API {name} is carried by {carrier}: write {carrier}://")
        return found

    def _variables(self, place: str, table: Any) -> dict[str, str]:
        if not isinstance(table, dict) or not all(_VARIABLE.match(name) for name in table):
            raise self.bad(place, 'must be a table of variables, like { PORT = "3001" }')
        return {name: self.setting(f"{place}.{name}", value) for name, value in table.items()}

    def _once(self, processes: tuple[Process, ...]) -> None:
        where: dict[str, str] = {}
        for process in processes:
            for service in process.services:
                if service in where:
                    raise self.bad(
                        f"processes.{process.name}.services",
                        f"{service!r} is named twice, first in {where[service]}",
                    )
                where[service] = process.name
        if not where:
            raise self.bad("processes", f"no service is named; there is {', '.join(self.services)}")
        if not any(process.serves_clients for process in processes):
            known = ", ".join(name for name, api in APIS.items() if api.clients)
            raise self.bad(
                "processes",
                f'none serves an API to clients; write apis = {{ NAME = "http://" }}, there is {known}',
            )

    def _ports(self, processes: tuple[Process, ...]) -> None:
        taken: dict[int, str] = {}
        for process in processes:
            for port in (
                range(process.ops_port, process.ops_port + process.copies) if process.ops_port else ()
            ):
                if port > 65_535 or port in taken:
                    why = f"that of {taken[port]}" if port in taken else "past the last one"
                    raise self.bad(
                        f"processes.{process.name}.ops_port",
                        f"a copy's port, {port}, is {why}; a copy takes the next one each",
                    )
                taken[port] = process.name

    def _place(self, processes: tuple[Process, ...], settings: dict[str, str], own: str) -> None:
        """Where the front listens is a setting too: --host and --port count more than its address. Its host
        is that of no other process.
        """
        front = next(process for process in processes if process.serves_clients)
        shown = next(at for api, at in front.apis.items() if APIS[api].clients)
        for key, value in (("host", shown.host), ("port", "" if shown.port is None else str(shown.port))):
            if value and key in settings:
                raise self.bad(f"settings.{key}", f"processes.{front.name}.apis says it too; leave it out")
            if value and (key == "port" or own in ("", front.name)):
                settings[key] = value
        known = next(api for api in front.apis if APIS[api].clients)
        for process in processes:
            for api, at in process.apis.items():
                if setting := APIS[api].at:
                    if at.host or at.port is not None:
                        settings[setting] = f"http://{at.host or '127.0.0.1'}:{at.port or 80}"
                elif at.scheme in ("http", "grpc") and (process is not front or api != known):
                    self._port(f"processes.{process.name}", api, at, process.copies)

    def _port(self, place: str, api: str, at: Address, copies: int) -> None:
        """The settings say one port, which is the front's."""
        if at.port is None:
            raise self.bad(f"{place}.apis.{api}", f"say where it listens, like {at.scheme}://127.0.0.1:8081")
        if at.port == 0 and copies > 1:
            raise self.bad(f"{place}.apis.{api}", "copies share a port, so it cannot be any that is free")

    def _requests(self, table: dict[str, Any], processes: tuple[Process, ...]) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for service, given in table.items():
            place = f"requests.{service}"
            self._known("requests", service)
            found[service] = self.names(place, [given] if isinstance(given, str) else given)
            process = next((process for process in processes if service in process.services), None)
            for api in found[service]:
                if process is None or api not in process.apis:
                    named = f"processes.{process.name}" if process else "no process"
                    raise self.bad(place, f"{named} serves {api} for {service}; add it to its apis")
        return found

    def _events(self, table: dict[str, Any], processes: tuple[Process, ...]) -> tuple[str, tuple[str, ...]]:
        """The bus, and the APIs whose channels it carries: those that the processes serve, or others that
        are named."""
        self.only(table, "events", ("bus", "channels"))
        bus = self.one_of(table, "bus", BUSES, place="events.bus")
        if "channels" not in table:
            served = dict.fromkeys(api for process in processes for api in process.apis)
            return bus, tuple(api for api in served if APIS[api].channels) if bus != "local" else ()
        named = self.names("events.channels", table["channels"])
        known = [name for name, api in APIS.items() if api.channels]
        for name in named:
            if name not in known:
                raise self.bad("events.channels", f"{name!r} publishes no event; {instead(name, known)}")
        if named and bus == "local":
            raise self.bad(
                "events.channels", 'others read them from a broker: write bus = "rabbitmq" or "kafka"'
            )
        return bus, named

    def _carried(self, bus: str, processes: tuple[Process, ...]) -> None:
        if bus == "local" and sum([process.copies for process in processes]) > 1:
            names = ", ".join(process.name for process in processes)
            raise self.bad(
                "events.bus",
                f'{names} run apart, so say what carries their events: bus = "rabbitmq" or "kafka"',
            )

    def _stores(
        self, table: dict[str, Any], settings: dict[str, str], processes: tuple[Process, ...]
    ) -> tuple[dict[str, str], dict[str, str]]:
        """The database of each service that has its own, and the schema of each that has a name for it; where
        the one store is becomes a setting.
        """
        parts = {key: value for key, value in table.items() if not isinstance(value, dict)}
        self.only(parts, "stores", ("url", *STORE))
        if parts:
            if "database_url" in settings:
                raise self.bad("stores", "settings.database_url says it too; leave one of them out")
            if "url" in parts and len(parts) > 1:
                raise self.bad("stores.url", "says all; leave out the rest")
            settings["database_url"] = (
                self.setting("stores.url", parts["url"]) if "url" in parts else database_url(self, parts)
            )
        own = {key: value for key, value in table.items() if isinstance(value, dict)}
        for service, given in own.items():
            self._known("stores", service)
            self.only(given, f"stores.{service}", ("schema", "url", *STORE))
        homes = {service: process.name for process in processes for service in process.services}
        databases = {
            service: self.views[homes[service]]._database(f"stores.{service}", parts, given)
            for service, given in own.items()
            if service in homes and given.keys() - {"schema"}
        }
        return databases, dict(self._schemas(own))

    def _database(self, place: str, shared: dict[str, Any], given: dict[str, Any]) -> str:
        """A service's own, as its process sees it. What it does not say is as in the one for all."""
        parts = {key: value for key, value in given.items() if key != "schema"}
        if "url" in parts and len(parts) > 1:
            raise self.bad(f"{place}.url", "says all; leave out the rest")
        if "url" not in parts:
            parts = {**shared, **parts}
            parts.pop("url", None)
        url = (
            self.setting(f"{place}.url", parts["url"]) if "url" in parts else database_url(self, parts, place)
        )
        try:
            return readers.store(url)
        except ValueError as error:
            raise self.bad(place, f"is not {error}") from None

    def _schemas(self, stores: dict[str, dict[str, Any]]) -> Iterator[tuple[str, str]]:
        seen: set[str] = set()
        for service, table in stores.items():
            place = f"stores.{service}.schema"
            schema = self.setting(place, table.get("schema", service))
            if (
                not _SCHEMA.match(schema)
                or schema.startswith("pg_")
                or schema in ("public", "information_schema")
            ):
                raise self.bad(
                    place, "must be a schema of the service's own, in small letters, digits and underscores"
                )
            if schema in seen:
                raise self.bad(place, f"{schema!r} is another service's; every service has its own")
            seen.add(schema)
            yield service, schema

    def _policies(self, table: dict[str, Any]) -> Policies:
        given = {name: self.setting(f"policies.{name}", value) for name, value in table.items()}
        try:
            return policies(given)
        except ValueError as error:
            raise self.bad("policies", str(error)) from None

    def _known(self, place: str, service: str) -> None:
        if service not in self.services:
            raise self.bad(place, f"unknown service {service!r}; {instead(service, self.services)}")
