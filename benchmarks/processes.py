"""Starts and measures what is benchmarked. Apart from the benchmarks so that CPU and memory are read the same
way for every server.

All figures come from /proc and cover a process with its descendants; what was started here is ended here, and
nothing else.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.paths import BIN, ROOT, relative

TICKS = os.sysconf("SC_CLK_TCK")
commands: list[str] = []


class Missing(Exception):
    """Something that this machine does not have; the text says which package brings it."""


class Failed(Exception):
    """A server that was started and did not do what it was started for."""


def need(program: str, package: str) -> str:
    found = shutil.which(program)
    if found is None:
        raise Missing(f"{program} is not here: apt-get install {package}")
    return found


def tradewind(program: str = "") -> str:
    """The command of Tradewind: this environment's, or another version's."""
    path = Path(program) if program else BIN / "tradewind"
    if not path.exists():
        raise Missing("tradewind is not installed in this environment: ./dev run true")
    return str(path)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def as_user(name: str) -> list[str]:
    """What to put before a command that refuses root; nothing where we are not root."""
    if os.geteuid() != 0:
        return []
    try:
        pwd.getpwnam(name)
    except KeyError:
        raise Missing(
            f"the user {name} is not here: apt-get install "
            f"{'postgresql' if name == 'postgres' else 'rabbitmq-server'}"
        ) from None
    return ["setpriv", f"--reuid={name}", f"--regid={name}", "--init-groups"]


def give_to(name: str, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        shutil.chown(folder, name, name)
    return folder


def clean_environment() -> dict[str, str]:
    """Ours without Tradewind's settings: a benchmark decides them itself."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TRADEWIND_")}


class Tree:
    """A process with its descendants."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def stop(self) -> None:
        raise NotImplementedError

    def cpu_seconds(self) -> float:
        """User and system time so far, also of descendants that have ended."""
        total = 0
        for pid in tree(self.pid):
            with contextlib.suppress(OSError):
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                total += sum(int(field) for field in fields[11:15])
        return total / TICKS

    def memory_mb(self) -> float:
        return sum(map(memory_of, tree(self.pid))) / 1024

    def rss_mb_alone(self) -> float:
        """Of this process without its descendants."""
        return rss_of(self.pid) / 1024

    def rss_mb(self, field: str = "VmRSS") -> float:
        """VmRSS is now, VmHWM the most it ever was."""
        total = 0
        for pid in tree(self.pid):
            with contextlib.suppress(OSError):
                for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                    if line.startswith(field + ":"):
                        total += int(line.split()[1])
        return total / 1024


class Process(Tree):
    """One that we started; its output goes to `log`."""

    def __init__(
        self, argv: Sequence[str], *, log: Path, env: Mapping[str, str] | None = None, cores: str = ""
    ) -> None:
        argv = [*(["taskset", "-c", cores] if cores else []), *argv]
        commands.append(relative(" ".join(argv)))
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        settings = clean_environment() | dict(env or {})
        with log.open("ab") as out:
            self.popen = subprocess.Popen(
                argv,
                env=settings,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        super().__init__(self.popen.pid)

    def tail(self) -> str:
        return relative(self.log.read_text(errors="replace"))[-800:]

    def check(self) -> None:
        if self.popen.poll() is not None:
            raise Failed(f"{self.log.stem} ended with {self.popen.returncode}: {self.tail()}")

    def stop(self, seconds: float = 30) -> None:
        if self.popen.poll() is None:
            self.popen.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.popen.wait(seconds)
        self.kill()

    def kill(self) -> None:
        """SIGKILL to the whole group: what a power cut does to it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.popen.wait(10)


def memory_of(pid: int) -> float:
    """Proportional set size in kB: pages that processes share (PostgreSQL's buffers) are counted once."""
    for name, field in (("smaps_rollup", "Pss:"), ("status", "VmRSS:")):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{pid}/{name}").read_text().splitlines():
                if line.startswith(field):
                    return float(line.split()[1])
    return 0


def rss_of(pid: int) -> float:
    """Resident kB, pages that it shares included."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return float(line.split()[1])
    return 0


def arguments(pid: int) -> list[str]:
    """Its command line; nothing where it is gone."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").rstrip("\0").split("\0")
    return []


def tree(root: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
    found, queue = [], [root]
    while queue:
        pid = queue.pop()
        found.append(pid)
        queue.extend(children.get(pid, []))
    return found


def wait_port(process: Process, port: int, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        process.check()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise Failed(f"{process.log.stem} does not listen on its port after {seconds:.0f} s: {process.tail()}")


def wait_ok(process: Process, port: int, path: str, seconds: float = 30) -> float:
    """Polls with a bare socket, every 3 ms, so that the answer's time is the server's and not the poll's."""
    began = time.perf_counter()
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode()
    while time.perf_counter() < began + seconds:
        process.check()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as probe:
            probe.sendall(request)
            if probe.recv(64).split(b" ", 2)[1:2] == [b"200"]:
                return time.perf_counter()
        time.sleep(0.003)
    raise Failed(f"{process.log.stem} does not answer 200 on {path} after {seconds:.0f} s: {process.tail()}")
