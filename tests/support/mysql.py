"""The MySQL of the tests: a server of its own for a test that stops, kills or cuts it."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support.needs import unmet
from tools.servers import machine
from tools.servers.mysql import TESTS, MySQL

URL = "TRADEWIND_TEST_MYSQL_URL"
FIRST_PORT, GONE_S = 22_310, 20


class MysqlServer:
    """A server that nobody else uses. All calls wait until they are done."""

    def __init__(self, home: Path, port: int, server: MySQL) -> None:
        self.home, self.port, self.server = home, port, server

    @property
    def url(self) -> str:
        return self.server.url(self.port, TESTS)

    def start(self) -> None:
        self.server.start(self.home, self.port)

    def stop(self) -> None:
        self.server.stop(self.home)

    def kill(self) -> None:
        """As a machine that loses its power."""
        pid = self.server.pid(self.home)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        until = time.monotonic() + GONE_S
        while self.server.pid(self.home) is not None:
            assert time.monotonic() < until
            time.sleep(0.02)


@contextmanager
def own_mysql(options: Sequence[str] = ()) -> Iterator[MysqlServer]:
    server = MySQL(options)
    if not server.installed():
        unmet("needs a MySQL of its own, ./dev services up --install mysql")
    home = Path(tempfile.mkdtemp(prefix="tradewind-mysql-"))
    if (owner := machine.account(server)) is not None:
        os.chown(home, owner.pw_uid, owner.pw_gid)
    port = machine.first_free(FIRST_PORT + os.getpid() % 500)
    try:
        server.start(home, port)
        server.furnish(home, port)
        yield MysqlServer(home, port, server)
    finally:
        server.stop(home)
        shutil.rmtree(home, ignore_errors=True)
