"""What happens to a shop: each trouble is brought about, ended, and the time until the shop serves again is
measured.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import combinations
from random import Random
from typing import Any

from tests.faults.book import Book
from tests.faults.deployment import Deployment, until
from tests.faults.system import System

FAILPOINTS = (
    "outbox.before-publish",
    "outbox.confirmed",
    "batch.before-commit",
    "batch.after-commit",
    "batch.after-answers",
)
SERVED_S, READY_S = 60.0, 120.0
EACH = 3
STORIES_S = 45.0
"""The longest until what was accepted before a server's return has its end."""
NEEDS = {
    "broker": ("broker",),
    "connections": ("broker",),
    "alarm": ("broker",),
    "postgres": ("postgres",),
    "both": ("broker", "postgres"),
}
"""The servers without which a trouble cannot happen."""
REFUSALS, REFUSALS_S = 10, 30.0
STORIES_LOOK_S = 0.25
OUTAGE_S = 4.0
"""How long a server is away that nobody is refused without."""
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
    stories_s: float = 0.0
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
        self._names = deployment.system.processes
        self._count = self.kills = self.cuts = 0
        self._ended = frozenset[str]()

    def do(self, trouble: str) -> Row:
        """By its name: `kill`, `broker`, `postgres`, `both`, `sleep`, `connections`, `alarm`, that of a
        failpoint, or `+A+B`: processes and servers that are killed at once.
        """
        self._count += 1
        deployment, book = self._house, self._book
        watch = book.watch()
        row = Row(trouble, "")
        if trouble.startswith("+"):
            self._killed(trouble[1:].split("+"), row)
        else:
            getattr(self, f"_{trouble}", lambda row: self._failpoint(trouble, row))(row)
        row.down_s = round(watch.back - watch.since, 2)
        promised = frozenset(wish.id for wish in book.wishes if wish.id) - self._ended
        row.firsts = book.served(EACH, SERVED_S)
        until(deployment.ready, f"all processes are ready again after {row}; {deployment.unready()}", READY_S)
        row.ready_s = round(time.monotonic() - watch.back, 2)
        row.stories_s = self._stories(promised, watch.back)
        row.slowest_s, row.answers, row.memory = (
            round(watch.slowest_s, 2),
            dict(watch.answers),
            deployment.memory_mb(),
        )
        return row

    def _stories(self, promised: frozenset[str], back: float) -> float:
        """Until the orders have their end that were accepted before the return. Errors: AssertionError."""
        open_ones, end = promised, time.monotonic() + STORIES_S * 2
        while open_ones := self._house.system.unended(self._house, open_ones):
            assert time.monotonic() < end, f"{len(open_ones)} stories are stuck: {sorted(open_ones)[:5]}"
            time.sleep(STORIES_LOOK_S)
        self._ended |= promised
        return round(time.monotonic() - back, 2)

    def _killed(self, names: list[str], row: Row) -> None:
        """All at once, as by one power cut; what nobody starts again is started."""
        row.what = "kill -9"
        self.kills += len(names)
        servers = self._house.servers
        for name in names:
            if name in servers:
                servers[name].kill()
            else:
                self._house.signal(name, signal.SIGKILL)
        for name in names:
            if name in servers:
                servers[name].start()
        self._book.back()

    def _outage(self, row: Row) -> None:
        """Any server, for longer than its restart takes."""
        name = self._random.choice(self._house.system.servers)
        row.what = f"kill -9 of {name}"
        self.kills += 1
        self._house.servers[name].kill()
        self._refusals(name, row)
        self._house.servers[name].start()
        self._book.back()

    def _kill(self, row: Row) -> None:
        row.what = self._random.choice(self._names)
        self._house.signal(row.what, signal.SIGKILL)
        self.kills += 1
        self._book.back()

    def _broker(self, row: Row) -> None:
        broker = self._house.servers.broker
        row.what = "kill -9" if self._count % 3 == 0 else "restart"
        (broker.kill if row.what == "kill -9" else broker.stop)()
        self._refusals("broker", row)
        broker.start()
        self._book.back()

    def _refusals(self, server: str, row: Row) -> None:
        """Waits until clients have been refused for want of the server, or for the time of an outage."""
        if server in self._house.system.refuses:
            row.refused = self._book.refusals(REFUSALS, REFUSALS_S)
        else:
            self._pass(OUTAGE_S)

    def _pass(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        until(lambda: time.monotonic() > end, "it has passed")  # the time itself is what is tested

    def _both(self, row: Row) -> None:
        """A process that is to start while a server is away."""
        name = self._random.choice(self._names)
        broker, cluster, at_broker = (
            self._house.servers.broker,
            self._house.servers.cluster,
            name == self._house.system.front or self._count % 2,
        )
        row.what = f"kill -9 of {name} while {'RabbitMQ' if at_broker else 'PostgreSQL'} is away"
        broker.stop() if at_broker else cluster.control("stop", "-m", "fast")
        pid = self._house.signal(name, signal.SIGKILL)
        until(lambda: self._house.processes().get(name, pid) != pid, f"{name} is started again")
        if at_broker:
            self._refusals("broker", row)
        else:
            self._book.refusals(REFUSALS, REFUSALS_S)
        broker.start() if at_broker else cluster.start()
        self._book.back()

    def _postgres(self, row: Row) -> None:
        cluster = self._house.servers.cluster
        row.what = self._random.choice(("immediate", "fast"))
        cluster.control("stop", "-m", row.what)
        if self._count % 2:  # long enough that it is noticed
            self._book.refusals(REFUSALS, REFUSALS_S)
        cluster.start()
        self._book.back()

    def _sleep(self, row: Row) -> None:
        row.what = self._random.choice([name for name in self._names if name != self._house.system.front])
        pid = self._house.signal(row.what, signal.SIGSTOP)
        self._pass(ASLEEP_S)
        assert self._house.processes().get(row.what) == pid
        self._house.signal(row.what, signal.SIGCONT)
        self._book.back()

    def _connections(self, row: Row) -> None:
        row.what = "close_all_connections"
        self._house.servers.broker.control("close_all_connections", "of the campaign")
        self._book.back()

    def _alarm(self, row: Row) -> None:
        row.what = "memory alarm"
        self._house.servers.broker.control("set_vm_memory_high_watermark", "absolute", "1MB")
        self._refusals("broker", row)
        self._house.servers.broker.control("set_vm_memory_high_watermark", "0.4")
        self._book.back()

    def _failpoint(self, name: str, row: Row) -> None:
        process = self._house.system.spare[self._count % len(self._house.system.spare)]
        row.what = f"another copy of {process}"
        copy = self._house.another_copy(process, f"{name}:{self._random.randint(2, 20)}:kill")
        try:
            code = copy.wait(READY_S)
        finally:
            if copy.poll() is None:
                copy.kill()
                copy.wait()
        assert code == -signal.SIGKILL, f"it ended with {code} before {name}"
        self.kills += 1
        self.cuts += 1
        self._book.back()


def everything(system: System) -> list[str]:
    """What can be killed."""
    return [*system.processes, *system.servers]


def plan(
    random: Random, system: System | None = None, rounds: int = 1, pairs: int = 0, **numbers: int
) -> list[str]:
    """So many of each, in an order that nobody chose; `rounds` over the failpoints. `pairs`: so many of all pairs
    of what can be killed, -1: all of them and each alone.
    """
    there = set(system.servers) if system is not None else {"broker", "postgres"}
    possible = {name: number for name, number in numbers.items() if there.issuperset(NEEDS.get(name, ()))}
    troubles = [*[name for name, number in possible.items() for _ in range(number)], *FAILPOINTS * rounds]
    if system is not None and pairs:
        names = everything(system)
        both = [f"+{one}+{other}" for one, other in combinations(names, 2)]
        troubles += [*[f"+{one}" for one in names], *both] if pairs < 0 else random.sample(both, pairs)
    random.shuffle(troubles)
    return troubles


Tell = Callable[[str], None]


def told(number: int, row: Row) -> str:
    """One line of progress."""
    firsts: Any = ", ".join(f"{kind} {seconds:.2f}" for kind, seconds in row.firsts.items())
    return (
        f"{number:3} {row.trouble} ({row.what}): down {row.down_s:.1f} s; first success after "
        f"{firsts} s; ready {row.ready_s:.1f} s; old stories "
        f"ended {row.stories_s:.1f} s"
    )
