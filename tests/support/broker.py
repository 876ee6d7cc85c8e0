"""The RabbitMQ of the tests: the one that runs for all, and a node of its own for a test that stops, kills or
starves it.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.needs import RABBITMQ, unmet
from tools.servers import machine
from tools.servers.rabbitmq import RabbitMQ

URL = "TRADEWIND_TEST_RABBITMQ_URL"
GONE_S = 20
FIRST_PORT = 18_310  # far from those of `./dev services`


def server_url() -> str:
    """The server that runs for all tests: leave its settings alone, and use names that nobody else uses."""
    url = os.environ.get(URL, "")
    if not url:
        unmet(RABBITMQ)
    return url


@contextmanager
def own_vhost() -> Iterator[str]:
    """A URL of the server that runs for all, with a vhost that nobody else uses: queues and exchanges may
    have their published names.
    """
    server, home, url = RabbitMQ(), machine.SERVICES / RabbitMQ.name, server_url()
    if server.pid(home) is None:
        unmet(RABBITMQ)
    vhost = f"tradewind-test-{os.getpid()}-{uuid.uuid4().hex[:6]}"
    server.control(home, "add_vhost", vhost)
    try:
        server.control(home, "set_permissions", "-p", vhost, "guest", ".*", ".*", ".*")
        yield f"{url.rstrip('/')}/{vhost}"
    finally:
        server.control(home, "delete_vhost", vhost)


class Broker:
    """A node that nobody else uses. All calls wait until they are done: a test that lives on meanwhile calls
    them in a thread.
    """

    def __init__(self, home: Path, port: int, server: RabbitMQ) -> None:
        self.home, self.port, self._server = home, port, server

    @property
    def url(self) -> str:
        return self._server.url(self.port)

    @property
    def pages(self) -> dict[str, str]:
        return self._server.pages(self.home)

    def start(self) -> None:
        self._server.start(self.home, self.port)

    def stop(self) -> None:
        self._server.stop(self.home)

    def kill(self) -> None:
        """As a power cut would. What is killed takes connections until the system has ended it."""
        if pid := self._server.pid(self.home):
            os.kill(pid, signal.SIGKILL)
            until = time.monotonic() + GONE_S
            while self._server.pid(self.home) or not machine.free(self.port):
                assert time.monotonic() < until, f"the killed broker is still there after {GONE_S} s"
                time.sleep(0.01)

    def restart(self) -> None:
        self.stop()
        self.start()

    def control(self, *arguments: str) -> str:
        """`rabbitmqctl`."""
        return self._server.control(self.home, *arguments)


@contextmanager
def own_broker(*, page: bool = False) -> Iterator[Broker]:
    """Takes some seconds to start; with its management page some more."""
    server = RabbitMQ(page=page)
    if not server.installed():
        unmet("needs a RabbitMQ of its own, ./dev services up --install rabbitmq")
    home = Path(tempfile.mkdtemp(prefix="tradewind-broker-"))
    if owner := machine.account(server):
        os.chown(home, owner.pw_uid, owner.pw_gid)
    port = machine.first_free(FIRST_PORT + os.getpid() % 500)
    broker = Broker(home, port, server)
    try:
        broker.start()
        yield broker
    finally:
        broker.kill()
        broker.stop()  # of its port mapper
        shutil.rmtree(home, ignore_errors=True)
