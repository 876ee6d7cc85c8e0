"""Pages: nothing is left out or shown twice, and a cursor that is not ours is refused."""

import base64
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.core import paging
from tradewind.core.model import Refused

IDS = st.lists(st.uuids(), unique=True, max_size=30).map(
    lambda found: sorted([str(one) for one in found], reverse=True)
)


@given(IDS, st.integers(1, 7))
def test_pages_together_are_the_list(ids: list[str], limit: int) -> None:
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        below = paging.below(cursor)
        shown, cursor = paging.page([one for one in ids if one < below][: limit + 1], limit, str)
        assert len(shown) == limit or cursor is None
        seen += shown
    assert seen == ids


@given(st.integers(0, 2**53), st.uuids().map(str))
def test_a_place_in_time_comes_back(at: int, key: str) -> None:
    _, cursor = paging.page([(at, key)] * 2, 1, lambda row: paging.at_time(*row))
    assert paging.below_time(cursor or "") == (at, key)


def test_the_first_page_begins_above_all() -> None:
    assert paging.below("") > "ffffffff-ffff-ffff-ffff-ffffffffffff"
    assert paging.below_time("") == (paging.END_OF_TIME, paging.TOP)


@pytest.mark.parametrize(
    "cursor",
    ["!", "a", "abc=", "//8", "AAAA", "YQ==", "YR", "ä", base64.urlsafe_b64encode(b"x" * 65).decode()],
)
def test_a_strange_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(Refused, match="invalid_cursor") as refused:
        paging.below(cursor)
    assert refused.value.status == 422


@given(st.text())
def test_any_text_is_a_place_or_refused(cursor: str) -> None:
    for read in (paging.below, paging.below_time):
        with contextlib.suppress(Refused):
            read(cursor)


def test_the_cursor_of_another_list_is_refused() -> None:
    _, cursor = paging.page(["0192f0c1-0000-7000-8000-000000000000"] * 2, 1, str)
    with pytest.raises(Refused, match="invalid_cursor"):
        paging.below_time(cursor or "")
