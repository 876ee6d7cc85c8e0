"""Knows which services take requests, so that a gateway says it is ready only when an order can be placed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from ...core.request_queue import Outcome, RequestQueueClient
from ..kernel.resilience.guarded import LOOK_S, Guarded, Verdict


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
