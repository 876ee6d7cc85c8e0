"""Reads `tradewind serve` and `tradewind up` without the command line's library, whose 3 MB and 80 ms each
process would pay for.

What is not written as usual, such as a mistake or a call for help, is left to that library.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

SETTINGS = ("data", "host", "port")


class Arguments(msgspec.Struct, frozen=True):
    """The arguments of `tradewind serve`, or of `up` with an empty `process`."""

    process: str = ""
    blueprint: str = "default"
    copy: int = 1
    supervised: int = -1
    sets: tuple[str, ...] = ()


def parse(words: Sequence[str]) -> Arguments | None:
    """`words` begin with the command. None: not written as usual."""
    command, *rest = words
    names, found, sets = [], {}, []
    while rest:
        word = rest.pop(0)
        if not word.startswith("-"):
            names.append(word)
            continue
        option, equals, value = word.partition("=")
        if not equals:
            if not rest:
                return None
            value = rest.pop(0)
        name = option.removeprefix("--")
        if name == "set":
            sets.append(value)
        elif (
            name in SETTINGS
            or name == "blueprint"
            or (command == "serve" and name in ("copy", "supervised") and value.isdecimal())
        ):
            found[name] = value
        else:
            return None
    if len(names) != (command == "serve"):
        return None
    given = [f"{name}={found[name]}" for name in SETTINGS if name in found]
    return Arguments(
        names[0] if names else "",
        found.get("blueprint", "default"),
        int(found.get("copy", "1")),
        int(found.get("supervised", "-1")),
        (*sets, *given),
    )
