"""Keeps processes running: starts them, starts again what crashes, and stops them in order. Knows nothing of what they do.

One thread and one selector: a supervisor that imports no event loop stays small, and has little that can fail.
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


class Post:
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

    `output`: takes what the processes print, each line after its process's name; None: they print where we do.
    """

    def __init__(
        self, commands: Sequence[Command], *, say: Say, up: Callable[[dict[str, str]], None], output: Callable[[bytes], None] | None = None,
        patience: Patience = PATIENCE, chance: random.Random | None = None, clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._say, self._up, self._output, self._patience, self._clock = say, up, output, patience, clock
        chance = chance or random.Random()
        self.posts = [Post(command, Failures(patience, chance)) for command in commands]
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
        before: dict[int, Any] = {number: signal.signal(number, lambda *_: None) for number in (*LEAVE, signal.SIGCHLD)}
        before_wake = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
        try:
            for post in self.posts:
                if not self._leaving:
                    self._start(post)
            while not self._leaving or any(post.child for post in self.posts):
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
                self._why = self._why or "stopped at once, as asked twice; everything that was accepted is kept"
                self._kill_all()
            self._leave()

    def _pause(self) -> float | None:
        """Until something is due."""
        due = [post.again_at for post in self.posts if post.again_at is not None]
        if not self._leaving:
            due += [post.since + self._patience.ready_s for post in self.posts if post.child and not post.ready]
        due += [post.stop_at for post in self.posts if post.child and post.stop_at is not None]
        return max(min(due) - self._clock(), 0.0) if due else None

    def _look(self) -> None:
        for post in self.posts:
            if post.child is not None and (how := post.child.ended()):
                self._gone(post, post.child, how)
        now = self._clock()
        for post in self.posts:
            if post.again_at is not None and now >= post.again_at:
                self._start(post)
            elif post.child is not None and not post.ready and not self._leaving and now >= post.since + self._patience.ready_s:
                self._say("error", post.command.name, f"is not ready after {self._patience.ready_s:g} s: killed")
                post.child.signal(signal.SIGKILL)
                post.since = now  # the kill has been given; its end comes
        if self._leaving:
            self._stop_next(now)

    def _start(self, post: Post) -> None:
        post.again_at, post.why, post.since = None, "", self._clock()
        post.ready = post.stopping = False
        try:
            post.child = child = Child(post.command, piped=self._output is not None)
        except OSError as error:
            post.why = f"cannot be started: {error.strerror}"
            self._again(post, None, post.why)
            return
        self._selector.register(child.report, selectors.EVENT_READ, partial(self._heard, post, child))
        if child.output >= 0:
            self._selector.register(child.output, selectors.EVENT_READ, partial(self._printed, post, child))

    def _heard(self, post: Post, child: Child) -> None:
        for word in child.said():
            post.why = word.failed or post.why
            if word.ready and not post.ready:
                post.ready, post.url, post.since = True, word.url, self._clock()
                if self._was_up:
                    self._say("info", post.command.name, "is ready again")
        if child.silent:
            self._forget(child.report)
        if not self._was_up and not self._leaving and all(post.ready for post in self.posts):
            self._was_up = True
            self._up({post.command.name: post.url for post in self.posts})

    def _printed(self, post: Post, child: Child, last: bool = False) -> None:
        if self._output is None or child.output < 0:
            return
        mark = f"{post.command.name:{self._width}} | ".encode()
        if not child.printed(self._output, mark, last=last):
            self._forget(child.output)

    def _gone(self, post: Post, child: Child, how: str) -> None:
        self._heard(post, child)
        self._printed(post, child, last=True)
        self._forget(child.report)
        self._forget(child.output)
        child.close()
        post.child = None
        ready_for = self._clock() - post.since if post.ready else None
        post.ready = False
        if not self._leaving:
            self._again(post, ready_for, post.why or f"has ended ({how})")

    def _again(self, post: Post, ready_for: float | None, why: str) -> None:
        name, patience = post.command.name, self._patience
        pause = post.failures.ended(self._clock(), ready_for, bool(post.why))
        if not self._was_up and (post.why or pause is None):
            self._fail(f"{name}: {post.why or f'{why} before it was ready, {patience.tries} times; the log may say why'}")
        elif pause is None:
            self._say(
                "error", name, f"stays down: {why} before it was ready, {patience.tries} times in a row; start anew once it is mended"
            )
            if all(post.child is None and post.again_at is None for post in self.posts):
                self._fail("no process is left; the log says why")
        else:
            self._say("warning", name, f"{why}; it is started again in {pause:.1f} s")
            post.again_at = self._clock() + pause

    def _fail(self, why: str) -> None:
        self._why = self._why or why
        self._leave()

    def _leave(self) -> None:
        self._leaving = True
        for post in self.posts:
            post.again_at = None

    def _stop_next(self, now: float) -> None:
        """Asks the next stage to end once the one before has ended; kills what does not."""
        here = [post for post in self.posts if post.child is not None]
        stage = min([post.command.stage for post in here], default=0)
        for post in here:
            if post.command.stage != stage or post.child is None:
                continue
            if not post.stopping:
                post.stopping = True
                post.stop_at = now + self._patience.stop_s
                post.child.signal(signal.SIGTERM)
            elif post.stop_at is not None and now >= post.stop_at:
                post.stop_at = None
                self._why = self._why or f"{post.command.name} did not end within {self._patience.stop_s:g} s and was killed"
                post.child.signal(signal.SIGKILL)

    def _kill_all(self) -> None:
        for post in self.posts:
            if post.child is not None:
                post.child.signal(signal.SIGKILL)

    def _forget(self, file: Any) -> None:
        with contextlib.suppress(KeyError, ValueError):  # it has been forgotten
            self._selector.unregister(file)
