"""The path that is matched, and the one that goes upstream."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.edge import paths

NORMAL = [
    ("/", "/"),
    ("/orders", "/orders"),
    ("//orders///x", "/orders/x"),
    ("/orders/./x", "/orders/x"),
    ("/a/../orders", "/orders"),
    ("/a/%2e%2E/orders", "/orders"),
    ("/../orders", "/orders"),
    ("/orders/..", "/"),
    ("/orders/.", "/orders/"),
    ("/orders/x/..", "/orders/"),
    ("/%6Frders", "/orders"),
    ("/orders%2fx", "/orders%2Fx"),
    ("/orders%2F..%2Fx", "/orders%2F..%2Fx"),
    ("/a%25b", "/a%25b"),
    ("/a%20b", "/a b"),
    ("/%C3%A4", "/\xc3\xa4"),
    ("/a.b/.c/..d", "/a.b/.c/..d"),
]


@pytest.mark.parametrize(("sent", "normal"), NORMAL)
def test_two_spellings_of_a_path_are_one(sent: str, normal: str) -> None:
    assert paths.normal(sent) == normal


@pytest.mark.parametrize("path", ["/%", "/%4", "/%zz", "/a%00b"])
def test_an_escape_that_is_none_is_refused(path: str) -> None:
    with pytest.raises(paths.BadPath):
        paths.normal(path)


@given(st.text(alphabet="/.aO%2fFeE 0~", max_size=12))
def test_what_is_normal_stays_so(text: str) -> None:
    try:
        once = paths.normal("/" + text)
    except paths.BadPath:
        return
    assert "/../" not in once
    assert "//" not in once
    again = paths.normal(paths.escaped(once))
    assert again == once


UPSTREAM = [
    # path of the service, path of the request, what is left where the prefix is stripped
    ("/", "/orders", "", "/"),
    ("/", "/orders/", "/", "/"),
    ("/", "/orders/orders/1", "/orders/1", "/orders/1"),
    ("/", "/ordersabc", "abc", "/abc"),
    ("/", "/orders/x", None, "/orders/x"),
    ("/", "/", None, "/"),
    ("", "/orders", "", "/"),
    ("", "/orders/x", None, "/orders/x"),
    ("/v1", "/orders", "", "/v1"),
    ("/v1", "/orders/", "", "/v1/"),
    ("/v1", "/orders/x", "/x", "/v1/x"),
    ("/v1", "/ordersx", "x", "/v1/x"),
    ("/v1", "/orders/x", None, "/v1/orders/x"),
    ("/v1", "/", None, "/v1"),
    ("/v1/", "/orders", "", "/v1"),
    ("/v1/", "/orders/", "", "/v1/"),
    ("/v1/", "/orders/x", "/x", "/v1/x"),
    ("/v1/", "/orders/x", "x", "/v1/x"),
    ("/v1/", "/", None, "/v1/"),
]


@pytest.mark.parametrize(("base", "path", "rest", "expected"), UPSTREAM)
def test_paths_are_joined_by_one_slash(base: str, path: str, rest: str | None, expected: str) -> None:
    assert paths.upstream(base, path, rest) == expected


@pytest.mark.parametrize(
    ("path", "sent"), [("/a b", "/a%20b"), ("/\xc3\xa4", "/%C3%A4"), ("/a%2Fb+~(1)", "/a%2Fb+~(1)")]
)
def test_what_was_decoded_is_escaped_again(path: str, sent: str) -> None:
    assert paths.escaped(path) == sent
