"""Redis with a password, in memory alone: what lies in it is a copy, or a count of this minute."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import time
from collections.abc import Sequence
from pathlib import Path

from tools.servers import machine
from tools.servers.model import Unstarted

PASSWORD = "redispass"  # as on the page of the system that the blueprint `graphql` stands in for
TESTS = 1  # a database apart, so that tests never clear what `up` keeps
READY_S = 30
CONFIG = """\
bind 127.0.0.1
port {port}
dir {home}
pidfile {home}/pid
logfile {home}/log
requirepass {password}
save ""
appendonly no
set-proc-title no
"""


class Redis:
    """`options`: more lines of its file of settings, for a server of a test."""

    def __init__(self, options: Sequence[str] = ()) -> None:
        self._options = options

    name = "redis"
    package = "redis-server"
    user = "redis"
    port = 16_379

    def installed(self) -> bool:
        return program() is not None

    def pid(self, home: Path) -> int | None:
        note = home / "started"
        text = note.read_text().strip() if note.is_file() else ""
        return int(text) if text and machine.runs(int(text), str(home / "redis.conf")) else None

    def start(self, home: Path, port: int) -> None:
        found = program()
        if found is None:
            raise Unstarted(f"not installed (package {self.package})")
        config, log = home / "redis.conf", home / "log"
        config.touch(mode=0o600)  # the password is in it, and not on the command line
        config.write_text(
            CONFIG.format(port=port, home=home, password=PASSWORD) + "\n".join([*self._options, ""])
        )
        if owner := machine.account(self):
            os.chown(config, owner.pw_uid, owner.pw_gid)
        process = machine.spawn(self, found, config)
        (home / "started").write_text(str(process.pid))
        until = time.monotonic() + READY_S
        while process.poll() is None and time.monotonic() < until:
            if answers(port):
                return
            time.sleep(0.02)
        machine.end(process)
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-5:]) if log.is_file() else ""
        raise Unstarted(f"did not start (waited up to {READY_S} s); the end of {log}:\n{tail}")

    def furnish(self, home: Path, port: int) -> None:
        """It needs nothing."""

    def stop(self, home: Path) -> None:
        pid = self.pid(home)
        if pid is None:
            return
        os.kill(pid, signal.SIGTERM)
        until = time.monotonic() + READY_S
        while machine.runs(pid, str(home / "redis.conf")):
            if time.monotonic() >= until:
                raise Unstarted(f"did not stop in {READY_S} s; see {home / 'log'}")
            time.sleep(0.02)

    def url(self, port: int, database: int = 0) -> str:
        return f"redis://:{PASSWORD}@127.0.0.1:{port}/{database}"

    def pages(self, home: Path) -> dict[str, str]:
        return {}

    def blueprint_env(self, port: int, blueprint: str) -> dict[str, str]:
        if blueprint == "graphql":  # the names that the system it stands in for has published
            return {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(port), "REDIS_PASSWORD": PASSWORD}
        return {"TRADEWIND_REDIS_URL": self.url(port)}

    def test_env(self, port: int) -> dict[str, str]:
        return {"TRADEWIND_TEST_REDIS_URL": self.url(port, TESTS)}


def program() -> Path | None:
    if machine.hidden():
        return None
    found = shutil.which("redis-server")
    return Path(found) if found else None


def answers(port: int) -> bool:
    """Does it speak its protocol, if only to ask for the password?"""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as probe:
            probe.sendall(b"PING\r\n")
            return probe.recv(1) in (b"+", b"-")
    except OSError:
        return False
