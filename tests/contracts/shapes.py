"""Keeps the shape of every event in a golden file, so that a promise on the wire is not broken by a rename in
passing.

`python -m tests.contracts.shapes` writes the files of new and compatibly changed events; a break it refuses:
a new shape is a new event beside the old one.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tradewind.operations import message_shapes as wire

FOLDER = Path(__file__).parent / "golden"


def current() -> dict[str, dict[str, Any]]:
    """Every event's shape, by its name on the wire."""
    return {
        shape["name"]: shape | {"speaker": speaker}
        for speaker, shape in ((who, wire.shape(event)) for who, event in wire.events())
    }


def golden() -> dict[str, dict[str, Any]]:
    return {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}


def breaks(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    """What a reader of the old shape, or of old rows of the log, could not bear."""
    for name, kind in old["fields"].items():
        if name not in new["fields"]:
            yield f"{name} is gone"
        elif new["fields"][name] != kind:
            yield f"{name} was {kind} and is {new['fields'][name]}"
        elif name not in old["optional"] and name in new["optional"]:
            yield f"{name} may be missing now"
        elif name in old["optional"] and name not in new["optional"]:
            yield f"{name} must be there now, and old events lack it"
    for name in new["fields"]:
        if name not in old["fields"] and name not in new["optional"]:
            yield f"{name} is new and has no default, and old events lack it"


def main() -> int:
    known = golden()
    for name, shape in current().items():
        broken = list(breaks(known[name], shape)) if name in known else []
        if broken:
            print(f"{name}: {'; '.join(broken)}. Make it a new event beside this one.", file=sys.stderr)
            return 1
        (FOLDER / f"{name}.json").write_text(json.dumps(shape, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
