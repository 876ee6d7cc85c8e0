"""Says what each route of a Kong file does, and what looks like a mistake, before a request finds it out."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from . import paths
from .declared import Declared, Path, Route


class Line(msgspec.Struct, frozen=True):
    """One path of a route: a request for `takes` goes to `gives`. `plugins` run for it."""

    route: str
    takes: str
    gives: str
    plugins: tuple[str, ...]


class Report(msgspec.Struct, frozen=True):
    routes: tuple[Line, ...]
    warnings: tuple[str, ...]


def report(declared: Declared) -> Report:
    lines = tuple(line for route in declared.routes for line in _lines(declared, route))
    return Report(lines, (*declared.notes, *_warnings(declared)))


def _lines(declared: Declared, route: Route) -> Iterator[Line]:
    plugins = tuple(
        dict.fromkeys(
            block.plugin
            for block in declared.blocks
            if block.route in ("", route.id) and block.service in ("", route.service.id)
        )
    )
    for path in route.paths or (Path("", "/"),):
        yield Line(route.name, _takes(route, path), _gives(route, path), plugins)


def _takes(route: Route, path: Path) -> str:
    parts = [",".join(sorted(route.methods)), ",".join(route.hosts)]
    parts += [f"{name.decode()}={b'|'.join(sorted(values)).decode()}" for name, values in route.headers]
    shown = path.said if path.regex is not None or not path.said else f"{path.prefix}…"
    return " ".join([*(part for part in parts if part), shown or "/…"])


def _gives(route: Route, path: Path) -> str:
    service = route.service
    base = f"{service.protocol}://{service.authority}"
    if path.regex is not None:
        stem = service.path.removesuffix("/")
        return f"{base}{stem}/… without the match" if route.strip_path else f"{base}{stem} and the whole path"
    if not path.said:
        return base + paths.upstream(service.path, "/…", None)
    example = path.prefix.removesuffix("/") + "/…"
    rest = example[len(path.prefix) :] if route.strip_path else None
    return base + paths.upstream(service.path, example, rest)


def _warnings(declared: Declared) -> Iterator[str]:
    for route in declared.routes:
        for path in route.paths:
            if path.regex is None and not path.prefix.endswith("/"):
                yield (
                    f"route {route.name}: {path.prefix} takes {path.prefix}class too, as a prefix ends "
                    f"anywhere; write ~{path.prefix}(?=/|$) for this path and those below it alone"
                )
            if path.regex is not None and "$" not in path.said:
                yield f"route {route.name}: {path.said} takes any path that begins so; $ ends it"
    for service in declared.services:
        if not any(route.service is service for route in declared.routes):
            yield f"service {service.name}: no route leads to it"
    yield from _shadowed(declared)


def _shadowed(declared: Declared) -> Iterator[str]:
    seen: dict[tuple[object, ...], str] = {}
    for route in declared.routes:
        for path in route.paths or (Path("", "/"),):
            key = (path.said, route.hosts, route.methods, route.headers, route.regex_priority)
            if key in seen:
                yield f"route {route.name}: {path.said or '/'} is taken by route {seen[key]} already"
            seen.setdefault(key, route.name)
