"""What is told of one order on its way, whichever API it goes through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from ..http import Answer
from .people import Unwelcome
from .persistence import Client


class Step(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """`took_ms`: the request, as the client saw it. `after_ms`: since the order was created, by the clock of
    the platform.
    """

    name: str
    says: str
    took_ms: float | None = None
    after_ms: int | None = None


class Told(msgspec.Struct, rename="camel"):
    """What became of the order; `missing` says which part of its story did not come in time. `ends`: the
    statuses of an order whose story went well.
    """

    url: str
    api: str = "v1"
    order_id: str = ""
    number: int = 0
    status: str = ""
    invoice: str = ""
    missing: str = ""
    ends: tuple[str, ...] = ("CONFIRMED",)
    steps: list[Step] = msgspec.field(default_factory=list)

    @property
    def kept(self) -> bool:
        return self.status in self.ends and not self.missing


class Teller:
    """Asks under keys of one run, and tells each step as soon as it is known."""

    def __init__(self, run: str, told: Told, say: Callable[[Step], None]) -> None:
        self.run, self.told, self._say = run, told, say

    async def ask(
        self, client: Client, method: str, path: str, body: Any, token: str, what: str
    ) -> tuple[Any, float]:
        """The body of the answer, and what it took in ms."""
        key = (
            ""
            if path.endswith("/login") or method == "GET"
            else f"first-{self.run}-{path.rpartition('/')[2]}"
        )
        answer, seconds = await client.timed(method, path, body, token=token, key=key)
        return taken(answer, what), round(seconds * 1_000, 1)

    def tell(self, step: Step) -> None:
        self.told.steps.append(step)
        self._say(step)


def taken(answer: Answer, what: str) -> Any:
    """The body. Errors: Unwelcome."""
    if answer.status not in (200, 201):
        raise Unwelcome(f"the shop does not let us {what}: {answer.status} {answer.code}")
    return answer.body
