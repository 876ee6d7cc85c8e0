"""What the campaign must know of a blueprint: how it is started, who its clients are, what it refuses while a server
is away, and what must be there at the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Thread
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from tests.faults.book import Book
    from tests.faults.deployment import Deployment, Servers
    from tests.faults.ends import Findings


class System:
    """`copies` of each process. `ports`: the words of those that clients use, the first by most. `front` is the
    process before the others. Of a process in `spare` another copy can run, to be killed in a batch. Without a
    server in `refuses` requests are answered 503. `schemas` of services on PostgreSQL.
    """

    exact = False
    """Whether nothing is killed, so that no dead letter may be there twice."""
    blueprint: ClassVar[str]
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

    def database(self, service: str) -> str:
        raise NotImplementedError

    def clients(self, place: Deployment, times: int, how: dict[str, Any]) -> Sequence[Thread]:
        """`how`: book, halt, seed and pace_s."""
        raise NotImplementedError

    def begin(self, place: Deployment) -> None:
        """Before the first client."""

    def finish(self) -> None:
        """Before the clients are told to leave: waits for those that end by themselves."""

    def look(self, found: Findings, place: Deployment, book: Book) -> None:
        raise NotImplementedError
