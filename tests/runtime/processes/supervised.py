"""A supervisor as a program of its own, with actors instead of services; its output is what a test waits
for.
"""

from __future__ import annotations

import json
import os
import random
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec

from tradewind.runtime.processes.command import FD, Command
from tradewind.runtime.processes.restart_policy import Patience
from tradewind.runtime.processes.supervisor import Supervisor

DEADLINE_S = 90.0
ROOT = Path(__file__).parents[3]
ACTOR = Path(__file__).with_name("actor.py")
QUICK = Patience(first_s=0.01, longest_s=0.02, stop_s=20.0, ready_s=20.0)


class Supervised:
    """`hows`: how each process behaves; `stages`: when it is stopped, where not with all others."""

    def __init__(
        self,
        folder: Path,
        hows: Mapping[str, str],
        stages: Mapping[str, int] | None = None,
        patience: Patience = QUICK,
    ) -> None:
        self.folder = folder
        words = [
            json.dumps([[name, how, (stages or {}).get(name, 0)] for name, how in hows.items()]),
            msgspec.json.encode(patience).decode(),
        ]
        self.process = subprocess.Popen(
            [sys.executable, __file__, str(folder), *words],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._text = ""
        self.told = ""

    def line(self, says: str) -> re.Match[str]:
        """The next line that says so; all before it are read past."""
        until = time.monotonic() + DEADLINE_S
        while True:
            while "\n" in self._text:
                line, _, self._text = self._text.partition("\n")
                self.told += line + "\n"
                if found := re.search(says, line):
                    return found
            self._read(until, says)

    def pid(self, name: str) -> int:
        """Of its life, the last one that has told of itself."""
        lives = rf"^{name} +\| started (\d+)"
        return int((re.findall(lives, self.told, re.MULTILINE) or [self.line(lives)[1]])[-1])

    def end(self) -> int:
        """Its exit code, once it has ended."""
        until = time.monotonic() + DEADLINE_S
        try:
            while True:
                self._read(until, "the end")
        except EOFError:
            self.told += self._text
            return self.process.wait(DEADLINE_S)

    def order(self) -> list[str]:
        return (self.folder / "order").read_text().split()

    def _read(self, until: float, what: str) -> None:
        assert self.process.stdout is not None
        there, _, _ = select.select([self.process.stdout], [], [], max(until - time.monotonic(), 0))
        assert there, f"no {what!r} within {DEADLINE_S:g} s, but:\n{self.told}{self._text}"
        data = os.read(self.process.stdout.fileno(), 65_536)
        if not data:
            raise EOFError(f"ended before {what!r}:\n{self.told}{self._text}")
        self._text += data.decode()

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait(DEADLINE_S)
        if self.process.stdout is not None:
            self.process.stdout.close()


def gone(pid: int) -> None:
    """Waits for the end of a process that is not our child."""
    try:
        file = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    there, _, _ = select.select([file], [], [], DEADLINE_S)
    os.close(file)
    assert there, f"process {pid} is still there"


def main(folder: Path, managed: list[list[str]], patience: Patience) -> int:
    def say(level: str, process: str, text: str) -> None:
        print(f"{level}: {process} {text}", flush=True)

    def write(lines: bytes) -> None:
        sys.stdout.buffer.write(lines)
        sys.stdout.flush()

    commands = [
        Command(name, (sys.executable, str(ACTOR), FD, name, str(folder), how), int(stage))
        if how != "missing"
        else Command(name, ("/nowhere/to/be/found",), int(stage))
        for name, how, stage in managed
    ]
    why = Supervisor(
        commands,
        say=say,
        up=lambda urls: print(f"up {json.dumps(urls)}", flush=True),
        output=write,
        patience=patience,
        chance=random.Random(1),
    ).run()
    print(f"over: {why or 'clean'}", flush=True)
    return 1 if why else 0


if __name__ == "__main__":
    raise SystemExit(
        main(Path(sys.argv[1]), json.loads(sys.argv[2]), msgspec.json.decode(sys.argv[3], type=Patience))
    )
