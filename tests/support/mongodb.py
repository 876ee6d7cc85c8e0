"""Gives a suite a MongoDB database of its own, and a server of its own where it stops or kills one."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from tests.support.needs import MONGODB, unmet
from tools.servers import machine
from tools.servers.mongodb import Mongodb, with_password


@contextmanager
def own_database(word: str) -> Iterator[str]:
    """The URL of a new database on the server of the tests; dropped at the end."""
    given = os.environ.get("TRADEWIND_TEST_MONGODB_URL", "")
    if not given:
        unmet(MONGODB)
    import pymongo

    place, _, options = given.partition("?")
    name = f"{word}_{uuid4().hex[:12]}"
    url = f"{place.rpartition('/')[0]}/{name}?{options}"
    try:
        yield url
    finally:
        with pymongo.MongoClient[dict[str, object]](url) as client:
            client.drop_database(name)


class OwnServer:
    """One that a test may stop and kill."""

    def __init__(self, home: Path, port: int) -> None:
        self._server, self._home, self.port = Mongodb(), home, port

    def url(self, database: str) -> str:
        return with_password(self.port, database)

    def start(self) -> None:
        self._server.start(self._home, self.port)

    def stop(self) -> None:
        self._server.stop(self._home)

    @property
    def pid(self) -> int | None:
        return self._server.pid(self._home)

    def kill(self) -> None:
        pid = self.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        until = time.monotonic() + 30
        while self.pid is not None:
            assert time.monotonic() < until, "it lives on"
            time.sleep(0.02)


@contextmanager
def own_server() -> Iterator[OwnServer]:
    if not Mongodb().installed():
        unmet(MONGODB)
    with tempfile.TemporaryDirectory(prefix="tradewind-mongodb-") as home:
        server = OwnServer(Path(home), machine.first_free(Mongodb.port + 100 + os.getpid() % 50 * 4))
        server.start()
        try:
            yield server
        finally:
            server.stop()
