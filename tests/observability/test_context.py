"""What the W3C standard says of its two headers is so here: what is passed on, what begins anew."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.observability import context
from tradewind.observability.context import Context

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
ids = st.integers(1, 2**64 - 1).map(lambda number: f"{number:016x}")


@given(st.integers(1, 2**128 - 1).map(lambda number: f"{number:032x}"), ids, st.booleans())
def test_what_is_spelled_is_read_again(trace: str, span: str, kept: bool) -> None:
    text = context.spell(trace, span, kept)
    assert context.parse(text) == Context(trace, span, kept)
    assert context.sampled(text) is kept
    assert context.declined(text) is not kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"00-{TRACE}-{SPAN}-01", True),
        (f"00-{TRACE}-{SPAN}-00", False),
        (f"00-{TRACE}-{SPAN}-03", True),  # a flag that is not ours to know
        (f"00-{TRACE}-{SPAN}-02", False),
        (f"cc-{TRACE}-{SPAN}-01", True),  # a version to come
        (f"cc-{TRACE}-{SPAN}-01-what-else", True),
    ],
)
def test_the_callers_choice_is_read(text: str, kept: bool) -> None:
    assert context.parse(text) == Context(TRACE, SPAN, kept)
    assert context.sampled(text) is kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a-request-id",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}-01\n",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE}-{SPAN}01--",
        f"cc-{TRACE}-{SPAN}-01.what",
        f"00_{TRACE}_{SPAN}_01",
    ],
)
def test_anything_else_begins_anew(text: str) -> None:
    assert context.parse(text) is None
    assert not context.sampled(text) and not context.declined(text)


@given(st.text())
def test_no_text_raises(text: str) -> None:
    assert context.parse(text) is None
    assert context.state(text) in (text, "")


def test_the_state_is_passed_on_untouched_or_not_at_all() -> None:
    assert (
        context.state("congo=t61rcWkgMzE,rojo=00f067aa0ba902b7") == "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7"
    )
    assert context.state("x=" + "y" * context.LONGEST_STATE) == ""
    assert context.state("a=b\r\nset-cookie: c=d") == ""
