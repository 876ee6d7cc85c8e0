"""Checks that the servers answer and the schemas are there before a process starts, in a fork whose memory
ends with it.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from ..config import Config
from ..topology import Blueprint

ANSWER_S = 5.0


def prepare(config: Config, blueprint: Blueprint) -> list[str]:
    """Takes pending schema steps of the services that the blueprint names; which ones. Errors: StoreUnusable,
    BrokerUnusable.
    """
    from ..schema import migrate

    brokers_answer(config, blueprint)
    taken = migrate(config, blueprint=blueprint)
    if config.database_roles == "on":
        from ..database_roles import make_roles

        config.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        make_roles(config, blueprint)
    return taken


def own_schema(config: Config, blueprint: Blueprint, services: tuple[str, ...]) -> list[str]:
    """Takes the pending steps where each of these services has a database of its own, which nobody else
    migrates; which ones. Errors: StoreUnusable, where a step is missing in a database that others share, or
    one was taken that we do not know.
    """
    from ...core.store import StoreUnusable
    from ..schema import migrate, schema_state

    if blueprint.stores.keys() >= set(services):
        return migrate(config, blueprint=blueprint, services=services)
    if why := schema_state(config, blueprint, services):
        raise StoreUnusable(why)
    return []


def brokers_answer(config: Config, blueprint: Blueprint) -> None:
    """Errors: BrokerUnusable."""
    import asyncio

    used = blueprint.carriers
    if "rabbitmq" in used:
        from ...drivers.rabbitmq.amqp.link import Link

        async def ask() -> None:
            link = Link(config.broker_url, name="tradewind.check")
            await link.start(ANSWER_S)
            await link.stop(1.0)

        asyncio.run(ask())
    if "kafka" in used:
        from ...drivers.kafka.producing import Producing
        from .brokers import kafka_servers

        async def look() -> None:
            producing = Producing(kafka_servers(config), (), name="tradewind.check")
            await producing.start(ANSWER_S)
            await producing.stop(0.1)

        asyncio.run(look())


def aside(work: Callable[[], list[str]]) -> tuple[list[str], str]:
    """Does it in a fork of this process; its lines, and one that says why it could not be done, if so."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(ours)
            lines, why = _done(work)
            os.write(theirs, "\n".join([why, *lines]).encode()[:60_000])
            code = 0
        finally:
            os._exit(code)
    os.close(theirs)
    with os.fdopen(ours, "rb") as pipe:
        why, *lines = pipe.read().decode(errors="replace").split("\n")
    _, status = os.waitpid(child, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        why = why or "the check of the servers ended before it was done; the lines above may say why"
    return lines, why


def _done(work: Callable[[], list[str]]) -> tuple[list[str], str]:
    from ...core.bus import BrokerUnusable
    from ...core.store import StoreUnavailable, StoreUnusable

    try:
        return work(), ""
    except (StoreUnusable, StoreUnavailable, BrokerUnusable, OSError) as error:
        return [], " ".join(str(error).split()) or type(error).__name__
