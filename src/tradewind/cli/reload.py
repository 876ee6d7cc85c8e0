"""Starts the platform again when its code has changed, for who writes that code. For development only.

The platform runs as a child in a session of its own; SIGTERM drains it before the next one starts.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType

PACKAGE = Path(__file__).resolve().parents[1]
SUFFIXES = (".py", ".toml", ".json")
LOOK_S, DRAIN_S = 0.5, 60.0
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Times = dict[Path, int]


def reloading(blueprint: str, sets: Sequence[str]) -> int:
    """The exit code, once it was stopped or the platform has ended without an error."""
    words = ["up", "--blueprint", blueprint, *(word for pair in sets for word in ("--set", pair))]
    file = Path(blueprint)
    watched = Watched([PACKAGE, *([file] if file.is_file() else [])])
    return Reloader([sys.executable, "-m", "tradewind", *words], watched).run()


class Watched:
    """The files below `places`, which are folders or files, by the times of their last change."""

    def __init__(self, places: Sequence[Path]) -> None:
        self._places = places
        self._times = self._look()

    def changed(self) -> Path | None:
        """One of the files that were changed, made or removed since the last call; nothing while a second
        look still differs from the first, so that a checkout of many files counts once.
        """
        now = self._look()
        if now == self._times or now != self._look():
            return None
        before, self._times = self._times, now
        return min(path for path, _ in before.items() ^ now.items())

    def _look(self) -> Times:
        times = {}
        for path in self._files():
            try:
                times[path] = path.stat().st_mtime_ns
            except OSError:  # removed meanwhile
                continue
        return times

    def _files(self) -> Iterator[Path]:
        for place in self._places:
            if place.is_dir():
                yield from (path for path in place.rglob("*") if path.suffix in SUFFIXES)
            else:
                yield place


class Reloader:
    """Runs `command` again and again: after a change, also where it has ended with an error before."""

    def __init__(
        self, command: Sequence[str], watched: Watched, say: Callable[[str], None] | None = None
    ) -> None:
        self._command, self._watched, self._say = command, watched, say or _say
        self._stopped = threading.Event()

    def run(self) -> int:
        """Until a signal, or until the command ends with 0."""
        for number in STOPS:
            signal.signal(number, self._stop)
        while True:
            child = subprocess.Popen(self._command, start_new_session=True)
            try:
                changed = self._wait(child)
            finally:
                code = _drain(child)
            if changed is None:
                return code
            self._say(f"{changed} has changed: starting again")

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopped.set()

    def _wait(self, child: subprocess.Popen[bytes]) -> Path | None:
        """What has changed; None when it is time to end."""
        failed = False
        while not self._stopped.wait(LOOK_S):
            if (changed := self._watched.changed()) is not None:
                return changed
            if child.poll() == 0:
                return None
            if child.returncode and not failed:
                failed = True
                self._say(f"it ended with exit code {child.returncode}: waiting for a change")
        return None


def _drain(child: subprocess.Popen[bytes]) -> int:
    """Its exit code, after it has finished what it has begun."""
    if child.poll() is None:
        child.terminate()
    try:
        return child.wait(DRAIN_S)
    except subprocess.TimeoutExpired:
        child.kill()
        return child.wait()


def _say(line: str) -> None:
    print(f"tradewind: {line}", file=sys.stderr, flush=True)
