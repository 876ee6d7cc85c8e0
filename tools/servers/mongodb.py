"""SecantusDB, a server that speaks the protocol of MongoDB, with authentication: Debian has no MongoDB.

It is for tests and trials, comes from PyPI into an environment of its own, and is never a dependency. Where
MONGO_URL names a server, that one is used, and nothing is started here.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from tools.servers import machine
from tools.servers.model import Unstarted

VERSION = "0.7.0b3"
PACKAGES = (f"secantusdb=={VERSION}", "pymongo==4.15.5")
DATABASE, USER, PASSWORD = (
    "notifications",
    "root",
    "mongopass",
)  # as on the published page; on the loopback only
READY_S, SEEN_S, STOP_S, AGAIN_S, FREED_S = 60, 2, 40, 10, 5
FIRST_USER = """\
import sys
from pymongo import MongoClient
client = MongoClient("127.0.0.1", int(sys.argv[1]), serverSelectionTimeoutMS=20_000)
client.admin.command("createUser", sys.argv[2], pwd=sys.argv[3], roles=["root"])
"""


class Mongodb:
    name = "mongodb"
    package = f"SecantusDB {VERSION}"
    user = ""  # a program of ours, not of a package: whoever starts it runs it
    port = 15_917

    @property
    def how(self) -> str:
        return f"{PACKAGES[0]} from PyPI, into {self._environment}"

    def elsewhere(self) -> str:
        """A shell that has read `env` names ours."""
        return "" if (url := given()) == self._own() else without_password(url)

    def installed(self) -> bool:
        return not machine.hidden() and (self._environment / "ready").is_file() and self._python.exists()

    def fetch(self) -> None:
        """An environment that is whole has a note; a download that was killed leaves none."""
        shutil.rmtree(self._environment, ignore_errors=True)
        pip = (
            self._python,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--retries",
            "5",
        )
        for command in ((sys.executable, "-m", "venv", self._environment), (*pip, *PACKAGES)):
            done = subprocess.run([*command], capture_output=True, text=True)
            if done.returncode:
                said = (done.stdout + done.stderr).strip()[-2000:]
                raise Unstarted(f"{' '.join(PACKAGES)} cannot be installed from PyPI:\n{said}")
        (self._environment / "ready").touch()

    def pid(self, home: Path) -> int | None:
        note = home / "pid"
        text = note.read_text().strip() if note.is_file() else ""
        return int(text) if text and machine.runs(int(text), str(home / "data")) else None

    def start(self, home: Path, port: int) -> None:
        if not (home / "has-user").is_file():
            shutil.rmtree(home / "data", ignore_errors=True)  # of a start that was killed
            self._launch(home, port)
            code, said = machine.run(
                self, self._python, "-c", FIRST_USER, str(port), USER, PASSWORD, deadline=READY_S
            )
            if code:
                raise Unstarted(f"no user {USER}: {said.strip()[-500:]}")
            self.stop(home)
            (home / "has-user").touch()
        self._launch(home, port, "--auth")

    def furnish(self, home: Path, port: int) -> None:
        """A database is there once something is written to it."""

    def stop(self, home: Path) -> None:
        pid = self.pid(home)
        if pid is None:
            return
        began = time.monotonic()
        told = 0
        while machine.runs(pid, str(home / "data")):
            passed = time.monotonic() - began
            if passed > STOP_S:
                raise Unstarted(f"did not stop in {STOP_S} s; see {home / 'log'}")
            if passed >= told * AGAIN_S:  # it may need a second one
                os.kill(pid, signal.SIGTERM)
                told += 1
            time.sleep(0.05)

    def url(self, port: int) -> str:
        return f"mongodb://{USER}@127.0.0.1:{port}/{DATABASE}"

    def pages(self, home: Path) -> dict[str, str]:
        return {}

    def blueprint_env(self, port: int, blueprint: str) -> dict[str, str]:
        return {"MONGO_URL": given() or with_password(port, DATABASE)}

    def test_env(self, port: int) -> dict[str, str]:
        return {"TRADEWIND_TEST_MONGODB_URL": with_password(port, "tradewind_test")}

    def _own(self) -> str:
        return with_password(machine.remembered_port(self, machine.home(self)), DATABASE)

    @property
    def _environment(self) -> Path:
        return machine.DOWNLOADS / f"secantusdb-{VERSION}"

    @property
    def _python(self) -> Path:
        return self._environment / "bin" / "python"

    def _launch(self, home: Path, port: int, *options: str) -> None:
        (home / "data").mkdir(exist_ok=True)
        until = time.monotonic() + FREED_S
        while not machine.free(port) and time.monotonic() < until:  # one that was killed is not quite gone
            time.sleep(0.05)
        where = ("--host", "127.0.0.1", "--port", str(port), "--storage-path", home / "data")
        # it outlives the shell, so that nobody here is its parent
        code, said = machine.run(
            self,
            "sh",
            "-c",
            'log=$1; shift; cd "${log%/*}"; setsid "$@" >"$log" 2>&1 </dev/null & echo $!',
            "sh",
            home / "log",
            self._environment / "bin" / "secantusd-py",
            *where,
            *options,
        )
        pid = said.strip()
        if code or not pid.isdigit():
            raise Unstarted(f"did not start: {said.strip()}")
        (home / "pid").write_text(pid)
        began = time.monotonic()
        while (passed := time.monotonic() - began) < READY_S:
            if self.pid(home) is None and passed > SEEN_S:
                break
            if self.pid(home) is not None and answers(port):
                return
            time.sleep(0.05)
        tail = "\n".join((home / "log").read_text(errors="replace").splitlines()[-5:])
        raise Unstarted(f"did not start; the end of {home / 'log'}:\n{tail}")


def given() -> str:
    return os.environ.get("MONGO_URL", "")


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def with_password(port: int, database: str) -> str:
    return f"mongodb://{USER}:{PASSWORD}@127.0.0.1:{port}/{database}?authSource=admin"


def without_password(url: str) -> str:
    """For people: a password is in no output but that of `env`."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()
