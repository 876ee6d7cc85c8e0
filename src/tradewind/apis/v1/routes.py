"""Finds the operation that a method and a path mean, so that a request costs one dictionary or one short
walk.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

from ...core.model import Refused

R = TypeVar("R")


class _Node(Generic[R]):
    """One place in the tree: by the next segment, or by any (`child`)."""

    __slots__ = ("child", "methods", "named")

    def __init__(self) -> None:
        self.methods: dict[str, R] = {}
        self.named: dict[str, _Node[R]] = {}
        self.child: _Node[R] | None = None


class Routes(Generic[R]):
    """`/users/me` goes before `/users/{userId}`; a path with a slash at its end is another path."""

    def __init__(self, routes: Iterable[tuple[str, str, R]]) -> None:
        self._static: dict[str, dict[str, R]] = {}
        self._root: _Node[R] = _Node()
        for method, path, route in routes:
            methods = self._place(path)
            if method in methods:
                raise ValueError(f"{method} {path} is declared twice")
            methods[method] = route

    def _place(self, path: str) -> dict[str, R]:
        if "{" not in path:
            return self._static.setdefault(path, {})
        node = self._root
        for segment in path.split("/"):
            if segment.startswith("{"):
                node.child = node = node.child or _Node()
            else:
                node = node.named.setdefault(segment, _Node())
        return node.methods

    def find(self, method: str, path: str) -> tuple[R, tuple[str, ...]]:
        """The route and the path's values, in order. Errors: Refused 404, 405 with `allow`."""
        methods = self._static.get(path)
        values: tuple[str, ...] = ()
        if methods is None:
            methods, values = self._walk(path)
        route = methods.get(method)
        if route is None:
            if not methods:
                raise Refused("not_found", 404, "There is no such path.")
            route = methods.get("GET") if method == "HEAD" else None
            if route is None:
                known = {*methods, "HEAD"} if "GET" in methods else set(methods)
                raise Refused("method_not_allowed", 405, allow=", ".join(sorted(known)))
        return route, values

    def _walk(self, path: str) -> tuple[dict[str, R], tuple[str, ...]]:
        node = self._root
        values = []
        for segment in path.split("/"):
            following = node.named.get(segment)
            if following is None:
                following = node.child
                if following is None or not segment:
                    return {}, ()
                values.append(segment)
            node = following
        return node.methods, tuple(values)
