"""What a shop of a test needs more where its services run apart: names of its own at the broker that all tests
share, ports that are free, and a look at what is on its way between two services.
"""

from __future__ import annotations

import asyncio
import socket
from functools import cache
from pathlib import Path

from pamqp import commands

from tests.support.queues import broker, do
from tradewind.drivers.rabbitmq.amqp import Link, LinkDown

SERVICES = ("users", "inventory", "orders", "payments", "invoices", "notifications")
ANY_PORT = dict.fromkeys([f"{name.upper()}_OPS_PORT" for name in (*SERVICES, "gateway", "provider")], "0")


@cache
def settings(exchange: str) -> dict[str, str]:
    """Nothing for a shop in one process."""
    if not exchange:
        return {}
    with socket.socket() as kept:
        kept.bind(("127.0.0.1", 0))
        port = kept.getsockname()[1]
    return {
        "broker_url": broker(),
        "event_exchange": exchange,
        "queue_type": "classic",
        "provider_url": f"http://127.0.0.1:{port}",
    }


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def waiting(exchange: str) -> int:
    """Events that a service has not taken yet."""
    return asyncio.run(_waiting(exchange))


async def _waiting(exchange: str) -> int:
    found = 0
    for service in SERVICES:
        link = Link(broker(), name="test")
        await link.start()
        try:
            found += (await link.declare_queue(f"{exchange}.{service}", passive=True)).messages
        except LinkDown:  # one that hears nothing has no queue
            pass
        finally:
            await link.stop()
    return found


def clean_up(exchange: str) -> None:
    """Nothing of this shop is left at the broker."""
    asyncio.run(_clean_up(exchange))


async def _clean_up(exchange: str) -> None:
    link = Link(broker(), name="test")
    await link.start()
    for service in SERVICES:
        for queue in (f"{exchange}.{service}", f"{exchange}.{service}.requests"):
            await do(link, commands.Queue.Delete(queue=queue), "Queue.DeleteOk")
    await do(link, commands.Exchange.Delete(exchange=exchange), "Exchange.DeleteOk")
    await link.stop()


def process_name(pid: int) -> str:
    """Of a process of a blueprint, by its command line."""
    words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    return words[words.index("serve") + 1]
