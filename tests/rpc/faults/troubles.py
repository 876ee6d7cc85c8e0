"""What happens to a shop: each trouble is brought about, ended, and the time until the shop serves again is
measured.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.rpc.faults.book import Book
from tests.rpc.faults.deployment import Deployment, until

NAMES = ("gateway", "orders-1", "orders-2", "inventory", "payments")
FAILPOINTS = (
    "outbox.before-publish",
    "outbox.confirmed",
    "batch.before-commit",
    "batch.after-commit",
    "batch.after-answers",
)
FIRST_S = 5.0
"""The longest that may pass until the first success, once the server is back, on a machine of its own."""
SERVED_S, READY_S = 60.0, 120.0
EACH = 3
REFUSALS, REFUSALS_S = 10, 30.0
ASLEEP_S = 11.0
"""Longer than the gateway waits for a write."""


@dataclass
class Row:
    """What one trouble came to."""

    trouble: str
    what: str
    down_s: float = 0.0
    firsts: dict[str, float] = field(default_factory=dict)
    ready_s: float = 0.0
    slowest_s: float = 0.0
    answers: dict[str, int] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)
    refused: bool = True

    @property
    def first_s(self) -> float:
        return max(self.firsts.values())


class Troubles:
    def __init__(self, deployment: Deployment, book: Book, seed: int) -> None:
        self._house, self._book, self._random = deployment, book, Random(seed)
        self._count = 0

    def do(self, trouble: str) -> Row:
        """By its name: `kill`, `broker`, `postgres`, `both`, `sleep`, `connections`, `alarm`, or that of a
        failpoint.
        """
        self._count += 1
        deployment, book = self._house, self._book
        watch = book.watch()
        row = Row(trouble, "")
        getattr(self, f"_{trouble}", lambda row: self._failpoint(trouble, row))(row)
        row.down_s = round(watch.back - watch.since, 2)
        row.firsts = book.served(EACH, SERVED_S)
        until(deployment.ready, f"all processes are ready again after {row}; {deployment.unready()}", READY_S)
        row.ready_s = round(time.monotonic() - watch.back, 2)
        row.slowest_s, row.answers, row.memory = (
            round(watch.slowest_s, 2),
            dict(watch.answers),
            deployment.memory_mb(),
        )
        return row

    def _kill(self, row: Row) -> None:
        row.what = self._random.choice(NAMES)
        self._house.signal(row.what, signal.SIGKILL)
        self._book.back()

    def _broker(self, row: Row) -> None:
        broker = self._house.broker
        row.what = "kill -9" if self._count % 3 == 0 else "restart"
        (broker.kill if row.what == "kill -9" else broker.stop)()
        row.refused = self._book.refusals(REFUSALS, REFUSALS_S)
        broker.start()
        self._book.back()

    def _both(self, row: Row) -> None:
        """A process that is to start while a server is away."""
        name = self._random.choice(NAMES)
        broker, cluster, at_broker = (
            self._house.broker,
            self._house.cluster,
            name == "gateway" or self._count % 2,
        )
        row.what = f"kill -9 of {name} while {'RabbitMQ' if at_broker else 'PostgreSQL'} is away"
        broker.stop() if at_broker else cluster.control("stop", "-m", "fast")
        pid = self._house.signal(name, signal.SIGKILL)
        until(lambda: self._house.processes().get(name, pid) != pid, f"{name} is started again")
        row.refused = self._book.refusals(REFUSALS, REFUSALS_S) or not at_broker
        broker.start() if at_broker else cluster.start()
        self._book.back()

    def _postgres(self, row: Row) -> None:
        cluster = self._house.cluster
        row.what = self._random.choice(("immediate", "fast"))
        cluster.control("stop", "-m", row.what)
        if self._count % 2:  # long enough that it is noticed
            self._book.refusals(REFUSALS, REFUSALS_S)
        cluster.start()
        self._book.back()

    def _sleep(self, row: Row) -> None:
        row.what = self._random.choice(NAMES[1:])
        pid = self._house.signal(row.what, signal.SIGSTOP)
        end = time.monotonic() + ASLEEP_S
        until(lambda: time.monotonic() > end, "it has slept")  # the time itself is what is tested
        assert self._house.processes().get(row.what) == pid
        self._house.signal(row.what, signal.SIGCONT)
        self._book.back()

    def _connections(self, row: Row) -> None:
        row.what = "close_all_connections"
        self._house.broker.control("close_all_connections", "of the campaign")
        self._book.back()

    def _alarm(self, row: Row) -> None:
        row.what = "memory alarm"
        self._house.broker.control("set_vm_memory_high_watermark", "absolute", "1MB")
        row.refused = self._book.refusals(REFUSALS, REFUSALS_S)
        self._house.broker.control("set_vm_memory_high_watermark", "0.4")
        self._book.back()

    def _failpoint(self, name: str, row: Row) -> None:
        row.what = "a third copy of orders"
        copy = self._house.third_copy(f"{name}:{self._random.randint(2, 20)}:kill")
        try:
            code = copy.wait(READY_S)
        finally:
            if copy.poll() is None:
                copy.kill()
                copy.wait()
        assert code == -signal.SIGKILL, f"it ended with {code} before {name}"
        self._book.back()


def plan(random: Random, rounds: int = 1, **numbers: int) -> list[str]:
    """So many of each, in an order that nobody chose; `rounds` over the failpoints."""
    troubles = [*[name for name, number in numbers.items() for _ in range(number)], *FAILPOINTS * rounds]
    random.shuffle(troubles)
    return troubles


Tell = Callable[[str], None]


def told(number: int, row: Row) -> str:
    """One line of progress."""
    firsts: Any = ", ".join(f"{kind} {seconds:.2f}" for kind, seconds in row.firsts.items())
    return (
        f"{number:3} {row.trouble} ({row.what}): down {row.down_s:.1f} s; first success after "
        f"{firsts} s; ready {row.ready_s:.1f} s"
    )
