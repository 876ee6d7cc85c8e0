"""Finds the route of a request in the order in which Kong looks: the most exact one first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from .declared import Path, Route

Headers = Sequence[tuple[bytes, bytes]]


class Match(msgspec.Struct, frozen=True):
    """`taken` is the part of the path that the route matched."""

    route: Route
    taken: str = ""


class Router:
    """All that decides the order is known before a request comes: what fits first, wins. Two regexes of one
    weight are tried as the file has them."""

    def __init__(self, routes: Iterable[Route]) -> None:
        found = [(_weight(route, path), route, path) for route in routes for path in route.paths or (None,)]
        found.sort(key=lambda item: item[0], reverse=True)
        self._candidates = [(route, path, _plain(route)) for _, route, path in found]

    def match(self, method: str, host: str, path: str, headers: Headers) -> Match | None:
        """`host` is in small letters, with its port where one was sent; `path` is normal."""
        for route, wanted, any_request in self._candidates:
            taken = "" if wanted is None else _taken(wanted, path)
            if taken is not None and (any_request or _fits(route, method, host, headers)):
                return Match(route, taken)
        return None


def _weight(route: Route, path: Path | None) -> tuple[int, bool, int, bool, int, int]:
    criteria = sum([bool(route.hosts), bool(route.headers), bool(route.methods), path is not None])
    regex = path is not None and path.regex is not None
    return (
        criteria,
        bool(route.hosts) and not any("*" in host for host in route.hosts),
        len(route.headers),
        regex,
        route.regex_priority if regex else 0,
        len(path.prefix) if path is not None and not regex else 0,
    )


def _plain(route: Route) -> bool:
    return not route.hosts and not route.methods and not route.headers


def _taken(wanted: Path, path: str) -> str | None:
    if wanted.regex is None:
        return wanted.prefix if path.startswith(wanted.prefix) else None
    found = wanted.regex.match(path)
    return None if found is None else found[0]


def _fits(route: Route, method: str, host: str, headers: Headers) -> bool:
    if route.methods and method not in route.methods:
        return False
    if route.hosts and not any(_same_host(wanted, host) for wanted in route.hosts):
        return False
    return all(
        any(name == wanted and value.lower() in values for name, value in headers)
        for wanted, values in route.headers
    )


def _same_host(wanted: str, host: str) -> bool:
    if not _has_port(wanted):
        host = without_port(host)
    if wanted.startswith("*"):
        return host.endswith(wanted[1:]) and len(host) >= len(wanted)
    if wanted.endswith("*"):
        return host.startswith(wanted[:-1]) and len(host) >= len(wanted)
    return host == wanted


def _has_port(host: str) -> bool:
    return ":" in host.rpartition("]")[2]


def without_port(host: str) -> str:
    return host.rpartition(":")[0] if _has_port(host) else host
