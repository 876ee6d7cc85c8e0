"""MariaDB as the MySQL of tests and trials, durable as in production (each commit is flushed).

Whoever may log in to this machine may connect as `root` without a password, on the loopback only: for tests
and trials, not for a shared host.
"""

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

BLUEPRINTS, TESTS = "tradewind", "tradewind_test"  # apart, so that tests never clear what `up` keeps
PUBLISHED = (
    "orders_db",
    "orderuser",
    "orderpass",
)  # of the system that the blueprint `graphql` stands in for
READY_S = 60
# all that a service needs, with its schema steps and published views
RIGHTS = "SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, CREATE VIEW"
BIN = (Path("/usr/sbin"), Path("/usr/bin"))


class MySQL:
    """`options`: more of mariadbd's, for a server of a test."""

    def __init__(self, options: Sequence[str] = ()) -> None:
        self._options = options

    name = "mysql"
    package = "mariadb-server"
    user = "mysql"
    port = 13_306

    def installed(self) -> bool:
        return all(program(name) is not None for name in ("mariadbd", "mariadb-install-db", "mariadb"))

    def pid(self, home: Path) -> int | None:
        note = home / "data" / "mysql.pid"
        text = note.read_text().strip() if note.is_file() else ""
        return int(text) if text and machine.runs(int(text), f"--datadir={home / 'data'}") else None

    def start(self, home: Path, port: int) -> None:
        data, log = home / "data", home / "log"
        if not data.exists():
            self._make(data)
        (data / "mysql.pid").unlink(missing_ok=True)
        options = (
            "--no-defaults",  # those in /etc are another server's
            f"--datadir={data}",
            "--socket=mysql.sock",  # in the data folder, whose path may be too long for one
            "--pid-file=mysql.pid",
            f"--log-error={log}",
            f"--port={port}",
            "--bind-address=127.0.0.1",
            "--skip-name-resolve",
            "--character-set-server=utf8mb4",
            "--max-connections=300",  # several workers of pytest at once, each with shops of nine processes
            "--innodb-flush-log-at-trx-commit=1",
            *self._options,
        )
        process = machine.spawn(self, path("mariadbd"), *options)
        until = time.monotonic() + READY_S
        while process.poll() is None and time.monotonic() < until:
            if self.pid(home) == process.pid and answers(port):
                return
            time.sleep(0.05)
        machine.end(process)
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-5:]) if log.is_file() else ""
        raise Unstarted(f"did not start (waited up to {READY_S} s); the end of {log}:\n{tail}")

    def furnish(self, home: Path, port: int) -> None:
        database, user, password = PUBLISHED
        self.ask(port, *[f"CREATE DATABASE IF NOT EXISTS {name}" for name in (BLUEPRINTS, TESTS, database)])
        for host in ("localhost", "127.0.0.1"):  # it may be started with or without names of hosts
            self.ask(
                port,
                f"CREATE USER IF NOT EXISTS '{user}'@'{host}' IDENTIFIED BY '{password}'",
                f"GRANT {RIGHTS} ON {database}.* TO '{user}'@'{host}'",
            )

    def stop(self, home: Path) -> None:
        pid = self.pid(home)
        if pid is None:
            return
        os.kill(pid, signal.SIGTERM)
        until = time.monotonic() + READY_S
        while machine.runs(pid, f"--datadir={home / 'data'}"):
            if time.monotonic() >= until:
                raise Unstarted(f"did not stop in {READY_S} s; see {home / 'log'}")
            time.sleep(0.05)
        machine.forget_ended()

    def ask(self, port: int, *statements: str) -> str:
        """Runs statements as root. Errors: Unstarted."""
        code, said = machine.run(
            self,
            path("mariadb"),
            "--no-defaults",
            "--protocol=TCP",
            "--host=127.0.0.1",
            f"--port={port}",
            "--user=root",
            "--batch",
            "--skip-column-names",
            f"--execute={'; '.join(statements)}",
        )
        if code:
            raise Unstarted(said.strip())
        return said

    def url(self, port: int, database: str = BLUEPRINTS) -> str:
        return f"mysql://root@127.0.0.1:{port}/{database}"

    def pages(self, home: Path) -> dict[str, str]:
        return {}

    def blueprint_env(self, port: int, blueprint: str) -> dict[str, str]:
        if blueprint == "graphql":  # the names that the system it stands in for has published
            names = dict(zip(("NAME", "USER", "PASSWORD"), PUBLISHED, strict=True))
            return {"DB_HOST": "127.0.0.1", "DB_PORT": str(port)} | {
                f"DB_{name}": value for name, value in names.items()
            }
        return {"TRADEWIND_DATABASE_URL": self.url(port)}

    def test_env(self, port: int) -> dict[str, str]:
        return {"TRADEWIND_TEST_MYSQL_URL": self.url(port, TESTS)}

    def _make(self, data: Path) -> None:
        unfinished = data.with_name("data.new")  # renamed when whole, as a killed one looks usable
        shutil.rmtree(unfinished, ignore_errors=True)
        code, said = machine.run(
            self,
            path("mariadb-install-db"),
            "--no-defaults",
            f"--datadir={unfinished}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",  # with it come users without a name, who take the place of ours at a login
        )
        if code:
            raise Unstarted(f"mariadb-install-db failed: {said.strip()[-2000:]}")
        unfinished.rename(data)


def program(name: str) -> Path | None:
    """The server's lies off the PATH of users."""
    if machine.hidden():
        return None
    found = shutil.which(name)
    places = [Path(found)] if found else [folder / name for folder in BIN]
    return next((place for place in places if place.exists()), None)


def path(name: str) -> Path:
    found = program(name)
    if found is None:
        raise Unstarted(f"not installed (package {MySQL.package}): there is no {name}")
    return found


def answers(port: int) -> bool:
    """Does it greet, in version 10 of the protocol?"""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as probe:
            return probe.recv(5)[4:] == b"\x0a"
    except OSError:
        return False
