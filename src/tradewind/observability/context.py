"""Reads and writes the two headers of W3C Trace Context, because a trace is one only if every hop spells it
alike.
"""

from __future__ import annotations

import re
from typing import NamedTuple

HEADER, STATE_HEADER = b"traceparent", b"tracestate"
LENGTH = 55  # of a traceparent of version 00
LONGEST_STATE = 512  # what a hop must pass on, by the standard; more is left out
# possessive (the `+`): half the time, on the way of every request
_PARENT = re.compile(
    r"(?!ff)([0-9a-f]{2})-((?!0{32})[0-9a-f]{32}+)-((?!0{16})[0-9a-f]{16}+)-([0-9a-f]{2})(-.*)?"
)
_DECLINED = re.compile(r"00-(?!0{32})[0-9a-f]{32}+-(?!0{16})[0-9a-f]{16}+-[0-9a-f][02468ace]")
_STATE = re.compile(rf"[\x20-\x7e]{{1,{LONGEST_STATE}}}")
_ODD = frozenset("13579bdf")


class Context(NamedTuple):
    """A caller's position in its trace. Ids are lower-case hex, as on the wire."""

    trace_id: str
    span_id: str
    sampled: bool


def parse(text: str) -> Context | None:
    """A `traceparent`, or None where it is none: then a trace begins anew, as the standard wants it. Of a
    version after 00 the fields of 00 are read.
    """
    found = _PARENT.fullmatch(text)
    if found is None or (found[5] is not None and found[1] == "00"):
        return None
    return Context(found[2], found[3], found[4][1] in _ODD)


def onward(text: str) -> str:
    """What a hop that adds no step passes on: the text where it is a `traceparent`, one of a later version as
    00 spells it; else nothing.
    """
    if parse(text) is None:
        return ""
    return text if len(text) == LENGTH and text.startswith("00") else f"00{text[2:LENGTH]}"


def trace_id(text: str) -> str:
    """The trace that a `traceparent` is of; a text that is none stands for itself."""
    found = parse(text)
    return text if found is None else found.trace_id


def declined(text: str) -> bool:
    """Whether a caller with the present version has chosen not to be traced: the common case, found without
    parsing.
    """
    return _DECLINED.fullmatch(text) is not None


def spell(trace_id: str, span_id: str, sampled: bool = True) -> str:
    """The `traceparent` of this place."""
    return f"00-{trace_id}-{span_id}-{'01' if sampled else '00'}"


def sampled(text: str) -> bool:
    """Whether this text is the `traceparent` of a trace that is kept. Cheap for what is none: a request id,
    nothing.
    """
    return len(text) >= 55 and text[54] in _ODD and parse(text) is not None


def state(text: str) -> str:
    """A `tracestate` to pass on as it came, or nothing where it may not be passed on."""
    return text if _STATE.fullmatch(text) else ""


def header(value: bytes | None) -> str:
    """A header's bytes as text; what is not ASCII becomes something that no parser takes."""
    return "" if value is None else value.decode("latin-1")
