"""The Redis of the tests: keys of their own on the one that runs, and a server of its own for a test that
stops, kills or silences it.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support.needs import REDIS, unmet
from tools.servers import machine
from tools.servers.redis import Redis

URL = "TRADEWIND_TEST_REDIS_URL"
FIRST_PORT, GONE_S = 24_310, 20


def redis_url() -> str:
    """Of the server that all tests share."""
    return os.environ.get(URL) or unmet(REDIS)


class RedisServer:
    """A server that nobody else uses. All calls wait until they are done."""

    def __init__(self, home: Path, port: int, server: Redis) -> None:
        self.home, self.port, self.server = home, port, server

    @property
    def url(self) -> str:
        return self.server.url(self.port)

    def start(self) -> None:
        self.server.start(self.home, self.port)

    def stop(self) -> None:
        self.server.stop(self.home)
        self._gone()

    def kill(self) -> None:
        """As a machine that loses its power."""
        os.kill(self._pid(), signal.SIGKILL)
        self._gone()

    def silence(self) -> None:
        """It takes connections and answers nothing, until it may `speak` again."""
        os.kill(self._pid(), signal.SIGSTOP)

    def speak(self) -> None:
        os.kill(self._pid(), signal.SIGCONT)

    def _gone(self) -> None:
        """A process that ends has no name any more, and its port for a moment longer."""
        until = time.monotonic() + GONE_S
        while self.server.pid(self.home) is not None or not machine.free(self.port):
            assert time.monotonic() < until
            time.sleep(0.02)

    def _pid(self) -> int:
        pid = self.server.pid(self.home)
        assert pid is not None
        return pid


@contextmanager
def own_redis(options: Sequence[str] = ()) -> Iterator[RedisServer]:
    server = Redis(options)
    if not server.installed():
        unmet("needs a Redis of its own, ./dev services up --install redis")
    home = Path(tempfile.mkdtemp(prefix="tradewind-redis-"))
    if (owner := machine.account(server)) is not None:
        os.chown(home, owner.pw_uid, owner.pw_gid)
    port = machine.first_free(FIRST_PORT + os.getpid() % 500)
    own = RedisServer(home, port, server)
    try:
        own.start()
        yield own
    finally:
        if server.pid(home) is not None:
            own.speak()
        server.stop(home)
        for process in machine.SPAWNED:
            process.poll()
        shutil.rmtree(home, ignore_errors=True)
