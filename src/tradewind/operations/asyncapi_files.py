"""Keeps the descriptions of the events of every blueprint with a broker as files, and refuses to write one
that breaks those who read the events by the last.

`python -m tradewind.operations.asyncapi_files` writes them; with `--break` whatever has changed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from ..runtime import blueprint, config
from ..runtime.processes.plan import FOLDER
from ..runtime.registry import SERVICES, channels, services
from ..runtime.topology import Blueprint
from . import asyncapi
from . import message_shapes as wire

Json = dict[str, Any]
FILES = Path(__file__).resolve().parents[3] / "docs" / "asyncapi"


def names() -> list[str]:
    """The blueprints with events over a broker."""
    apart = [name for name, _ in blueprint.listing(FOLDER) if _loaded(name)[0].bus != "local"]
    return [name for name in apart if of_blueprint(name)["channels"]]


def of_blueprint(name: str) -> Json:
    return described(*_loaded(name))


def described(chosen: Blueprint, known: config.Config) -> Json:
    """What the services of a blueprint publish, in the form in which it does. Errors: ValueError."""
    published = channels(chosen.channels, known)
    if chosen.bus == "local":
        return asyncapi.document(published=published)
    heard = wire.hearers(services(chosen.services, known, policies=chosen.policies))
    return asyncapi.document(heard, published, chosen.bus, chosen.services)


def _loaded(name: str) -> tuple[Blueprint, config.Config]:
    chosen = blueprint.load(name, folder=FOLDER, services=SERVICES, environment={})
    return chosen, config.load({}, chosen.settings)


def text(document: Json) -> str:
    """The version of the package is not in a file: not every release changes the events."""
    info = {**document["info"], "version": "1"}
    return msgspec.json.format(msgspec.json.encode({**document, "info": info}), indent=2).decode() + "\n"


def breaks(before: Json, after: Json) -> Iterator[str]:
    """What a program that reads by `before` does not find, or cannot read, in what is sent by `after`."""
    for name, channel in before["channels"].items():
        now = after["channels"].get(name)
        if now is None:
            yield f"{name} is no longer published"
        elif now["address"] != channel["address"]:
            yield f"{name} has moved from {channel['address']} to {now['address']}"
        else:
            old, new = (document["components"]["messages"][name]["payload"] for document in (before, after))
            yield from _differences(name, old, new, before, after)


def _differences(path: str, old: Json, new: Json, before: Json, after: Json) -> Iterator[str]:
    old, new = _resolved(old, before), _resolved(new, after)
    was, now = _kinds(old, before), _kinds(new, after)
    if not now <= was:
        yield f"{path} was {' or '.join(sorted(was))}, and may be {' or '.join(sorted(now - was))} now"
        return
    if "enum" in old and not set(new.get("enum", [None])) <= set(old["enum"]):
        yield f"{path} has other values"
    for field, kind in old.get("properties", {}).items():
        if field not in new.get("properties", {}):
            yield f"{path}.{field} is gone"
        elif field in old.get("required", ()) and field not in new.get("required", ()):
            yield f"{path}.{field} may be missing"
        else:
            yield from _differences(f"{path}.{field}", kind, new["properties"][field], before, after)
    if isinstance(old.get("items"), dict) and isinstance(new.get("items"), dict):
        yield from _differences(f"{path}[]", old["items"], new["items"], before, after)


def _resolved(schema: Json, document: Json) -> Json:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def _kinds(schema: Json, document: Json) -> set[str]:
    """The JSON types that a value may have."""
    schema = _resolved(schema, document)
    if "anyOf" in schema:
        return {kind for one in schema["anyOf"] for kind in _kinds(one, document)}
    if "type" in schema:
        return {schema["type"]}
    return {type(one).__name__ for one in schema["enum"]} if "enum" in schema else {"anything"}


def write(folder: Path = FILES, *, anyway: bool = False) -> list[str]:
    """Brings the files up to date; what would break a reader is left as it is, and told."""
    broken: list[str] = []
    folder.mkdir(parents=True, exist_ok=True)
    for name in names():
        file, made = folder / f"{name}.json", of_blueprint(name)
        found = list(breaks(msgspec.json.decode(file.read_bytes()), made)) if file.exists() else []
        broken += [f"{name}: {why}" for why in found]
        if anyway or not found:
            file.write_text(text(made))
    return broken


def main() -> int:
    anyway = "--break" in sys.argv[1:]
    broken = write(anyway=anyway)
    print("\n".join(broken), end=os.linesep if broken else "", file=sys.stderr)
    return int(bool(broken) and not anyway)


if __name__ == "__main__":
    raise SystemExit(main())
