"""One MySQL, one MongoDB and one Redis for all who are compared on them, so that none has the better server.

They are started as `./dev services` starts them, but in the folder of the run, beside its RabbitMQ.
"""

from __future__ import annotations

import itertools
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymongo
import redis

from benchmarks.processes import Failed, Missing, commands, free_port, give_to
from benchmarks.servers.backends import Backends, Watched
from tools.servers import machine, mongodb, mysql
from tools.servers.model import Server, Unstarted
from tools.servers.mysql import PUBLISHED, RIGHTS
from tools.servers.redis import PASSWORD, Redis

FLUSHED = {"innodb_flush_log_at_trx_commit": "1", "innodb_doublewrite": "ON"}


@dataclass(frozen=True)
class Own:
    """What one of them has on the servers; nobody else touches it."""

    database: str
    documents: str
    keys: int


class Stores:
    """Their CPU and memory are told with those of `backends`."""

    def __init__(self, folder: Path, backends: Backends) -> None:
        self.backends = backends
        self.mysql, self.mongodb, self.redis = mysql.MySQL(), mongodb.Mongodb(), Redis()
        self.servers: tuple[Server, ...] = (self.mysql, self.mongodb, self.redis)
        self.homes = {server.name: folder / server.name for server in self.servers}
        self.ports: dict[str, int] = {}
        self._numbers = itertools.count()

    def start(self) -> None:
        """Once, also where it is called again. Errors: Missing."""
        if self.ports:
            return
        for server in self.servers:
            if not server.installed():
                raise Missing(f"{server.name} is not here: ./dev services up {server.name}")
        ports = {server.name: free_port() for server in self.servers}
        for server in self.servers:
            home = self._home(server)
            try:
                server.start(home, ports[server.name])
                server.furnish(home, ports[server.name])
            except Unstarted as reason:
                raise Missing(f"{server.name}: {reason}") from reason
            tree = self.backends.trees[server.name] = Watched(server.pid(home) or 0)
            if self.backends.cores:
                os.sched_setaffinity(tree.pid, map(int, self.backends.cores.split(",")))
            commands.append(f"{server.name}: as in ./dev services")
        self.ports = ports

    def stop(self) -> None:
        for server in self.servers:
            self.backends.trees.pop(server.name, None)
            if server.pid(self.homes[server.name]):
                server.stop(self.homes[server.name])
        machine.forget_ended()

    def own(self, name: str) -> Own:
        number = next(self._numbers)
        place = f"{name.replace('-', '_')}_{number}"
        statements = [f"CREATE DATABASE {place}"]
        statements += [
            f"GRANT {RIGHTS} ON {place}.* TO '{PUBLISHED[1]}'@'{host}'" for host in ("localhost", "127.0.0.1")
        ]
        self.mysql.ask(self.ports["mysql"], *statements)
        return Own(place, mongodb.with_password(self.ports["mongodb"], place), number)

    def environment(self, own: Own) -> dict[str, str]:
        """By the names that the published system gives them."""
        _, user, password = PUBLISHED
        return {
            "DB_HOST": "127.0.0.1",
            "DB_PORT": str(self.ports["mysql"]),
            "DB_USER": user,
            "DB_PASSWORD": password,
            "DB_NAME": own.database,
            "MONGO_URL": own.documents,
            "REDIS_HOST": "127.0.0.1",
            "REDIS_PORT": str(self.ports["redis"]),
            "REDIS_PASSWORD": PASSWORD,
        }

    def cache_url(self, own: Own) -> str:
        return self.redis.url(self.ports["redis"], own.keys)

    def count(self, own: Own, table: str) -> int:
        return int(self.mysql.ask(self.ports["mysql"], f"SELECT count(*) FROM {own.database}.{table}"))

    def notified(self, own: Own) -> int:
        with pymongo.MongoClient[dict[str, Any]](own.documents) as client:
            return client.get_default_database().notifications.count_documents({})

    def cached(self, own: Own) -> int:
        """How many keys it has in Redis."""
        with redis.Redis.from_url(self.cache_url(own)) as client:
            return int(client.dbsize())

    def durability(self, own: Own) -> str:
        """Read back. Errors: Failed where MySQL may lose what is committed."""
        listed = self.mysql.ask(self.ports["mysql"], "SELECT @@version", "SHOW VARIABLES")
        version, *lines = listed.strip().splitlines()
        found = dict(line.split("\t", 1) for line in lines if "\t" in line)
        told = ", ".join(f"{name}={found.get(name)}" for name in (*FLUSHED, "log_bin", "sync_binlog"))
        if any(found.get(name) != value for name, value in FLUSHED.items()):
            raise Failed(f"MySQL is not durable: {told}")
        with pymongo.MongoClient[dict[str, Any]](own.documents) as client:
            concern = client.get_default_database().notifications.write_concern.document or "the server's"
            documents = f"{mongodb.Mongodb.package} as MongoDB {client.server_info()['version']}"
        with redis.Redis.from_url(self.cache_url(own)) as cache:
            kept = cache.config_get("save", "appendonly")
        return (
            f"MySQL {re.split('[^0-9.A-Za-z]', version)[0]}, {told}; {documents}, write concern {concern}; "
            f"Redis {cache_version(self.cache_url(own))}, save={kept['save'] or 'never'}, "
            f"appendonly={kept['appendonly']}"
        )

    def _home(self, server: Server) -> Path:
        home = self.homes[server.name]
        if server.user:
            return give_to(server.user, home)
        home.mkdir(parents=True, exist_ok=True)
        return home


def cache_version(url: str) -> str:
    with redis.Redis.from_url(url) as client:
        return str(client.info("server")["redis_version"])
