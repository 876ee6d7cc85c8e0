"""Reads what runs where from a TOML file, so that a service never knows which processes it shares a machine with."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import msgspec

_VARIABLE = re.compile(r"\$(?:\$|\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\})")
_NAME = re.compile(r"^[a-z][a-z0-9-]{0,30}$")


class BadBlueprint(Exception):
    """One line for the person who wrote it: which file and place, what is wrong, what there is instead."""


class Process(msgspec.Struct, frozen=True):
    name: str
    services: tuple[str, ...]
    edge: bool


class Blueprint(msgspec.Struct, frozen=True):
    """`settings` are texts under lower-case names; `config.load` reads them."""

    name: str
    says: str
    processes: tuple[Process, ...]
    settings: dict[str, str]

    def process(self, name: str) -> Process:
        for process in self.processes:
            if process.name == name:
                return process
        raise BadBlueprint(f"{self.name}: no process {name!r}; {_instead(name, [process.name for process in self.processes])}")


def load(which: str, *, folder: Path, services: Collection[str], environment: Mapping[str, str]) -> Blueprint:
    """The blueprint of this name in `folder`, or in the file that `which` is the path of. Errors: BadBlueprint."""
    path = Path(which) if "/" in which or which.endswith(".toml") else folder / f"{which}.toml"
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        names = [name for name, _ in listing(folder)]
        raise BadBlueprint(f"no blueprint {which!r}; {_instead(which, names)}, or give the path of a .toml file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadBlueprint(f"{which}: cannot be read ({getattr(error, 'strerror', None) or 'not UTF-8'})") from None
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadBlueprint(f"{which}: not TOML: {error}") from None
    return _Reading(path.name, services, environment).blueprint(path.stem, _first_comment(text), tree)


def listing(folder: Path) -> list[tuple[str, str]]:
    """Every blueprint's name and first comment line, by name."""
    return [(path.stem, _first_comment(path.read_text(encoding="utf-8"))) for path in sorted(folder.glob("*.toml"))]


def _first_comment(text: str) -> str:
    first = text.lstrip().partition("\n")[0]
    return first.lstrip("# ").rstrip() if first.startswith("#") else ""


def _instead(wrong: str, known: Iterable[str]) -> str:
    names = list(known)
    near = get_close_matches(wrong, names, 1, 0.6)
    return f"did you mean {near[0]!r}?" if near else f"there is {', '.join(names) or 'none'}"


class _Reading:
    """One file on its way to a blueprint: all that a complaint needs to say where it is."""

    def __init__(self, file: str, services: Collection[str], environment: Mapping[str, str]) -> None:
        self.file, self.services, self.environment = file, services, environment

    def blueprint(self, name: str, says: str, tree: dict[str, Any]) -> Blueprint:
        self._only(tree, "the file", ("processes", "settings"))
        processes = tuple(self._process(*item) for item in self._table(tree, "processes").items())
        if not processes:
            raise self._bad("processes", 'none is named; write [processes.NAME] with services = ["…"]')
        self._once(processes)
        settings = {key.lower(): self._setting(f"settings.{key}", value) for key, value in self._table(tree, "settings").items()}
        return Blueprint(name, says, processes, settings)

    def _process(self, name: str, table: Any) -> Process:
        place = f"processes.{name}"
        if not _NAME.match(name):
            raise self._bad(place, "a process is named with small letters, digits and hyphens, from a letter on")
        if not isinstance(table, dict):
            raise self._bad(place, "must be a table")
        self._only(table, place, ("services", "edge"))
        named, edge = table.get("services", []), table.get("edge", False)
        if not isinstance(named, list) or not all(isinstance(service, str) for service in named):
            raise self._bad(f"{place}.services", 'must be a list of names, like ["orders", "payments"]')
        if not isinstance(edge, bool):
            raise self._bad(f"{place}.edge", "must be true or false")
        services = tuple(self._fill(f"{place}.services", service) for service in named)
        for service in services:
            if service not in self.services:
                raise self._bad(f"{place}.services", f"unknown service {service!r}; {_instead(service, self.services)}")
        if not services and not edge:
            raise self._bad(place, "runs nothing; name services, or write edge = true")
        return Process(name, services, edge)

    def _once(self, processes: tuple[Process, ...]) -> None:
        where: dict[str, str] = {}
        for process in processes:
            for service in process.services:
                if service in where:
                    raise self._bad(f"processes.{process.name}.services", f"{service!r} is named twice, first in {where[service]}")
                where[service] = process.name
        if not where:
            raise self._bad("processes", f"no service is named; there is {', '.join(self.services)}")
        edges = [process.name for process in processes if process.edge]
        if len(edges) != 1:
            raise self._bad("processes", f"edge = true stands in {', '.join(edges) or 'none'}; exactly one process is the edge")

    def _setting(self, place: str, value: Any) -> str:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise self._bad(place, "must be a text or a number")
        return self._fill(place, value) if isinstance(value, str) else str(value)

    def _fill(self, place: str, text: str) -> str:
        """Puts `${VAR:-default}` in; `$$` is a dollar."""

        def one(found: re.Match[str]) -> str:
            if found[0] == "$$":
                return "$"
            value = self.environment.get(found[1], "") or found[2]
            if value is None:
                raise self._bad(place, f"needs the variable {found[1]}; set it, or write ${{{found[1]}:-default}}")
            return value

        return _VARIABLE.sub(one, text)

    def _table(self, tree: dict[str, Any], key: str) -> dict[str, Any]:
        table = tree.get(key, {})
        if not isinstance(table, dict):
            raise self._bad(key, "must be a table")
        return table

    def _only(self, table: dict[str, Any], place: str, keys: tuple[str, ...]) -> None:
        for key in table:
            if key not in keys:
                raise self._bad(place, f"unknown key {key!r}; {_instead(key, keys)}")

    def _bad(self, place: str, what: str) -> BadBlueprint:
        return BadBlueprint(f"{self.file}: {place}: {what}")
