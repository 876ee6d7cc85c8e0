"""One router for all APIs: strict as HTTP is, or loose as Express is."""

from __future__ import annotations

import pytest

from tradewind.apis.kernel.router import Router

ROUTES = [
    ("GET", "/a", "list"),
    ("POST", "/a", "add"),
    ("GET", "/a/me", "me"),
    ("GET", "/a/{id}", "one"),
    ("PATCH", "/a/{id}", "change"),
    ("GET", "/a/{id}/parts", "parts"),
    ("GET", "/a/{id}/parts/:part", "part"),
    ("GET", "/a/order/:order", "of order"),
]


@pytest.mark.parametrize(
    ("method", "path", "route", "values"),
    [
        ("GET", "/a", "list", ()),
        ("HEAD", "/a", "list", ()),
        ("POST", "/a", "add", ()),
        ("GET", "/a/me", "me", ()),
        ("PATCH", "/a/me", None, ()),
        ("GET", "/a/x", "one", ("x",)),
        ("HEAD", "/a/x", "one", ("x",)),
        ("GET", "/a/order", "one", ("order",)),
        ("GET", "/a/order/7", "of order", ("7",)),
        ("GET", "/a/x/parts", "parts", ("x",)),
        ("GET", "/a/x/parts/y", "part", ("x", "y")),
        ("GET", "/a/x%20y", "one", ("x y",)),
        ("GET", "/a/x%2Fy", "one", ("x/y",)),
        ("PUT", "/a", None, ()),
        ("GET", "/a/", None, ()),
        ("GET", "/A", None, ()),
        ("GET", "//a", None, ()),
        ("GET", "", None, ()),
        ("GET", "/a/x/y", None, ()),
    ],
)
def test_a_path_and_a_method_mean_one_route(
    method: str, path: str, route: str | None, values: tuple[str, ...]
) -> None:
    found = Router(ROUTES).find(method, path)
    assert found[0] == route
    assert route is None or found[1] == values


@pytest.mark.parametrize(
    ("path", "route", "values"),
    [
        ("/A/", "list", ()),
        ("/A/X/", "one", ("X",)),
        ("/a/ORDER/7", "of order", ("7",)),
        ("/a/order/", "one", ("order",)),
        ("/A/X/Parts/Y/", "part", ("X", "Y")),
        ("//a", None, ()),
    ],
)
def test_loosely_case_and_a_last_slash_make_no_difference(
    path: str, route: str | None, values: tuple[str, ...]
) -> None:
    found = Router(ROUTES, loose=True).find("GET", path)
    assert found[0] == route
    assert route is None or found[1] == values


def test_the_methods_of_a_path() -> None:
    router = Router(ROUTES)
    assert router.methods("/a") == ["GET", "HEAD", "POST"]
    assert router.methods("/a/x") == ["GET", "HEAD", "PATCH"]
    assert router.methods("/b") == []


def test_a_route_is_declared_once() -> None:
    with pytest.raises(ValueError, match="GET /a is declared twice"):
        Router([*ROUTES, ("GET", "/a", "again")])
