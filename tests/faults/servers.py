"""The servers that a deployment has for itself, so that each may be killed: those that its system names."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

from tests.drivers.store.servers import Cluster
from tests.support.broker import Broker, own_broker
from tests.support.kafka import KafkaNode, own_kafka
from tests.support.mongodb import OwnServer as MongodbServer
from tests.support.mongodb import own_server
from tests.support.mysql import MysqlServer, own_mysql
from tests.support.needs import unmet
from tests.support.redis import RedisServer, own_redis
from tools.servers import machine
from tools.servers.postgres import Postgres

S = TypeVar("S")


class Server(Protocol):
    """All calls wait until they are done; what is killed is gone then."""

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def kill(self) -> None: ...


@contextmanager
def own_cluster() -> Iterator[Cluster]:
    """With the databases of the blueprints."""
    if not Postgres().installed():
        unmet("needs a PostgreSQL of its own, ./dev services up --install postgres")
    home = Path(tempfile.mkdtemp(prefix="tradewind-faults-"))
    cluster = Cluster(home)
    if owner := machine.account(cluster.server):
        os.chown(home, owner.pw_uid, owner.pw_gid)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(home, ignore_errors=True)


OWN: Mapping[str, Callable[[], AbstractContextManager[Server]]] = {
    "broker": own_broker,
    "postgres": own_cluster,
    "kafka": own_kafka,
    "mysql": own_mysql,
    "mongodb": own_server,
    "redis": own_redis,
}


class Servers:
    """By the words of the campaign. Errors: KeyError for one that the system does not have."""

    def __init__(self, running: Mapping[str, Server]) -> None:
        self._running = dict(running)

    def __contains__(self, word: object) -> bool:
        return word in self._running

    def __getitem__(self, word: str) -> Server:
        return self._running[word]

    @property
    def broker(self) -> Broker:
        return self._of("broker", Broker)

    @property
    def cluster(self) -> Cluster:
        return self._of("postgres", Cluster)

    @property
    def kafka(self) -> KafkaNode:
        return self._of("kafka", KafkaNode)

    @property
    def mysql(self) -> MysqlServer:
        return self._of("mysql", MysqlServer)

    @property
    def mongodb(self) -> MongodbServer:
        return self._of("mongodb", MongodbServer)

    @property
    def redis(self) -> RedisServer:
        return self._of("redis", RedisServer)

    def messages(self, queue: str) -> int:
        """Those that wait, and those that are taken and not acknowledged."""
        told = self.broker.control("list_queues", "-q", "name", "messages")
        counts = dict(line.split("\t") for line in told.splitlines() if "\t" in line)
        return int(counts.get(queue, "0"))

    def _of(self, word: str, kind: type[S]) -> S:
        found = self._running[word]
        assert isinstance(found, kind)
        return found


@contextmanager
def own_servers(words: Sequence[str]) -> Iterator[Servers]:
    """Skips by the name of the first that is not installed."""
    with ExitStack() as stack:
        yield Servers({word: stack.enter_context(OWN[word]()) for word in words})
