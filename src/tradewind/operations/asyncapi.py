"""Describes the events to programs (AsyncAPI 3.0), from the declarations that the services are run by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import Any

import msgspec

from ..core.channel import Channel
from ..core.model import wire_name
from . import message_shapes as wire
from .examples import example

Json = dict[str, Any]
SCHEMAS = "#/components/schemas/"
ABOUT = (
    "What the services tell each other. An event is committed with the change that it tells of, comes at "
    "least once, in order for one key, "
    "and is handled once. In one process events are handed on through the log; every event has a channel "
    "of its own name."
)


def document(
    heard: Mapping[str, Sequence[str]] | None = None,
    published: Mapping[str, Channel] | None = None,
    bus: str = "rabbitmq",
    services: Sequence[str] = (),
) -> Json:
    """The whole description. `heard` maps services to the events they subscribe to; without it, those of the
    default wiring. `published` are, by the event's name, the channels that carry it in a form of others, over
    `bus`. With `services`, of a blueprint, only what these publish and somebody reads is described.
    """
    others = published or {}
    heard = wire.heard() if heard is None else heard
    told = [
        (speaker, event)
        for speaker, event in wire.events()
        if not services or (speaker in services and wire_name(event) in {*heard, *others})
    ]
    forms = {name: channel.shape for name, channel in others.items()}
    bodies = [forms.get(wire_name(event)) or event for _, event in told]
    refs, shapes = msgspec.json.schema_components(bodies, ref_template=SCHEMAS + "{name}")
    channels: Json = {}
    messages: Json = {}
    operations: Json = {}
    for (speaker, event), body, ref in zip(told, bodies, refs, strict=True):
        name = wire_name(event)
        says = (event.__doc__ or "").strip()
        channels[name] = {
            "address": name,
            "description": f"Told by {speaker}.",
            "messages": {name: {"$ref": f"#/components/messages/{name}"}},
        }
        messages[name] = {
            "name": name,
            "title": event.__name__,
            **({"summary": says} if says else {}),
            "contentType": "application/json",
            "payload": ref,
            "examples": [{"payload": example(body)}],
            "x-key": wire.keyed_by(event),
        }
        if name in others:
            channels[name] |= _place(others[name], bus)
            messages[name] |= {"name": others[name].published}
            del messages[name]["x-key"]
        operations[f"{speaker}.says.{name}"] = _operation("send", name, f"{speaker} says {name}", speaker)
        for hearer in heard.get(name, ()):
            operations[f"{hearer}.hears.{name}"] = _operation(
                "receive", name, f"{hearer} hears {name}", hearer
            )
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Tradewind events",
            "version": metadata.version("tradewind"),
            "description": ABOUT,
            "license": {"name": "MIT"},
            "tags": [{"name": speaker} for speaker in dict.fromkeys(speaker for speaker, _ in told)],
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": dict(sorted(shapes.items()))},
    }


def _place(channel: Channel, bus: str) -> Json:
    """Where other programs read and write an event."""
    if bus == "kafka":
        return {"address": channel.name, "bindings": {"kafka": {"topic": channel.name}}}
    queue = {"name": channel.name, "durable": True, "exclusive": False, "autoDelete": False}
    return {"address": channel.name, "bindings": {"amqp": {"is": "queue", "queue": queue}}}


def asyncapi_json(heard: Mapping[str, Sequence[str]] | None = None) -> bytes:
    """`document()` as `tradewind asyncapi` prints it."""
    return msgspec.json.format(msgspec.json.encode(document(heard)), indent=2)


def _operation(action: str, name: str, summary: str, tag: str) -> Json:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{name}"},
        "summary": summary,
        "tags": [{"name": tag}],
        "messages": [{"$ref": f"#/channels/{name}/messages/{name}"}],
    }
