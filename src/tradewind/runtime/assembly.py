"""Puts the services of one process behind a Gateway, with the timeline that joins their logs."""

from __future__ import annotations

from collections.abc import Iterable

from ..contracts.ops import timeline_of
from ..contracts.orders import GetOrder, GetTimeline, Timeline
from ..contracts.policies import DEFAULT, Policies
from ..core.bus import ListEvents
from ..core.clock import Clock
from ..core.manifest import Manifest
from ..core.model import Caller
from ..core.store import Reader, Store
from ..engine.observers import NO_HOOKS, Hooks
from ..engine.platform import Platform
from ..services.payments.provider.port import Provider
from .config import Config
from .registry import SERVICES, services

DAY_MS = 86_400_000


def platform(
    config: Config,
    store: Store,
    clock: Clock,
    provider: Provider,
    names: Iterable[str] = SERVICES,
    additions: Iterable[Manifest] = (),
    hooks: Hooks = NO_HOOKS,
    policies: Policies = DEFAULT,
) -> Platform:
    """All of a process behind one gateway."""
    made = Platform(
        store,
        services(names, config, {"provider": provider}, policies, additions),
        clock,
        delays_ms=config.retry_delays_ms,
        retention_ms=config.retention_days * DAY_MS,
        hooks=hooks,
    )
    return with_timeline(made)


def with_timeline(made: Platform) -> Platform:
    """The story of an order is in the logs of all services, so no single one can tell it."""

    async def timeline(reader: Reader, query: GetTimeline, caller: Caller) -> Timeline:
        await made.ask(GetOrder(query.order_id), caller)
        return timeline_of(await made.ask(ListEvents(query.order_id)))

    made.answer(GetTimeline, timeline)
    return made
