"""Pages: nothing is left out or shown twice, and a cursor that is not of this list and filter is refused."""

import base64
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.core import paging
from tradewind.core.model import Refused
from tradewind.core.paging import Listing, Place

KEYS = st.one_of(
    st.uuids().map(str),
    st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1, max_size=255),
)
PLACES = st.lists(st.tuples(st.integers(0, 2**53), KEYS), unique=True, max_size=30)
ORDERS = Listing("orders", "ann", "PENDING")


def cursor_of(listing: Listing, place: Place) -> str:
    _, cursor = listing.page([place] * 2, 1, lambda one: one)
    assert cursor is not None
    return cursor


@given(PLACES, st.integers(1, 7))
def test_pages_together_are_the_list(places: list[Place], limit: int) -> None:
    """Whatever an id looks like: a UUID of any version, a number, a text of another system."""
    newest, seen = sorted(places, reverse=True), list[Place]()
    cursor: str | None = ""
    while cursor is not None:
        below = ORDERS.place(cursor)
        shown, cursor = ORDERS.page(
            [one for one in newest if one < below][: limit + 1], limit, lambda one: one
        )
        assert len(shown) == limit or cursor is None
        seen += shown
    assert seen == newest


def test_the_first_page_begins_after_all() -> None:
    assert ORDERS.place("") == paging.END > (2**53, "\U0010ffff")


@pytest.mark.parametrize(
    "other",
    [
        Listing("orders", "ann", "FAILED"),
        Listing("orders", "bob", "PENDING"),
        Listing("orders", "ann"),
        Listing("orders", "annPENDING"),
        Listing("orders", "annP", "ENDING"),
        Listing("payments", "ann", "PENDING"),
    ],
)
def test_the_cursor_of_another_list_or_filter_is_refused(other: Listing) -> None:
    cursor = cursor_of(ORDERS, (7, "0192f0c1-0000-7000-8000-000000000000"))
    assert ORDERS.place(cursor) == (7, "0192f0c1-0000-7000-8000-000000000000")
    with pytest.raises(Refused, match="invalid_cursor") as refused:
        other.place(cursor)
    assert refused.value.status == 422


def test_a_cursor_with_a_part_missing_or_changed_is_refused() -> None:
    """A cut one would look like the end of the list, or begin a page elsewhere."""
    cursor = cursor_of(ORDERS, (1_795_943_727_180, "01a22696-8050-7000-87d8-2dfb4296a1f0"))
    text = base64.urlsafe_b64decode(cursor + "==").decode()
    moved = [
        text.replace("1795943727180", "1795943727181"),
        text.replace("a1f0", "a1f1"),
        text[1:],
        text + "0",
    ]
    for other in (
        *(cursor[:length] for length in range(1, len(cursor))),
        *(base64.urlsafe_b64encode(one.encode()).decode().rstrip("=") for one in moved),
        f"{cursor}=",
        f"{cursor}A",
    ):
        with pytest.raises(Refused, match="invalid_cursor"):
            ORDERS.place(other)


def spoiled(digits: str) -> str:
    text = base64.urlsafe_b64decode(cursor_of(ORDERS, (7, "x")) + "==").decode()
    return base64.urlsafe_b64encode(text.replace("7:x", digits).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        *("!", "a", "abc=", "//8", "AAAA", "YQ==", "YR", "ä", "MDE5MmYwYzEtMDAwMC03MDAw"),
        base64.urlsafe_b64encode(b"x" * 65).decode(),
        *map(
            spoiled,
            ("7:", ":x", "7", "07:x", "-7:x", "7.0:x", "٧:x", f"{10**18}:x", "7:x\0", "7:" + "x" * 2_048),
        ),
    ],
)
def test_a_strange_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(Refused, match="invalid_cursor"):
        ORDERS.place(cursor)


@given(st.text())
def test_any_text_is_a_place_or_refused(cursor: str) -> None:
    with contextlib.suppress(Refused):
        ORDERS.place(cursor)
