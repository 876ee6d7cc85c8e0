"""Runs `served.py` and reads what it says, with a deadline."""

from __future__ import annotations

import json
import os
import re
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.support.program import environment

DEADLINE_S = 90.0
ROOT = Path(__file__).parents[3]
PROGRAM = Path(__file__).with_name("served.py")


class Program:
    """stdout and stderr are one text. `variables` are the published ones, `settings` ours."""

    def __init__(
        self, *words: str, fd: int = -1, variables: dict[str, str] | None = None, **settings: str
    ) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(PROGRAM), *words],
            env={**environment(**settings), "PYTHONPATH": str(ROOT), **(variables or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(fd,) if fd >= 0 else (),
        )
        self.text = ""

    def says(self, pattern: str, times: int = 1) -> list[re.Match[str]]:
        """What it has said so often."""
        until = time.monotonic() + DEADLINE_S
        while len(found := list(re.finditer(pattern, self.text, re.MULTILINE))) < times:
            assert self._read(until), f"no {pattern!r} in:\n{self.text}"
        return found

    def serves(self, times: int = 1) -> list[dict[str, Any]]:
        return [json.loads(found[1]) for found in self.says(r"serves (\{.*\})$", times)]

    def end(self, number: int | None = None) -> int:
        """Its exit code; `number`: a signal to send before."""
        if number is not None:
            self.process.send_signal(number)
        until = time.monotonic() + DEADLINE_S
        while self._read(until):
            pass
        return self.process.wait(DEADLINE_S)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(DEADLINE_S)
        if self.process.stdout is not None:
            self.process.stdout.close()

    def _read(self, until: float) -> bool:
        assert self.process.stdout is not None
        there, _, _ = select.select([self.process.stdout], [], [], max(until - time.monotonic(), 0))
        assert there, f"nothing more within {DEADLINE_S:g} s:\n{self.text}"
        data = os.read(self.process.stdout.fileno(), 65_536)
        self.text += data.decode()
        return bool(data)
