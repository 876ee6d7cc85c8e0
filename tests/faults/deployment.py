"""A blueprint as it runs in production, on servers that nobody else uses, so that all of it may be broken."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.faults.servers import Servers, own_servers
from tests.faults.system import System
from tests.support.http import Connection
from tests.support.program import PROGRAM, environment
from tools.servers import machine

PATIENCE_S = 180.0
LOOK_S = 0.02
MOST_COPIES = 3
"""With the one that is killed in a batch."""


def until(done: Callable[[], Any], what: str, seconds: float = PATIENCE_S) -> Any:
    """What `done` says once it says something. Errors: AssertionError."""
    end = time.monotonic() + seconds
    while not (found := done()):
        assert time.monotonic() < end, f"not within {seconds:g} s: {what}"
        time.sleep(LOOK_S)
    return found


class Deployment:
    """The processes of a system under their supervisor."""

    def __init__(self, folder: Path, system: System, servers: Servers) -> None:
        self.folder, self.system, self.servers = folder, system, servers
        many = len(system.ports) + len(system.copies) * MOST_COPIES
        first = next(
            port
            for port in range(28_000 + os.getpid() % 200 * 20, 60_000)
            if all(map(machine.free, range(port, port + many)))
        )
        numbers = iter(range(first, first + many))
        self.ports = {word: next(numbers) for word in system.ports}
        ops = {process: [next(numbers) for _ in range(MOST_COPIES)] for process in system.copies}
        self.ops = {
            name: port
            for process, count in system.copies.items()
            for name, port in zip(system.copied(process, count), ops[process], strict=False)
        }
        self.variables = {
            **system.variables(servers, self.ports),
            **{f"{one.upper()}_COPIES": str(count) for one, count in system.copies.items() if count > 1},
            **{f"{one.upper()}_OPS_PORT": str(ports[0]) for one, ports in ops.items()},
        }
        self.log = folder / "log"
        self._up: subprocess.Popen[bytes] | None = None

    # -- the program
    # ------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        self._up = self._run("up", "--blueprint", self.system.blueprint, "--data", str(self.folder / "data"))
        until(self.ready, f"all processes are ready; {self.log}")

    def stop(self) -> int:
        """The exit code."""
        assert self._up is not None
        self._up.send_signal(signal.SIGTERM)
        return self._up.wait(PATIENCE_S)

    def kill_all(self) -> None:
        """Whatever is left, at the end of a test."""
        if self._up is not None and self._up.poll() is None:
            pids = list(self.processes().values())
            self._up.kill()
            self._up.wait(PATIENCE_S)
            for pid in pids:
                with _perhaps_gone():
                    os.kill(pid, signal.SIGKILL)

    @property
    def port(self) -> int:
        """Where most clients come."""
        return self.ports[self.system.ports[0]]

    def another_copy(self, process: str, fail: str) -> subprocess.Popen[bytes]:
        """That dies where `fail` says, and that nobody starts again."""
        copy = str(self.system.copies[process] + 1)
        words = ("serve", process, "--blueprint", self.system.blueprint, "--copy", copy)
        more = {f"{process.upper()}_COPIES": copy, **self.system.alone(process, self.ports)}
        return self._run(*words, "--data", str(self.folder / "data"), "--set", f"fail={fail}", **more)

    def audit(self) -> tuple[int, str]:
        command = [
            *PROGRAM,
            "audit",
            "--blueprint",
            self.system.blueprint,
            "--data",
            str(self.folder / "data"),
            "--json",
        ]
        done = subprocess.run(
            command, env={**environment(), **self.variables}, capture_output=True, text=True, timeout=300
        )
        return done.returncode, done.stdout + done.stderr

    def _run(self, *words: str, **variables: str) -> subprocess.Popen[bytes]:
        settings = environment(log_format="json")
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [*PROGRAM, *words],
                env={**settings, **self.variables, **variables},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    # -- its processes
    # ----------------------------------------------------------------------------------------------------

    def processes(self) -> dict[str, int]:
        """Those that the supervisor runs now: the pid of each, copies as `orders-2`."""
        assert self._up is not None
        children = Path(f"/proc/{self._up.pid}/task/{self._up.pid}/children").read_text().split()
        found = {}
        for pid in children:
            with _perhaps_gone():
                words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
                if "serve" in words:
                    name, copy = words[words.index("serve") + 1], words[words.index("--copy") + 1]
                    found[name if self.system.copies[name] == 1 else f"{name}-{copy}"] = int(pid)
        return found

    def signal(self, name: str, number: int) -> int:
        """Its pid."""
        pid: int = until(lambda: self.processes().get(name), f"{name} runs")
        os.kill(pid, number)
        return pid

    def unready(self) -> dict[str, str]:
        """Who is not ready, and why."""
        missing = {name: self._missing(port) for name, port in self.ops.items()}
        return {name: why for name, why in missing.items() if why}

    def ready(self) -> bool:
        assert self._up is not None and self._up.poll() is None, (
            f"`tradewind up` has ended: {self.log.read_text()[-2000:]}"
        )
        return not self.unready()

    def memory_mb(self) -> dict[str, float]:
        """Resident now."""
        found = {}
        for name, pid in self.processes().items():
            with _perhaps_gone():
                pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
                found[name] = round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)
        return found

    @staticmethod
    def _missing(port: int) -> str:
        try:
            with Connection(port, timeout=2.0) as connection:
                answer = connection.call("GET", "/health/ready")
        except OSError as error:
            return str(error) or type(error).__name__
        return "" if answer.status == 200 else answer.body.decode()

    # -- its log
    # ----------------------------------------------------------------------------------------------------------

    def lines(self) -> Iterator[dict[str, Any]]:
        """What is no JSON is an event that nobody has foreseen."""
        for line in self.log.read_text(errors="replace").splitlines():
            try:
                yield json.loads(line)
            except ValueError:
                yield {"level": "raw", "event": line}


@contextmanager
def _perhaps_gone() -> Iterator[None]:
    with suppress(ProcessLookupError, FileNotFoundError, ValueError):
        yield


@contextmanager
def deployment(folder: Path, system: System) -> Iterator[Deployment]:
    """It runs, and serves nobody yet."""
    with own_servers(system.servers) as servers:
        made = Deployment(folder, system, servers)
        try:
            made.start()
            yield made
        finally:
            made.kill_all()
