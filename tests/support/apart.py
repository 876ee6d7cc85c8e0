"""The processes of a blueprint as a user has them: started by `tradewind up` with the published variables,
stopped by a signal.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from tests.support.program import PROGRAM, environment

T = TypeVar("T")
START_S, END_S = 180.0, 90.0
MOMENT_S = 0.02
ANY_PORT = dict.fromkeys(
    ("API_GATEWAY_PORT", "GATEWAY_OPS_PORT", "ORDERS_OPS_PORT", "INVENTORY_OPS_PORT", "PAYMENTS_OPS_PORT"),
    "0",
)
SHOWN = re.compile(r"^ {4}([\w-]+) +http://127\.0\.0\.1:(\d+)$", re.MULTILINE)


def published(database: str, broker: str, **more: str) -> dict[str, str]:
    """The variables of the blueprint's page; ports are any that are free."""
    place = urlsplit(database)
    return {
        "DB_HOST": place.hostname or "",
        "DB_PORT": str(place.port or 5432),
        "DB_NAME": place.path[1:],
        "DB_USER": place.username or "",
        "DB_PASSWORD": place.password or "postgres",
        "RABBITMQ_URL": broker,
        **ANY_PORT,
        **more,
    }


def wait(condition: Callable[[], T], what: str, seconds: float = 90.0) -> T:
    """The first answer that is not false."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"not within {seconds:g} s: {what}"
        time.sleep(MOMENT_S)
    return found


def free() -> int:
    """A port that nobody listens at."""
    with socket.socket() as kept:
        kept.bind(("127.0.0.1", 0))
        port: int = kept.getsockname()[1]
        return port


class Apart:
    """`words` are those of the command line. What it says is in `out`, its log in `log`."""

    def __init__(self, home: Path, words: Sequence[str], variables: Mapping[str, str]) -> None:
        self.out, self.log = home / "said", home / "log"
        home.mkdir(parents=True, exist_ok=True)
        with self.out.open("wb") as out, self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*PROGRAM, *words], stdout=out, stderr=log, env={**environment(), **variables}
            )
        self.ports: dict[str, int] = {}

    @classmethod
    def up(cls, home: Path, variables: Mapping[str, str], *words: str, blueprint: str = "rpc") -> Apart:
        """All processes, ready."""
        made = cls(home, ("up", "--blueprint", blueprint, "--data", str(home / "data"), *words), variables)
        made.says("Ctrl-C stops all of them")
        made.ports = {name: int(port) for name, port in SHOWN.findall(made.out.read_text())}
        return made

    @classmethod
    def serve(
        cls, home: Path, process: str, variables: Mapping[str, str], *words: str, blueprint: str = "rpc"
    ) -> Apart:
        """One process alone, ready."""
        made = cls(
            home,
            ("serve", process, "--blueprint", blueprint, "--data", str(home / "data"), *words),
            variables,
        )
        found = made.says(r"is up at http://127\.0\.0\.1:(\d+)")
        made.ports = {process: int(found[1])}
        return made

    def says(self, pattern: str) -> re.Match[str]:
        def look() -> re.Match[str] | None:
            ended = self.process.poll()
            found = re.search(pattern, self.out.read_text())
            assert found or ended is None, f"ended ({ended}): {self.log.read_text()[-2_000:]}"
            return found

        found = wait(look, f"it says {pattern}", START_S)
        assert found is not None
        return found

    @property
    def children(self) -> list[int]:
        """The processes that it has started."""
        text = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in text.split()]

    def stop(self) -> int:
        """By SIGTERM; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(END_S)

    def close(self) -> None:
        """Whatever has happened: nothing of it is left."""
        if self.process.poll() is None:
            try:
                self.stop()
            except subprocess.TimeoutExpired:
                children = self.children
                self.process.kill()
                for pid in children:
                    os.kill(pid, signal.SIGKILL)
                self.process.wait(END_S)
        # shown by pytest where the test has failed
        print(
            "\n".join(
                line for line in self.log.read_text(errors="replace").splitlines() if '"access"' not in line
            )[-4_000:]
        )
