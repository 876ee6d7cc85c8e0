"""Writes docs/messages.md, the list of all messages, from the contracts.

Run `python -m tradewind.operations.messages > docs/messages.md`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..apis.v1.openapi import ALL
from ..contracts.operation import Operation
from ..core.model import Event, Message, wire_name
from . import message_shapes as wire

ABOUT = """\
# Messages

All messages between services and to them, as defined in `src/tradewind/contracts/`. Written by
`python -m tradewind.operations.messages`; a test compares. The name on the wire is a promise, the class name is not:
`tests/contracts/golden/` holds the shape of every event, and a change that would break a reader turns red.

An event is in the past tense, arrives at least once and in order for one key, and is handled once. A request is in the
imperative and has one reply. A query changes nothing. `?` marks a field that may be missing."""

MOST_WORDS = 20


def page(heard: Mapping[str, Sequence[str]] | None = None) -> str:
    """The whole page. `heard` maps services to the events they subscribe to; without it, those of the default
    wiring.
    """
    return "\n".join(_lines(wire.heard() if heard is None else heard)) + "\n"


def _lines(heard: Mapping[str, Sequence[str]]) -> Iterator[str]:
    routes = {operation.asks: operation for operation in ALL}
    yield ABOUT
    for name, module in wire.speakers().items():
        yield from ("", f"## {name}", "", (module.__doc__ or "").strip())
        if told := wire.said(module, Event):
            yield from ("", "| event | about | fields | subscribers |", "|---|---|---|---|")
            for event in told:
                hearers = ", ".join(heard.get(wire_name(event), ())) or "·"
                yield f"| {_named(event)} | `{wire.keyed_by(event)}` | {_fields(event)} | {hearers} |"
        if asked := wire.asked(module):
            yield from ("", "| request or query | from | fields |", "|---|---|---|")
            for message in asked:
                yield f"| {_named(message)} | {_route(routes.get(message))} | {_fields(message)} |"


def _named(kind: type[Message]) -> str:
    says = " ".join((kind.__doc__ or "").partition("\n\n")[0].split())
    return f"`{wire_name(kind)}`" + (f"<br>{says}" if says else "")


def _route(operation: Operation | None) -> str:
    return f"`{operation.method} {operation.path}`" if operation else "other services and APIs"


def _fields(kind: type[Message]) -> str:
    shape = wire.shape(kind)
    fields = (
        f"`{name}{'?' if name in shape['optional'] else ''}` {_type(told)}"
        for name, told in shape["fields"].items()
    )
    return ", ".join(fields) or "·"


def _type(told: Any) -> str:
    if isinstance(told, list):
        return f"list of {_type(told[0])}"
    if isinstance(told, dict) and "anyOf" in told:
        return " or ".join(map(_type, told["anyOf"]))
    if isinstance(told, dict):
        return "{" + ", ".join(f"{name}: {_type(inner)}" for name, inner in told.items()) + "}"
    words = str(told).split(" | ")
    if len(words) > MOST_WORDS:
        return f"one of {len(words)} texts, `{words[0][1:-1]}` to `{words[-1][1:-1]}`"
    return str(told).replace(" | ", " · ").replace("'", "`")


if __name__ == "__main__":
    sys.stdout.write(page())
