"""PostgreSQL, durable as in production (fsync on), small enough for a laptop.

Whoever may log in to this machine may connect, on the loopback only: for tests and trials, not for a shared
host.
"""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

from tools.servers import machine
from tools.servers.model import Unstarted

BLUEPRINTS, TESTS = "tradewind", "tradewind_test"  # apart, so that tests never clear what `up` keeps
PUBLISHED = (
    "microservices_learn"  # the database of the blueprint `rpc`, named as in the system it stands in for
)
EVENTS = "events"
"""The database of that blueprint: with DB_* set, its services have a schema each."""
READY_S = 60
APART = {"invoicing": ("orders", "invoices"), "contracts": ("orders", "invoices")}
"""The services of blueprints that have a database each."""
LONGEST_SOCKET_PATH = 107
GUARDED = "with_password"  # the one user whose password counts, once a test has made it


class Postgres:
    name = "postgres"
    package = "postgresql"
    user = "postgres"
    port = 15_432

    def installed(self) -> bool:
        return binaries() is not None

    def pid(self, home: Path) -> int | None:
        note = home / "data" / "postmaster.pid"
        pid = int(note.read_text().split()[0]) if note.is_file() else None
        return pid if pid and machine.runs(pid, str(home / "data")) else None

    def start(self, home: Path, port: int) -> None:
        data, log = home / "data", home / "log"
        if not data.exists():
            self._make(data)
        guard(data / "pg_hba.conf")
        sockets = home if len(f"{home}/.s.PGSQL.{port}.lock") <= LONGEST_SOCKET_PATH else ""
        settings = {
            "port": port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": sockets,
            "max_connections": 300,  # several workers of pytest at once, each with shops of nine processes
            "fsync": "on",
        }
        options = " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in settings.items())
        code, said = self._run(
            "pg_ctl", "-D", data, "-l", log, "-o", options, "-w", "-t", str(READY_S), "start"
        )
        if code:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-5:]) if log.is_file() else said
            raise Unstarted(f"did not start (waited up to {READY_S} s); the end of {log}:\n{tail}")

    def furnish(self, home: Path, port: int) -> None:
        own = [f"{name}_{service}" for name, services in APART.items() for service in services]
        for database in (BLUEPRINTS, TESTS, PUBLISHED, EVENTS, *own):
            code, said = self._run("createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", database)
            if code and "already exists" not in said:
                raise Unstarted(f"no database {database}: {said.strip()}")

    def stop(self, home: Path) -> None:
        code, said = self._run("pg_ctl", "-D", home / "data", "-m", "fast", "-w", "-t", str(READY_S), "stop")
        if code:
            raise Unstarted(f"did not stop: {said.strip()}")

    def url(self, port: int, database: str = BLUEPRINTS) -> str:
        return f"postgresql://postgres@127.0.0.1:{port}/{database}"

    def pages(self, home: Path) -> dict[str, str]:
        return {}

    def blueprint_env(self, port: int, blueprint: str) -> dict[str, str]:
        if blueprint == "rpc":  # the names that the system it stands in for has published
            names = {
                "HOST": "127.0.0.1",
                "PORT": str(port),
                "NAME": PUBLISHED,
                "USER": "postgres",
                "PASSWORD": "postgres",
            }
            return {f"DB_{name}": value for name, value in names.items()}
        if blueprint == "events":
            names = {"HOST": "127.0.0.1", "PORT": str(port), "DATABASE": EVENTS, "USERNAME": "postgres"}
            return {f"DB_{name}": value for name, value in names.items()}
        if services := APART.get(blueprint):
            return {
                f"{name.upper()}_DATABASE_URL": self.url(port, f"{blueprint}_{name}") for name in services
            }
        return {"TRADEWIND_DATABASE_URL": self.url(port)}

    def test_env(self, port: int) -> dict[str, str]:
        return {"TRADEWIND_TEST_POSTGRES_URL": self.url(port, TESTS)}

    def _make(self, data: Path) -> None:
        unfinished = data.with_name(
            "data.new"
        )  # renamed when whole: a killed initdb leaves nothing that looks usable
        shutil.rmtree(unfinished, ignore_errors=True)
        code, said = self._run(
            "initdb", "-D", unfinished, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C"
        )
        if code:
            raise Unstarted(f"initdb failed: {said.strip()}")
        unfinished.rename(data)

    def _run(self, program: str, *arguments: str | Path) -> tuple[int, str]:
        folder = binaries()
        if folder is None:
            raise Unstarted(f"not installed (package {self.package})")
        return machine.run(self, folder / program, *arguments)


def guard(rules: Path) -> None:
    """The first rule that fits is the one that counts."""
    first = f"host all {GUARDED} 127.0.0.1/32 scram-sha-256\n"
    if not (text := rules.read_text()).startswith(first):
        rules.write_text(first + text)


def binaries() -> Path | None:
    """Debian keeps them off the PATH, one folder per version: the newest."""
    if machine.hidden():
        return None
    on_path = shutil.which("pg_ctl")
    debian = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"),
        key=lambda program: float(program.parts[-3]),
        reverse=True,
    )
    found = [Path(on_path).resolve()] if on_path else debian
    return found[0].parent if found else None
