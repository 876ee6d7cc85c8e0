"""What the gateway knows of the services behind their queues: where each is, what an outcome means, whether
it takes requests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from ...core.request_queue import Kind, Outcome, RequestQueueClient
from ..kernel.resilience.breaker import Rules
from ..kernel.resilience.guarded import LOOK_S, Guarded, Verdict
from ..kernel.resilience.presets import READ, WRITE, Preset
from . import envelope

_VERDICTS = {
    Kind.ANSWER: Verdict.FINE,
    Kind.TIMEOUT: Verdict.TIMED_OUT,
    Kind.DOWN: Verdict.FAILED,
    Kind.BUSY: Verdict.BUSY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RpcSettings:
    """Of the gateway, with every bound."""

    order_queue: str = "order_queue"
    inventory_queue: str = "inventory_queue"
    payment_queue: str = "payment_queue"

    read: Preset = READ
    write: Preset = WRITE
    breaker: Rules = field(default_factory=Rules)
    in_flight: int = 1_024
    """Calls of one service that may be under way; the next one is answered 503."""
    body_bytes: int = 1024 * 1024
    """The largest body (413). The server's own limit should be a little above it."""
    rate_limit_per_minute: int = 0
    """Requests per address; 0: no limit."""
    buckets: int = 50_000
    """Addresses counted at a time; beyond that, the longest unseen are forgotten."""


class Downstream:
    """A service behind its queue."""

    __slots__ = ("guarded", "queue")

    def __init__(self, queue: str, guarded: Guarded[Outcome]) -> None:
        self.queue, self.guarded = queue, guarded


def judge(outcome: Outcome) -> Verdict:
    """A refusal is the service's failure from 500 on, else the caller's own."""
    verdict = _VERDICTS.get(outcome.kind)
    if verdict is None:
        return Verdict.FINE if envelope.status_of(outcome.body) < 500 else Verdict.FAILED
    return verdict


class Takers:
    """A service is asked whenever somebody wants to know and it has not answered since the broker was last
    lost: a queue that is not declared yet, or that nobody reads, is a service that is missing.
    """

    def __init__(self, client: RequestQueueClient, services: Mapping[str, Guarded[Outcome]]) -> None:
        self._client, self._services = client, services
        self._answered: set[str] = set()
        self._asked: set[str] = set()

    def missing(self) -> list[str]:
        if not self._client.up:
            self._answered.clear()
            return []  # the broker is what is missing
        for name, service in self._services.items():
            if name not in self._answered | self._asked and service.look is not None:
                self._asked.add(name)
                service.look(LOOK_S, partial(self._told, name, service))
        return [f"{name}: no answer yet" for name in self._services if name not in self._answered]

    def _told(self, name: str, service: Guarded[Outcome], outcome: Outcome) -> None:
        self._asked.discard(name)
        if service.judge(outcome) is Verdict.FINE:
            self._answered.add(name)
