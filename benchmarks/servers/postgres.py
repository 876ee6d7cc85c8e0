"""PostgreSQL for the peer: a cluster of its own on a free port, started as `./dev services` starts it (fsync
on).
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from benchmarks.processes import Missing, Tree, commands, free_port, give_to
from tools.servers import postgres
from tools.servers.model import Unstarted


class Postgres(Tree):
    def __init__(self, folder: Path, cores: str) -> None:
        self.server = postgres.Postgres()
        self.programs = postgres.binaries()
        if not self.server.installed() or self.programs is None:
            raise Missing(f"PostgreSQL is not here: apt-get install {self.server.package}")
        self.home = folder
        self.cores = cores
        self.port = free_port()

    @property
    def url(self) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/{postgres.BLUEPRINTS}"

    def start(self, schema: Path) -> None:
        give_to(self.server.user, self.home)
        try:
            self.server.start(self.home, self.port)
            self.server.furnish(self.home, self.port)  # makes the database of the URL
        except Unstarted as reason:
            raise Missing(f"PostgreSQL: {reason}") from reason
        super().__init__(self.server.pid(self.home) or 0)
        if self.cores:
            os.sched_setaffinity(self.pid, map(int, self.cores.split(",")))
        self.psql("-f", str(schema))
        commands.append(f"pg_ctl start (PostgreSQL as in ./dev services), psql -f {schema.name}")

    def stop(self) -> None:
        if self.server.pid(self.home):
            self.server.stop(self.home)

    def psql(self, *arguments: str) -> str:
        assert self.programs is not None
        argv = [str(self.programs / "psql"), "-qAt", "-v", "ON_ERROR_STOP=1", self.url, *arguments]
        return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()
