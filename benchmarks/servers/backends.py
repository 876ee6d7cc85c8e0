"""One PostgreSQL and one RabbitMQ for all who need them, so that none has the better server; a database and a
virtual host for each.

They are started as `./dev services` starts them, but in the folder of the run: what else uses those would be
in our figures.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import Missing, Tree, commands, free_port, give_to
from benchmarks.servers import durability
from tools.servers import postgres, rabbitmq
from tools.servers.model import Unstarted

SETTINGS = {"max_connections": "200", "track_commit_timestamp": "on"}
"""PostgreSQL says when a row was committed, to its own clock: the same look at every system."""


class Watched(Tree):
    """A server that is measured with the others and stopped by its own means."""

    def stop(self) -> None:
        pass


@dataclass(frozen=True)
class Host:
    """A virtual host of one who uses the broker."""

    name: str
    url: str


@dataclass(frozen=True)
class Database:
    """A database of one who uses the server."""

    psql: Path
    port: int
    name: str

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{self.name}"

    def run(self, *arguments: str) -> str:
        argv = [str(self.psql), "-qAt", "-v", "ON_ERROR_STOP=1", self.url, *arguments]
        return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()

    def count(self, table: str) -> int:
        return int(self.run("-c", f"SELECT count(*) FROM {table}"))


class Backends:
    """`cores` are those that they may run on; all without."""

    def __init__(self, folder: Path, cores: str = "") -> None:
        self.cores = cores
        self.postgres, self.rabbitmq = postgres.Postgres(), rabbitmq.RabbitMQ()
        self.homes = {server.name: folder / server.name for server in (self.postgres, self.rabbitmq)}
        self.ports: dict[str, int] = {}
        self.trees: dict[str, Tree] = {}
        self.names: list[str] = []
        self._started = False

    def start(self) -> None:
        """Once, also where it is called again. Errors: Missing."""
        if self._started:
            return
        for server in (self.postgres, self.rabbitmq):
            if not server.installed():
                raise Missing(f"{server.name} is not here: apt-get install {server.package}")
        self.ports = {name: free_port() for name in self.homes}
        for server in (self.postgres, self.rabbitmq):
            home = give_to(server.user, self.homes[server.name])
            try:
                server.start(home, self.ports[server.name])
            except Unstarted as reason:
                raise Missing(f"{server.name}: {reason}") from reason
            self.trees[server.name] = Watched(server.pid(home) or 0)
            commands.append(f"{server.name}: as in ./dev services")
        for name, value in SETTINGS.items():
            self.database("postgres").run("-c", f"ALTER SYSTEM SET {name} = {value}")
        self.postgres.stop(self.homes["postgres"])
        self.postgres.start(self.homes["postgres"], self.ports["postgres"])
        self.trees["postgres"] = Watched(self.postgres.pid(self.homes["postgres"]) or 0)
        for tree in self.trees.values() if self.cores else ():
            os.sched_setaffinity(tree.pid, map(int, self.cores.split(",")))
        self._started = True

    def stop(self) -> None:
        for server in (self.rabbitmq, self.postgres):
            if server.pid(self.homes[server.name]):
                server.stop(self.homes[server.name])

    def database(self, name: str) -> Database:
        programs = postgres.binaries()
        assert programs is not None
        return Database(programs / "psql", self.ports["postgres"], name)

    def new_database(self, name: str, schema: Path | None = None) -> Database:
        name = f"{name.replace('-', '_')}_{len(self.names)}"
        self.names.append(name)
        self.database("postgres").run("-c", f"CREATE DATABASE {name}")
        made = self.database(name)
        if schema is not None:
            made.run("-f", str(schema))
        return made

    def new_host(self, name: str) -> Host:
        """A new virtual host: nobody sees the queues of another."""
        name = f"{name}-{len(self.names)}"
        self.names.append(name)
        self.control("add_vhost", name)
        self.control("set_permissions", "-p", name, "guest", ".*", ".*", ".*")
        return Host(name, f"{self.rabbitmq.url(self.ports['rabbitmq'])}/{name}")

    def control(self, *arguments: str) -> str:
        """What rabbitmqctl says."""
        return self.rabbitmq.control(self.homes["rabbitmq"], *arguments)

    def durability(self, database: Database, host: Host) -> str:
        """Of what one of them uses, read back from the servers."""
        kept = durability.of_postgres(lambda statement: database.run("-c", statement))
        return f"{kept}; {self.rabbit_durability(host)}"

    def rabbit_durability(self, host: Host) -> str:
        return durability.of_rabbitmq(self.control, host.name)

    def cpu_seconds(self) -> dict[str, float]:
        return {name: tree.cpu_seconds() for name, tree in self.trees.items()}

    def memory_mb(self) -> float:
        return sum([tree.memory_mb() for tree in self.trees.values()])
