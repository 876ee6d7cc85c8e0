"""Writes spans as OTLP/JSON, which every collector takes: ids in hex, 64-bit numbers as strings, enums as
numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from .stamps import plain
from .tracing import Span, Value

LONGEST_VALUE = 4_096
SAMPLED = 1
_encode = msgspec.json.Encoder().encode


def encode(resource: Mapping[str, str], version: str, spans: Sequence[Span]) -> bytes:
    """The body of one ExportTraceServiceRequest."""
    scope = {"name": "tradewind", "version": version}
    return _encode(
        {
            "resourceSpans": [
                {
                    "resource": {"attributes": _attributes(resource.items())},
                    "scopeSpans": [{"scope": scope, "spans": [_span(span) for span in spans]}],
                }
            ]
        }
    )


def rejected(body: bytes) -> tuple[int, str]:
    """How many spans a 200 did not take, and why."""
    try:
        told = msgspec.json.decode(body).get("partialSuccess") or {}
        return int(told.get("rejectedSpans") or 0), plain(str(told.get("errorMessage") or ""))
    except (msgspec.MsgspecError, UnicodeError, AttributeError, TypeError, ValueError, OverflowError):
        return 0, ""  # empty, or protobuf: it took them


def _span(span: Span) -> dict[str, Any]:
    written: dict[str, Any] = {
        "traceId": span.trace_id,
        "spanId": span.span_id,
        "name": plain(span.name),
        "kind": int(span.kind),
        "startTimeUnixNano": str(span.began),
        "endTimeUnixNano": str(span.ended),
        "flags": SAMPLED,
        "attributes": _attributes(span.attributes.items()),
    }
    if span.parent_id:
        written["parentSpanId"] = span.parent_id
    if span.state:
        written["traceState"] = span.state
    if span.links:
        written["links"] = [{"traceId": trace, "spanId": id, "flags": SAMPLED} for trace, id in span.links]
    if span.error:
        written["status"] = {"code": 2, "message": plain(span.error)}
    return written


def _attributes(items: Iterable[tuple[str, Value]]) -> list[dict[str, Any]]:
    return [{"key": plain(key), "value": _value(value)} for key, value in items]


def _value(value: Value) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    return {"stringValue": plain(value[:LONGEST_VALUE])}
