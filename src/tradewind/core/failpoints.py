"""Named places where a test may stop, break or kill the process, so that every step is shown to survive it.

Off, a failpoint is one attribute load and a comparison. `TRADEWIND_FAIL=name:nth:action[,…]` arms them;
actions are `kill` (SIGKILL to ourselves), `error` (a store fault) and `pause` (the thread sleeps a second: a
node that went stale).
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

ACTIONS = ("kill", "error", "pause")


class Broken(Exception):
    """The fault that the action `error` raises."""


class Failpoint:
    """One place. Called when the program passes it."""

    __slots__ = ("armed", "name", "what")

    def __init__(self, name: str, what: str) -> None:
        self.name, self.what = name, what
        self.armed: Callable[[], None] | None = None

    def __call__(self) -> None:
        if self.armed is not None:
            self.armed()


REGISTRY: dict[str, Failpoint] = {}


def failpoint(name: str, what: str) -> Failpoint:
    """Declares a place. A name is given once."""
    if name in REGISTRY:
        raise ValueError(f"failpoint {name} is declared twice")
    REGISTRY[name] = Failpoint(name, what)
    return REGISTRY[name]


def _act(action: str, name: str) -> None:
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif action == "pause":
        time.sleep(1)
    else:
        raise Broken(f"failpoint {name}")


def arm(setting: str, *, elsewhere: bool = False) -> None:
    """Arms what a setting like `batch.before-commit:3:kill` names. `elsewhere`: a name that is not known here
    is one of another process. Errors: ValueError with what is allowed.
    """
    for part in filter(None, setting.split(",")):
        fields = part.split(":")
        if len(fields) != 3 or not fields[1].isdigit() or int(fields[1]) < 1 or fields[2] not in ACTIONS:
            raise ValueError(
                f"TRADEWIND_FAIL: {part!r} is not name:nth:action, with nth from 1 and an action of "
                f"{', '.join(ACTIONS)}"
            )
        name, nth, action = fields[0], int(fields[1]), fields[2]
        if name not in REGISTRY:
            if elsewhere:
                continue
            raise ValueError(f"TRADEWIND_FAIL: no failpoint {name!r}; `tradewind failpoints` lists them")
        REGISTRY[name].armed = _countdown(name, nth, action)


def _countdown(name: str, nth: int, action: str) -> Callable[[], None]:
    left = nth

    def pass_by() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            _act(action, name)

    return pass_by


def disarm() -> None:
    for point in REGISTRY.values():
        point.armed = None
