"""The Kafka of the tests: the one that runs for all, and a node of its own for a test that stops, kills or
starves it.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from tests.support.needs import KAFKA, unmet
from tools.servers import machine
from tools.servers.kafka import Kafka

BROKERS = "TRADEWIND_TEST_KAFKA_BROKERS"
OWN = "needs a Kafka of its own, ./dev services up --install kafka"
GONE_S = 20
FIRST_PORT = 21_310  # far from those of `./dev services`


def server_brokers() -> str:
    """The server that runs for all tests: use topics and groups that nobody else uses."""
    found = os.environ.get(BROKERS, "")
    if not found:
        unmet(KAFKA)
    return found


def delete_topics(*names: str) -> None:
    """What is not there does not matter. Waits until the broker too has heard of it: until then it takes, and
    confirms, what is sent to them.
    """
    admin = AdminClient({"bootstrap.servers": server_brokers()})
    for ended in admin.delete_topics(list(names), request_timeout=10).values():
        with suppress(KafkaException):
            ended.result()
    until = time.monotonic() + GONE_S
    while not set(names).isdisjoint(admin.list_topics(timeout=GONE_S).topics):
        assert time.monotonic() < until, f"{names} are still there after {GONE_S} s"
        time.sleep(0.01)


class KafkaNode:
    """A node that nobody else uses. All calls wait until they are done: a test that lives on meanwhile calls
    them in a thread.
    """

    def __init__(self, home: Path, port: int, server: Kafka) -> None:
        self.home, self.port, self._server = home, port, server

    @property
    def brokers(self) -> str:
        return self._server.url(self.port)

    @property
    def secure_brokers(self) -> str:
        """The listener with TLS, where clients log in."""
        return self._server.secure_url(self.home)

    @property
    def authority(self) -> Path:
        """The certificate that clients of that listener must trust."""
        return self._server.authority(self.home)

    def start(self) -> None:
        self._server.start(self.home, self.port)

    def stop(self) -> None:
        self._server.stop(self.home)

    def kill(self) -> None:
        """As a power cut would. What is killed takes connections until the system has ended it."""
        self._server.kill(self.home)
        until = time.monotonic() + GONE_S
        while not machine.free(self.port):
            assert time.monotonic() < until, f"the killed Kafka is still there after {GONE_S} s"
            time.sleep(0.01)

    def freeze(self) -> None:
        """It takes connections, and answers nothing."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, which: signal.Signals) -> None:
        pid = self._server.pid(self.home)
        assert pid is not None, "it does not run"
        os.kill(pid, which)


@contextmanager
def own_kafka() -> Iterator[KafkaNode]:
    """Takes some seconds to start."""
    server = Kafka()
    if not server.installed():
        unmet(OWN)
    home = Path(tempfile.mkdtemp(prefix="tradewind-kafka-"))
    node = KafkaNode(home, machine.first_free(FIRST_PORT + os.getpid() % 900), server)
    try:
        node.start()
        yield node
    finally:
        node.kill()
        shutil.rmtree(home, ignore_errors=True)
