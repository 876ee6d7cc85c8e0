"""Decides which requests are followed and times their steps; whoever is not followed must not notice, so the
answer to `start` is None.

Who hears the spans is not known here: `otlp.Exporter.put` in a process, a list's `append` in a test.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable
from enum import IntEnum

from ..core.clock import Clock
from . import context

__all__ = ["Kind", "Link", "Span", "Tracer", "Value"]

LOW = (1 << 64) - 1
MOST_ATTRIBUTES = 64
MOST_LINKS = 128
MOST_STATES = 4_096

Value = str | int | float | bool
Link = tuple[str, str]
"""A trace id and a span id, elsewhere."""


class Kind(IntEnum):
    """As OTLP numbers them."""

    INTERNAL = 1
    SERVER = 2
    CLIENT = 3
    PRODUCER = 4
    CONSUMER = 5


class Span:
    """One step of a trace that is kept. `began` and `ended` are ns since the epoch, `state` is the caller's
    tracestate, `error` is empty where it went well.
    """

    __slots__ = (
        "_began_tick",
        "_tracer",
        "attributes",
        "began",
        "ended",
        "error",
        "kind",
        "links",
        "name",
        "parent_id",
        "span_id",
        "state",
        "trace_id",
    )

    def __init__(
        self, tracer: Tracer, name: str, kind: Kind, trace_id: str, span_id: str, parent_id: str, state: str
    ) -> None:
        self._tracer = tracer
        self.name, self.kind, self.trace_id, self.span_id, self.parent_id, self.state = (
            name,
            kind,
            trace_id,
            span_id,
            parent_id,
            state,
        )
        self.began, self._began_tick, self.ended = tracer.clock(), tracer.tick(), 0
        self.attributes: dict[str, Value] = {}
        self.links: list[Link] = []
        self.error = ""

    @property
    def traceparent(self) -> str:
        """What the next hop is sent."""
        return context.spell(self.trace_id, self.span_id)

    def set(self, key: str, value: Value) -> None:
        if len(self.attributes) < MOST_ATTRIBUTES:
            self.attributes[key] = value

    def link(self, trace_id: str, span_id: str) -> None:
        """This step also has to do with that one."""
        if len(self.links) < MOST_LINKS:
            self.links.append((trace_id, span_id))

    def child(self, name: str, kind: Kind = Kind.INTERNAL) -> Span:
        """A step of this step."""
        tracer = self._tracer
        return Span(tracer, name, kind, self.trace_id, tracer.span_id(), self.span_id, self.state)

    def end(self, error: str = "", **attributes: Value) -> None:
        """It is over; `error` is a class of errors (`timeout`, `503`), not a sentence. A second call does
        nothing.
        """
        if self.ended:
            return
        self.finish(self.began + self._tracer.tick() - self._began_tick, error, **attributes)

    def finish(self, ended: int, error: str = "", **attributes: Value) -> None:
        """As `end`, for who knows when that was."""
        self.ended = max(ended, self.began, 1)
        for key, value in attributes.items():
            self.set(key, value)
        if error:
            self.error = error
            self.attributes["error.type"] = error
        self._tracer.hand_on(self)


class Tracer:
    """One per process. `ratio` (0..1) of the traces that begin here are kept, chosen by trace id as
    OpenTelemetry's TraceIdRatioBased does, so that two services with one ratio choose the same; a caller's
    own choice counts more. Without a sink nothing is kept.
    """

    def __init__(
        self,
        service: str,
        sink: Callable[[Span], None] | None,
        ratio: float,
        source: Clock,
        *,
        clock: Callable[[], int] = time.time_ns,
        tick: Callable[[], int] = time.perf_counter_ns,
    ) -> None:
        self.service, self.on = service, sink is not None
        self.clock, self.tick = clock, tick
        self.hand_on = sink or _nowhere
        self._bits = random.Random(source.random.getrandbits(128)).getrandbits
        self._bound = round(min(1.0, max(0.0, ratio)) * (LOW + 1))
        self._states: dict[str, str] = {}

    def start(self, name: str, kind: Kind = Kind.INTERNAL, parent: str = "", state: str = "") -> Span | None:
        """A span, under the caller's `traceparent` where that is one; None: not traced."""
        if not self.on:
            return None
        if parent and (caller := context.parse(parent)) is not None:
            if not caller.sampled:
                return None
            return Span(
                self,
                name,
                kind,
                caller.trace_id,
                self.span_id(),
                caller.span_id,
                self._state_of(caller, state),
            )
        drawn = self._bits(128)
        if drawn & LOW >= self._bound:
            return None
        return Span(self, name, kind, f"{drawn or 1:032x}", self.span_id(), "", "")

    def under(self, parent: str, name: str, kind: Kind = Kind.INTERNAL, state: str = "") -> Span | None:
        """A step of a trace that is kept already. Without such a `parent` None: traces begin at an API,
        never half-way.
        """
        return (
            self.start(name, kind, parent, state) if self.on and parent and context.sampled(parent) else None
        )

    def remember(self, parent: str, state: str) -> None:
        """The `tracestate` that came with a `traceparent`, for the steps of its trace here that know
        the latter alone. It may be lost: the last traces are kept.
        """
        caller = context.parse(parent) if self.on else None
        if caller is not None and caller.sampled and (kept := context.state(state)):
            if len(self._states) >= MOST_STATES:
                del self._states[next(iter(self._states))]
            self._states[caller.trace_id] = kept

    def _state_of(self, caller: context.Context, state: str) -> str:
        if state:
            self.remember(context.spell(caller.trace_id, caller.span_id), state)
        return self._states.get(caller.trace_id, "") if self._states else ""

    def keeps(self, trace_id: str) -> bool:
        """Whether a trace that begins here with this id would be kept."""
        return self.on and int(trace_id, 16) & LOW < self._bound

    def span_id(self) -> str:
        return f"{self._bits(64) or 1:016x}"

    def wanted(self, parents: Iterable[str]) -> list[str]:
        """Those of these texts that are the `traceparent` of a trace that is kept, each once."""
        return list(dict.fromkeys(text for text in parents if context.sampled(text))) if self.on else []


def _nowhere(span: Span) -> None:
    """For a tracer that is off."""
