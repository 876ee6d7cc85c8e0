"""What the campaign must know of a blueprint: how it is started, who its clients are, what it refuses while a server
is away, and what must be there at the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Thread
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from tests.faults.book import Book
    from tests.faults.deployment import Deployment
    from tests.faults.ends import Findings
    from tests.faults.servers import Servers


class System:
    """`copies` of each process. `ports`: the words of those that clients use, the first by most. `front` is the
    process before the others. Of a process in `spare` another copy can run, to be killed in a batch. Without a
    server in `refuses` requests are answered 503. `schemas` of services on a SQL database. `first_s`: the longest
    that may pass until the first success, once the server is back, on a machine of its own.
    """

    exact = False
    """Whether nothing is killed, so that no dead letter may be there twice."""
    blueprint: ClassVar[str]
    servers: ClassVar[Sequence[str]] = ("broker", "postgres")
    first_s: ClassVar[float] = 5.0
    kinds: ClassVar[Sequence[str]]
    copies: ClassVar[Mapping[str, int]]
    ports: ClassVar[Sequence[str]]
    front: ClassVar[str]
    spare: ClassVar[Sequence[str]]
    refuses: ClassVar[frozenset[str]]
    schemas: ClassVar[Mapping[str, str]]

    @property
    def processes(self) -> list[str]:
        """As the campaign calls them: `orders-2`."""
        return [name for process, count in self.copies.items() for name in self.copied(process, count)]

    def copied(self, process: str, count: int) -> list[str]:
        return [process] if count == 1 else [f"{process}-{copy}" for copy in range(1, count + 1)]

    def variables(self, servers: Servers, ports: dict[str, int]) -> dict[str, str]:
        raise NotImplementedError

    def alone(self, process: str, ports: dict[str, int]) -> dict[str, str]:
        """More variables of a process that is started by `serve`, not by `up`."""
        return {}

    def database(self, service: str) -> str:
        """Of a service on PostgreSQL."""
        raise NotImplementedError

    def url(self, servers: Servers, service: str) -> str:
        """Of the database of a service."""
        return servers.cluster.server.url(servers.cluster.port, self.database(service))

    def table(self, service: str, name: str) -> str:
        return f"{self.schemas[service]}.{name}"

    def unended(self, place: Deployment, orders: frozenset[str]) -> frozenset[str]:
        """Those whose story has not come to its end yet; empty where the answer itself is the end."""
        return frozenset()

    def clients(self, place: Deployment, times: int, how: dict[str, Any]) -> Sequence[Thread]:
        """`how`: book, halt, seed and pace_s."""
        raise NotImplementedError

    def begin(self, place: Deployment) -> None:
        """Before the first client."""

    def finish(self) -> None:
        """Before the clients are told to leave: waits for those that end by themselves."""

    def look(self, found: Findings, place: Deployment, book: Book) -> None:
        raise NotImplementedError
