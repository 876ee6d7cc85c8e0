"""Finds what a method and a path mean, as Express does: case does not count, nor one slash at the end, and
what is not known is 404.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from urllib.parse import unquote

from .request_context import RequestContext

Serve = Callable[[RequestContext], None]


class Route:
    """`path` ends in `/:name` where it takes a value; `pattern` is what the service is asked by, as JSON."""

    __slots__ = ("method", "name", "path", "pattern", "serve", "status")

    def __init__(
        self, name: str, method: str, path: str, serve: Serve, *, status: int = 200, asks: str = ""
    ) -> None:
        self.name, self.method, self.path, self.serve, self.status = name, method, path, serve, status
        self.pattern = b'{"cmd":"%b"}' % asks.encode()


class Routes:
    def __init__(self, routes: Iterable[Route]) -> None:
        self._whole: dict[str, dict[str, Route]] = {}
        self._taking: dict[str, dict[str, Route]] = {}
        for route in routes:
            before, colon, _ = route.path.partition("/:")
            known = self._taking if colon else self._whole
            known.setdefault(route.method, {})[before] = route
        for known in (self._whole, self._taking):
            known["HEAD"] = known.get("GET", {})

    def find(self, method: str, path: str) -> tuple[Route | None, str]:
        """The route, and the value in the path."""
        whole = self._whole.get(method)
        if whole is None:
            return None, ""
        route = whole.get(path)
        if route is not None:
            return route, ""
        before, _, value = path.rpartition("/")
        taking = self._taking.get(method, {})
        if value and (route := taking.get(before)) is not None:
            return route, unquote(value) if "%" in value else value
        return self._loosely(whole, taking, path)

    def _loosely(
        self, whole: dict[str, Route], taking: dict[str, Route], path: str
    ) -> tuple[Route | None, str]:
        path = path.removesuffix("/")
        if (route := whole.get(path.lower())) is not None:
            return route, ""
        before, _, value = path.rpartition("/")
        return (taking.get(before.lower()), unquote(value)) if value else (None, "")
