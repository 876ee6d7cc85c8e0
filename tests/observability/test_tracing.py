"""Who is followed and what a step knows: the same choice in every service, and nothing at all for whoever is
not followed.
"""

from __future__ import annotations

import random
from itertools import count

import pytest

from tradewind.core.clock import SystemClock
from tradewind.observability.context import spell
from tradewind.observability.tracing import MOST_ATTRIBUTES, MOST_LINKS, Kind, Span, Tracer

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def tracer(heard: list[Span], ratio: float = 1.0, seed: int = 1) -> Tracer:
    ticks = count(500, 10)
    return Tracer(
        "orders",
        heard.append,
        ratio,
        SystemClock(seed),
        clock=lambda: 1_700_000_000_000_000_000,
        tick=lambda: next(ticks),
    )


def test_a_step_and_its_step_are_one_trace() -> None:
    heard: list[Span] = []
    outer = tracer(heard).start("GET", Kind.SERVER)
    assert outer is not None
    inner = outer.child("send orders", Kind.CLIENT)
    inner.end("timeout", **{"messaging.system": "rabbitmq"})
    outer.end()
    assert heard == [inner, outer]
    assert (inner.trace_id, inner.parent_id, outer.parent_id) == (outer.trace_id, outer.span_id, "")
    assert (len(outer.trace_id), len(outer.span_id)) == (32, 16)
    assert inner.traceparent == spell(outer.trace_id, inner.span_id)
    assert inner.attributes == {"messaging.system": "rabbitmq", "error.type": "timeout"}
    assert inner.ended - inner.began == 10  # by the monotonic clock
    assert outer.began == 1_700_000_000_000_000_000 and outer.ended - outer.began == 30


def test_a_step_ends_once() -> None:
    heard: list[Span] = []
    span = tracer(heard).start("x")
    assert span is not None
    span.end()
    span.end("too late")
    assert len(heard) == 1 and heard[0].error == ""


@pytest.mark.parametrize("ratio", [0.0, 0.5, 1.0])
def test_a_callers_choice_counts_more_than_the_ratio(ratio: float) -> None:
    ours = tracer([], ratio)
    assert all(ours.start("x", Kind.SERVER, spell(TRACE, SPAN, False)) is None for _ in range(50))
    for _ in range(50):
        span = ours.start("x", Kind.SERVER, spell(TRACE, SPAN), "congo=t61")
        assert span is not None
        assert (span.trace_id, span.parent_id, span.state) == (TRACE, SPAN, "congo=t61")
        assert span.child("y").state == "congo=t61"


def test_a_parent_that_cannot_be_read_begins_a_new_trace_without_its_state() -> None:
    span = tracer([]).start("x", Kind.SERVER, f"00-{TRACE}-{SPAN}-zz", "congo=t61")
    assert span is not None
    assert span.trace_id != TRACE and span.parent_id == "" and span.state == ""


@pytest.mark.parametrize(
    ("ratio", "low", "kept"),
    [
        (0.01, 0x028F5C28F5C28F5F, True),  # these are the bounds of opentelemetry-sdk's TraceIdRatioBased
        (0.01, 0x028F5C28F5C28F60, False),
        (0.5, 0x7FFFFFFFFFFFFFFF, True),
        (0.5, 0x8000000000000000, False),
        (1.0, 0xFFFFFFFFFFFFFFFF, True),
        (0.0, 0, False),
    ],
)
def test_the_ratio_chooses_by_the_low_half_of_the_trace_id_as_opentelemetry_does(
    ratio: float, low: int, kept: bool
) -> None:
    for high in (1, 2**63):
        assert tracer([], ratio).keeps(f"{high << 64 | low:032x}") is kept


def test_two_services_with_one_ratio_choose_the_same() -> None:
    one, other = tracer([], 0.3, seed=1), tracer([], 0.3, seed=2)
    draw = random.Random(5)
    drawn = [f"{draw.getrandbits(128):032x}" for _ in range(2_000)]
    assert [one.keeps(id) for id in drawn] == [other.keeps(id) for id in drawn]
    assert 500 < sum(one.keeps(id) for id in drawn) < 700
    begun = [span for _ in range(2_000) if (span := one.start("x")) is not None]
    assert 500 < len(begun) < 700
    assert all(other.keeps(span.trace_id) for span in begun)


def test_a_service_begins_no_trace_half_way() -> None:
    ours = tracer([])
    assert ours.under("", "process orders") is None
    assert ours.under("a-request-id", "process orders") is None
    assert ours.under(spell(TRACE, SPAN, False), "process orders") is None
    assert ours.under(spell(TRACE, SPAN), "process orders") is not None


def test_who_is_not_followed_costs_one_draw_and_no_object() -> None:
    """Not timed: what could take time is not there. No clock is read, no span is made, nobody is told."""

    def never(*_: object) -> int:
        raise AssertionError("this costs time")

    off = Tracer("orders", None, 1.0, SystemClock(1), clock=never, tick=never)
    assert (
        off.start("x") is None
        and off.start("x", Kind.SERVER, spell(TRACE, SPAN)) is None
        and off.under(spell(TRACE, SPAN), "x") is None
    )
    assert off.wanted([spell(TRACE, SPAN)]) == []
    heard: list[Span] = []
    rare = Tracer("orders", heard.append, 0.0, SystemClock(1), clock=never, tick=never)
    assert rare.start("x") is None and rare.start("x", Kind.SERVER, spell(TRACE, SPAN, False)) is None


def test_a_step_is_bounded() -> None:
    span = tracer([]).start("x")
    assert span is not None
    for number in range(1_000):
        span.set(f"key{number}", number)
        span.link(TRACE, SPAN)
    assert (len(span.attributes), len(span.links)) == (MOST_ATTRIBUTES, MOST_LINKS)
