"""Finds what a method and a path mean, for every API: one dictionary look-up for most requests, a short walk
for the rest.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar
from urllib.parse import unquote

R = TypeVar("R")


class _Node(Generic[R]):
    """A segment of the path templates; `child` is where any value fits."""

    __slots__ = ("child", "methods", "named")

    def __init__(self) -> None:
        self.methods: dict[str, R] = {}
        self.named: dict[str, _Node[R]] = {}
        self.child: _Node[R] | None = None


class Router(Generic[R]):
    """Takes (method, path template, route). A segment `{name}` or `:name` takes a value; a fixed segment goes
    before it. HEAD is GET. A path with a slash at its end is another path, and case counts; where `loose`,
    neither makes a difference (as in Express). Errors: ValueError for a route that is declared twice.
    """

    def __init__(self, routes: Iterable[tuple[str, str, R]], *, loose: bool = False) -> None:
        self._loose = loose
        self._fixed: dict[str, dict[str, R]] = {}
        self._one_value: dict[str, dict[str, R]] = {}
        self._root: _Node[R] = _Node()
        for method, template, route in routes:
            methods = self._methods_at(template)
            if method in methods:
                raise ValueError(f"{method} {template} is declared twice")
            methods[method] = route
            if method == "GET":
                methods.setdefault("HEAD", route)

    def _methods_at(self, template: str) -> dict[str, R]:
        segments = template.split("/")
        values = [segment.startswith(("{", ":")) for segment in segments]
        if not any(values):
            return self._fixed.setdefault(template, {})
        node = self._root
        for segment, takes_value in zip(segments, values, strict=True):
            if takes_value:
                node.child = node = node.child or _Node()
            else:
                node = node.named.setdefault(segment, _Node())
        if not any(values[:-1]):
            self._one_value["/".join(segments[:-1])] = node.methods
        return node.methods

    def find(self, method: str, path: str) -> tuple[R | None, tuple[str, ...]]:
        """The route, None where there is none, and the values in the path, in order."""
        methods, values = self._at(path)
        return methods.get(method), values

    def methods(self, path: str) -> list[str]:
        """What the path can be asked with, sorted; empty where there is no such path."""
        return sorted(self._at(path)[0])

    def _at(self, path: str) -> tuple[dict[str, R], tuple[str, ...]]:
        methods = self._fixed.get(path)
        if methods is not None:
            return methods, ()
        before, _, value = path.rpartition("/")
        if value and (methods := self._one_value.get(before)) is not None:
            return methods, (unquote(value) if "%" in value else value,)
        return self._at_loosely(path.removesuffix("/")) if self._loose else self._walk(path)

    def _at_loosely(self, path: str) -> tuple[dict[str, R], tuple[str, ...]]:
        methods = self._fixed.get(path.lower())
        if methods is not None:
            return methods, ()
        before, _, value = path.rpartition("/")
        if value and (methods := self._one_value.get(before.lower())) is not None:
            return methods, (unquote(value),)
        return self._walk(path)

    def _walk(self, path: str) -> tuple[dict[str, R], tuple[str, ...]]:
        node = self._root
        values = []
        for segment in path.split("/"):
            following = node.named.get(segment.lower() if self._loose else segment)
            if following is None:
                following = node.child
                if following is None or not segment:
                    return {}, ()
                values.append(unquote(segment) if "%" in segment else segment)
            node = following
        return node.methods, tuple(values)
