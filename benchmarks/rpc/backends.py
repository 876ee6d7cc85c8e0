"""One PostgreSQL and one RabbitMQ for all subjects, so that none has the better server; a database and a
virtual host for each.

They are started as `./dev services` starts them, but in the folder of the run: what else uses those would be
in our figures.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import Missing, Tree, commands, free_port, give_to
from tools.servers import postgres, rabbitmq
from tools.servers.model import Unstarted

CONNECTIONS = 200


class Watched(Tree):
    """A server that is measured with the others and stopped by its own means."""

    def stop(self) -> None:
        pass


@dataclass(frozen=True)
class Database:
    """A database of one subject."""

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
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.postgres, self.rabbitmq = postgres.Postgres(), rabbitmq.RabbitMQ()
        for server in (self.postgres, self.rabbitmq):
            if not server.installed():
                raise Missing(f"{server.name} is not here: apt-get install {server.package}")
        self.homes = {server.name: folder / server.name for server in (self.postgres, self.rabbitmq)}
        self.ports = {name: free_port() for name in self.homes}
        self.trees: dict[str, Tree] = {}

    def start(self) -> None:
        for server in (self.postgres, self.rabbitmq):
            home = give_to(server.user, self.homes[server.name])
            try:
                server.start(home, self.ports[server.name])
            except Unstarted as reason:
                raise Missing(f"{server.name}: {reason}") from reason
            self.trees[server.name] = Watched(server.pid(home) or 0)
            commands.append(f"{server.name}: as in ./dev services")
        self.database("postgres").run("-c", f"ALTER SYSTEM SET max_connections = {CONNECTIONS}")
        self.postgres.stop(self.homes["postgres"])
        self.postgres.start(self.homes["postgres"], self.ports["postgres"])
        self.trees["postgres"] = Watched(self.postgres.pid(self.homes["postgres"]) or 0)

    def stop(self) -> None:
        for server in (self.rabbitmq, self.postgres):
            if server.pid(self.homes[server.name]):
                server.stop(self.homes[server.name])

    def database(self, name: str) -> Database:
        programs = postgres.binaries()
        assert programs is not None
        return Database(programs / "psql", self.ports["postgres"], name)

    def new_database(self, name: str, schema: Path | None = None) -> Database:
        self.database("postgres").run("-c", f"CREATE DATABASE {name}")
        made = self.database(name)
        if schema is not None:
            made.run("-f", str(schema))
        return made

    def new_host(self, name: str) -> str:
        """The URL of a new virtual host: no subject sees the queues of another."""
        home = self.homes["rabbitmq"]
        self.rabbitmq.control(home, "add_vhost", name)
        self.rabbitmq.control(home, "set_permissions", "-p", name, "guest", ".*", ".*", ".*")
        return f"{self.rabbitmq.url(self.ports['rabbitmq'])}/{name}"

    def cpu_seconds(self) -> dict[str, float]:
        return {name: tree.cpu_seconds() for name, tree in self.trees.items()}
