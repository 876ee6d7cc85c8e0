"""Starts one process and reads its reports: that it is ready, why it cannot be, and its log."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Callable

import msgspec

from .command import FD, Command

MOST = 65_536


class Said(msgspec.Struct, frozen=True):
    """One line of a report."""

    ready: bool = False
    url: str = ""
    failed: str = ""


class Child:
    """One run of a command, in a process group of its own, so that a Ctrl-C of the terminal reaches the
    supervisor alone.
    """

    def __init__(self, command: Command, *, piped: bool) -> None:
        """`piped`: what it prints goes to `output`; else where ours goes. Errors: OSError."""
        self.name = command.name
        self.report, theirs = socket.socketpair()
        self.report.setblocking(False)
        try:
            self.process = subprocess.Popen(
                [str(theirs.fileno()) if word == FD else word for word in command.argv],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if piped else None,
                stderr=subprocess.STDOUT if piped else None,
                bufsize=0,
                env={**os.environ, **command.variables},
                pass_fds=(theirs.fileno(),),
                process_group=0,
            )
        except OSError:
            self.report.close()
            raise
        finally:
            theirs.close()
        self.output = -1 if self.process.stdout is None else self.process.stdout.fileno()
        if self.output >= 0:
            os.set_blocking(self.output, False)
        self.silent = False  # nothing more will be reported
        self._reported, self._printed = b"", b""

    def said(self) -> list[Said]:
        """What it has reported since the last call. What is not a report is left out."""
        try:
            while data := self.report.recv(MOST):
                self._reported = (self._reported + data)[-MOST:]
            self.silent = True
        except OSError:  # nothing more now, or it is gone
            pass
        *lines, self._reported = self._reported.split(b"\n")
        found = []
        for line in lines:
            try:
                found.append(msgspec.json.decode(line, type=Said))
            except msgspec.MsgspecError:
                continue
        return found

    def printed(self, write: Callable[[bytes], None], mark: bytes, *, last: bool = False) -> bool:
        """Hands on whole lines, each after `mark`, and at the `last` call a broken one too. False: no more
        will come.
        """
        more = True
        try:
            while data := os.read(self.output, MOST):
                self._printed += data
                lines, end, rest = self._printed.rpartition(b"\n")
                if end or len(rest) > MOST:
                    lines, self._printed = (lines, rest) if end else (rest, b"")
                    write(mark + lines.replace(b"\n", b"\n" + mark) + b"\n")
            more = False
        except OSError:
            pass
        if (last or not more) and self._printed:
            write(mark + self._printed + b"\n")
            self._printed = b""
        return more

    def ended(self) -> str:
        """How it ended, or nothing while it runs."""
        code = self.process.poll()
        if code is None:
            return ""
        if code >= 0:
            return f"exit {code}"
        try:
            return f"killed by {signal.Signals(-code).name}"
        except ValueError:
            return f"killed by signal {-code}"

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def close(self) -> None:
        self.report.close()
        if self.process.stdout is not None:
            self.process.stdout.close()
