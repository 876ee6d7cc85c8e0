"""Reads from a TOML file what runs where, so that a service does not know which processes there are."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import msgspec

from ..contracts.policies import DEFAULT, Policies, policies
from .toml_tables import BadBlueprint, Tables, database_url, instead

__all__ = ["BadBlueprint", "Blueprint", "Process", "listing", "load"]

FACES, TRANSPORTS = ("v1", "rpc"), ("local", "rabbitmq")
_NAME = re.compile(r"^[a-z][a-z0-9-]{0,30}$")
_SCHEMA = re.compile(r"^[a-z_][a-z0-9_]{0,62}$")
COPIES = 32


class Process(msgspec.Struct, frozen=True):
    """`copies` of it run at once. `ops_port` is the first one's, which the others count on from; 0: any that
    is free. `provider`: it is the sandbox payment provider.
    """

    name: str
    services: tuple[str, ...]
    edge: bool
    copies: int = 1
    ops_port: int = 0
    provider: bool = False


class Blueprint(msgspec.Struct, frozen=True):
    """`settings` are texts under lower-case names; `config.load` reads them. `face` is the API that the edge
    shows, `transport` how processes reach each other, `schemas` where a service's tables are on a server,
    where that is not named like the service, `policies` what the shop does.
    """

    name: str
    says: str
    processes: tuple[Process, ...]
    settings: dict[str, str]
    face: str = "v1"
    transport: str = "local"
    schemas: dict[str, str] = {}
    policies: Policies = DEFAULT

    def process(self, name: str) -> Process:
        for process in self.processes:
            if process.name == name:
                return process
        raise BadBlueprint(
            f"{self.name}: no process {name!r}; {instead(name, [process.name for process in self.processes])}"
        )


def load(which: str, *, folder: Path, services: Collection[str], environment: Mapping[str, str]) -> Blueprint:
    """The blueprint of this name in `folder`, or in the file that `which` is the path of. Errors:
    BadBlueprint.
    """
    path = Path(which) if "/" in which or which.endswith(".toml") else folder / f"{which}.toml"
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
    return _Reading(path.name, services, environment).blueprint(path.stem, _first_comment(text), tree)


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

    def blueprint(self, name: str, says: str, tree: dict[str, Any]) -> Blueprint:
        self.only(
            tree,
            "the file",
            ("face", "transport", "processes", "database", "schemas", "policies", "settings"),
        )
        processes = tuple(self._process(*item) for item in self.table(tree, "processes").items())
        if not processes:
            raise self.bad("processes", 'none is named; write [processes.NAME] with services = ["…"]')
        self._once(processes)
        self._ports(processes)
        face, transport = self.one_of(tree, "face", FACES), self.one_of(tree, "transport", TRANSPORTS)
        if transport == "local" and sum([process.copies for process in processes]) > 1:
            names = ", ".join(process.name for process in processes)
            raise self.bad(
                "transport", f'{names} run apart, so say how they reach each other: transport = "rabbitmq"'
            )
        settings = {
            key.lower(): self.setting(f"settings.{key}", value)
            for key, value in self.table(tree, "settings").items()
        }
        if "database" in tree:
            if "database_url" in settings:
                raise self.bad("database", "settings.database_url says it too; leave one of them out")
            settings["database_url"] = database_url(self, self.table(tree, "database"))
        return Blueprint(
            name,
            says,
            processes,
            settings,
            face,
            transport,
            self._schemas(self.table(tree, "schemas")),
            self._policies(self.table(tree, "policies")),
        )

    def _process(self, name: str, table: Any) -> Process:
        place = f"processes.{name}"
        if not _NAME.match(name):
            raise self.bad(
                place, "a process is named with small letters, digits and hyphens, from a letter on"
            )
        if not isinstance(table, dict):
            raise self.bad(place, "must be a table")
        self.only(table, place, ("services", "edge", "copies", "ops_port", "provider"))
        services, edge = self.names(f"{place}.services", table.get("services", [])), table.get("edge", False)
        if not isinstance(edge, bool):
            raise self.bad(f"{place}.edge", "must be true or false")
        provider = table.get("provider", False)
        if not isinstance(provider, bool) or (provider and (services or edge)):
            raise self.bad(f"{place}.provider", "must be true or false, and stands alone")
        for service in services:
            self._known(f"{place}.services", service)
        if not services and not edge and not provider:
            raise self.bad(place, "runs nothing; name services, or write edge = true")
        copies = self.whole(f"{place}.copies", table.get("copies", 1), 1, COPIES)
        if (edge or provider) and copies > 1:
            raise self.bad(
                f"{place}.copies",
                "what has a port runs once; run more of it by `tradewind serve` behind a proxy",
            )
        return Process(
            name,
            services,
            edge,
            copies,
            self.whole(f"{place}.ops_port", table.get("ops_port", 0), 0, 65_535),
            provider,
        )

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
        edges = [process.name for process in processes if process.edge]
        if len(edges) != 1:
            raise self.bad(
                "processes",
                f"edge = true stands in {', '.join(edges) or 'none'}; exactly one process is the edge",
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

    def _schemas(self, table: dict[str, Any]) -> dict[str, str]:
        found: dict[str, str] = {}
        for service, given in table.items():
            place = f"schemas.{service}"
            self._known("schemas", service)
            schema = self.setting(place, given)
            if (
                not _SCHEMA.match(schema)
                or schema.startswith("pg_")
                or schema in ("public", "information_schema")
            ):
                raise self.bad(
                    place, "must be a schema of the service's own, in small letters, digits and underscores"
                )
            if schema in found.values():
                raise self.bad(place, f"{schema!r} is another service's; every service has its own")
            found[service] = schema
        return found

    def _policies(self, table: dict[str, Any]) -> Policies:
        given = {name: self.setting(f"policies.{name}", value) for name, value in table.items()}
        try:
            return policies(given)
        except ValueError as error:
            raise self.bad("policies", str(error)) from None

    def _known(self, place: str, service: str) -> None:
        if service not in self.services:
            raise self.bad(place, f"unknown service {service!r}; {instead(service, self.services)}")
