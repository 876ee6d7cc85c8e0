"""Reads back from RabbitMQ how what is published there is kept: by the broker's own trace of a virtual host
while an order is placed, so that it is the same look at every system.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import uvloop

from tradewind.drivers.rabbitmq.amqp import Delivery, Link

TRACE, QUEUE = "amq.rabbitmq.trace", "bench-trace"
AFTER_S = 1.0
"""For what is published after the answer."""
PERSISTENT = 2


def seen(url: str, host: str, control: Callable[..., str], play: Callable[[], object]) -> str:
    """How many messages were published to each exchange while `play` ran, and how many of them are
    persistent; `control` is rabbitmqctl.
    """
    control("trace_on", "-p", host)
    try:
        return told(uvloop.run(_traced(url, play)))
    finally:
        control("trace_off", "-p", host)


async def _traced(url: str, play: Callable[[], object]) -> list[dict[str, Any]]:
    heard: list[Delivery] = []
    link = Link(url, name="bench")
    await link.start()
    try:
        await link.declare_queue(QUEUE, durable=False, exclusive=True, auto_delete=True)
        await link.bind(QUEUE, TRACE, "publish.#")
        await link.consume(QUEUE, heard.append, no_ack=True)
        await asyncio.to_thread(play)
        await asyncio.sleep(AFTER_S)
    finally:
        await link.stop()
    return [one.properties.headers or {} for one in heard]


def told(traces: Iterable[dict[str, Any]]) -> str:
    """Of the headers of traced messages, which hold the properties of the message itself."""
    all_of, kept = Counter[str](), Counter[str]()
    for trace in traces:
        exchange = str(trace.get("exchange_name") or "")
        all_of[exchange] += 1
        kept[exchange] += trace.get("properties", {}).get("delivery_mode") == PERSISTENT
    return ", ".join(
        f"{kept[exchange]} of {count} messages to {exchange or 'queues'} persistent"
        for exchange, count in sorted(all_of.items())
    )
