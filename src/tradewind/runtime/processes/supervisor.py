"""Keeps processes running: starts them, starts again what crashes, and stops them in order. Knows nothing of
what they do.

One thread and one selector: a supervisor that imports no event loop stays small, and has little that can
fail.
"""

from __future__ import annotations

import contextlib
import random
import selectors
import signal
import socket
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

from .child import Child
from .command import Command
from .restart_policy import Failures, Patience

PATIENCE = Patience()
LEAVE = (signal.SIGTERM, signal.SIGINT)


class Say(Protocol):
    """Writes one line of the supervisor's own log."""

    def __call__(self, level: str, process: str, text: str) -> None: ...


class ManagedProcess:
    """A command and what has become of it."""

    def __init__(self, command: Command, failures: Failures) -> None:
        self.command, self.failures = command, failures
        self.child: Child | None = None
        self.url = ""
        self.since = 0.0  # when it was started, or became ready
        self.ready = self.stopping = False
        self.again_at: float | None = None
        self.stop_at: float | None = None
        self.why = ""  # it said so


class Supervisor:
    """`run` until SIGTERM or SIGINT. `up` is called once, when all are ready, with the URL of each.

    `output`: takes what the processes print, each line after its process's name; None: they print where we
    do.
    """

    def __init__(
        self,
        commands: Sequence[Command],
        *,
        say: Say,
        up: Callable[[dict[str, str]], None],
        output: Callable[[bytes], None] | None = None,
        patience: Patience = PATIENCE,
        chance: random.Random | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._say, self._up, self._output, self._patience, self._clock = say, up, output, patience, clock
        chance = chance or random.Random()
        self.managed = [ManagedProcess(command, Failures(patience, chance)) for command in commands]
        self._width = max([len(command.name) for command in commands])
        self._selector = selectors.DefaultSelector()
        self._was_up = False
        self._asked = 0  # how often we were asked to leave
        self._leaving = False
        self._why = ""

    def run(self) -> str:
        """Nothing after a clean stop, else one line that says what went wrong."""
        wake, theirs = socket.socketpair()
        for end in (wake, theirs):
            end.setblocking(False)
        self._selector.register(wake, selectors.EVENT_READ, partial(self._signalled, wake))
        before: dict[int, Any] = {
            number: signal.signal(number, lambda *_: None) for number in (*LEAVE, signal.SIGCHLD)
        }
        before_wake = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
        try:
            for managed in self.managed:
                if not self._leaving:
                    self._start(managed)
            while not self._leaving or any(managed.child for managed in self.managed):
                for key, _ in self._selector.select(self._pause()):
                    key.data()
                self._look()
        finally:
            self._kill_all()
            signal.set_wakeup_fd(before_wake)
            for number, handler in before.items():
                signal.signal(number, handler)
            self._selector.close()
            wake.close()
            theirs.close()
        return self._why

    def _signalled(self, wake: socket.socket) -> None:
        for number in wake.recv(4096):
            if number not in LEAVE:
                continue
            self._asked += 1
            if self._asked > 1:
                self._why = (
                    self._why or "stopped at once, as asked twice; everything that was accepted is kept"
                )
                self._kill_all()
            self._leave()

    def _pause(self) -> float | None:
        """Until something is due."""
        due = [managed.again_at for managed in self.managed if managed.again_at is not None]
        if not self._leaving:
            due += [
                managed.since + managed.failures.ready_s
                for managed in self.managed
                if managed.child and not managed.ready
            ]
        due += [managed.stop_at for managed in self.managed if managed.child and managed.stop_at is not None]
        return max(min(due) - self._clock(), 0.0) if due else None

    def _look(self) -> None:
        for managed in self.managed:
            if managed.child is not None and (how := managed.child.ended()):
                self._gone(managed, managed.child, how)
        now = self._clock()
        for managed in self.managed:
            if managed.again_at is not None and now >= managed.again_at:
                self._start(managed)
            elif (
                managed.child is not None
                and not managed.ready
                and not self._leaving
                and now >= managed.since + managed.failures.ready_s
            ):
                seconds = managed.failures.ready_s
                self._say("error", managed.command.name, f"is not ready after {seconds:g} s: killed")
                managed.failures.late()
                managed.child.signal(signal.SIGKILL)
                managed.since = now  # the kill has been given; its end comes
        if self._leaving:
            self._stop_next(now)

    def _start(self, managed: ManagedProcess) -> None:
        managed.again_at, managed.why, managed.since = None, "", self._clock()
        managed.ready = managed.stopping = False
        try:
            managed.child = child = Child(managed.command, piped=self._output is not None)
        except OSError as error:
            managed.why = f"cannot be started: {error.strerror}"
            self._again(managed, None, managed.why)
            return
        self._selector.register(child.report, selectors.EVENT_READ, partial(self._heard, managed, child))
        if child.output >= 0:
            self._selector.register(
                child.output, selectors.EVENT_READ, partial(self._printed, managed, child)
            )

    def _heard(self, managed: ManagedProcess, child: Child) -> None:
        for word in child.said():
            managed.why = word.failed or managed.why
            if word.ready and not managed.ready:
                managed.ready, managed.url, managed.since = True, word.url, self._clock()
                if self._was_up:
                    self._say("info", managed.command.name, "is ready again")
        if child.silent:
            self._forget(child.report)
        if not self._was_up and not self._leaving and all(managed.ready for managed in self.managed):
            self._was_up = True
            self._up({managed.command.name: managed.url for managed in self.managed})

    def _printed(self, managed: ManagedProcess, child: Child, last: bool = False) -> None:
        if self._output is None or child.output < 0:
            return
        mark = f"{managed.command.name:{self._width}} | ".encode()
        if not child.printed(self._output, mark, last=last):
            self._forget(child.output)

    def _gone(self, managed: ManagedProcess, child: Child, how: str) -> None:
        self._heard(managed, child)
        self._printed(managed, child, last=True)
        self._forget(child.report)
        self._forget(child.output)
        child.close()
        managed.child = None
        ready_for = self._clock() - managed.since if managed.ready else None
        managed.ready = False
        if not self._leaving:
            self._again(managed, ready_for, managed.why or f"has ended ({how})")

    def _again(self, managed: ManagedProcess, ready_for: float | None, why: str) -> None:
        name, patience = managed.command.name, self._patience
        pause = managed.failures.ended(self._clock(), ready_for, bool(managed.why))
        if not self._was_up and (managed.why or pause is None):
            self._fail(
                f"{name}: "
                f"{managed.why or f'{why} before it was ready, {patience.tries} times; the log may say why'}"
            )
        elif pause is None:
            self._say(
                "error",
                name,
                f"stays down: {why} before it was ready, {patience.tries} times in a row; start anew "
                f"once it is mended",
            )
            if all(managed.child is None and managed.again_at is None for managed in self.managed):
                self._fail("no process is left; the log says why")
        else:
            self._say("warning", name, f"{why}; it is started again in {pause:.1f} s")
            managed.again_at = self._clock() + pause

    def _fail(self, why: str) -> None:
        self._why = self._why or why
        self._leave()

    def _leave(self) -> None:
        self._leaving = True
        for managed in self.managed:
            managed.again_at = None

    def _stop_next(self, now: float) -> None:
        """Asks the next stage to end once the one before has ended; kills what does not."""
        here = [managed for managed in self.managed if managed.child is not None]
        stage = min([managed.command.stage for managed in here], default=0)
        for managed in here:
            if managed.command.stage != stage or managed.child is None:
                continue
            if not managed.stopping:
                managed.stopping = True
                managed.stop_at = now + self._patience.stop_s
                managed.child.signal(signal.SIGTERM)
            elif managed.stop_at is not None and now >= managed.stop_at:
                managed.stop_at = None
                self._why = (
                    self._why
                    or f"{managed.command.name} did not end within {self._patience.stop_s:g} s and was killed"
                )
                managed.child.signal(signal.SIGKILL)

    def _kill_all(self) -> None:
        for managed in self.managed:
            if managed.child is not None:
                managed.child.signal(signal.SIGKILL)

    def _forget(self, file: Any) -> None:
        with contextlib.suppress(KeyError, ValueError):  # it has been forgotten
            self._selector.unregister(file)
