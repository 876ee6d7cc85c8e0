"""What a shop of a test needs more where its services run apart: names of its own at the broker that all tests
share, ports that are free, and a look at what is under way in and between its services.
"""

from __future__ import annotations

import asyncio
from functools import cache
from pathlib import Path

from pamqp import commands

from tests.support.ports import KeptPort
from tests.support.queues import broker, do
from tradewind.core.checks import Rows
from tradewind.drivers.rabbitmq.amqp import Link
from tradewind.operations.audit.snapshot import snapshot
from tradewind.operations.audit.waits import Waits, waits
from tradewind.operations.audit.wiring import wiring_of
from tradewind.runtime import blueprint as blueprints
from tradewind.runtime.config import defaults
from tradewind.runtime.processes.plan import FOLDER
from tradewind.runtime.topology import Blueprint

SERVICES = ("users", "inventory", "orders", "payments", "invoices", "notifications")
ANY_PORT = dict.fromkeys([f"{name.upper()}_OPS_PORT" for name in (*SERVICES, "gateway", "provider")], "0")
_provider_ports: dict[str, KeptPort] = {}


@cache
def settings(exchange: str) -> dict[str, str]:
    """Nothing for a shop in one process."""
    if not exchange:
        return {}
    port = _provider_ports[exchange] = KeptPort()
    return {
        "broker_url": broker(),
        "event_exchange": exchange,
        "queue_type": "classic",
        "provider_url": f"http://127.0.0.1:{port.number}",
    }


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def under_way(url: str) -> bool:
    """Whether anything is left to do, by all logs, inboxes and outboxes in one snapshot: an event that a
    service works on is in no queue, and in no inbox yet.
    """
    return asyncio.run(_under_way(url))


@cache
def _blueprint() -> Blueprint:
    return blueprints.load("services", folder=FOLDER, services=SERVICES, environment={})


async def _under_way(url: str) -> bool:
    async with snapshot(url, Path(), _blueprint().schemas) as source:
        for service in waits(wiring_of(defaults(), _blueprint())):
            if await _busy(service, source):
                return True
    return False


async def _busy(service: Waits, source: Rows) -> bool:
    for question in (service.unsent, service.activities):
        if await source.rows(question):
            return True
    for queue in service.queues:
        if await queue.missed(source):
            return True
    return False


def clean_up(*queues: str, exchange: str) -> None:
    """Nothing of this shop is left at the broker; `queues` are some beside those of its services."""
    if port := _provider_ports.pop(exchange, None):
        port.close()
    asyncio.run(_clean_up(queues, exchange))


async def _clean_up(queues: tuple[str, ...], exchange: str) -> None:
    link = Link(broker(), name="test")
    await link.start()
    for service in SERVICES:
        for queue in (f"{exchange}.{service}", f"{exchange}.{service}.requests"):
            await do(link, commands.Queue.Delete(queue=queue), "Queue.DeleteOk")
    for queue in queues:
        await do(link, commands.Queue.Delete(queue=queue), "Queue.DeleteOk")
    await do(link, commands.Exchange.Delete(exchange=exchange), "Exchange.DeleteOk")
    await link.stop()


def process_name(pid: int) -> str:
    """Of a process of a blueprint, by its command line."""
    words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    return words[words.index("serve") + 1]
