"""Names what a queue may be asked for, and reads how often a message has come: RabbitMQ's arguments and
headers, in one place.
"""

from __future__ import annotations

from typing import Any

from .messages import Delivery

Arguments = dict[str, Any]
MOST_DEATHS = 1_000_000  # a count from outside is a claim


def quorum(
    *,
    dead_letter: str | None = None,
    dead_letter_key: str = "",
    delivery_limit: int = 0,
    single_active: bool = False,
) -> Arguments:
    """Replicated, always durable. After `delivery_limit` redeliveries a message goes to the exchange
    `dead_letter` ("": the default).

    A dead letter is confirmed before it leaves this queue, so it cannot get lost between the two. A limit
    without a place for dead letters would drop messages: ValueError.
    """
    if delivery_limit and dead_letter is None:
        raise ValueError("a delivery limit without a dead-letter exchange drops messages")
    arguments = {"x-queue-type": "quorum", **_common(dead_letter, dead_letter_key, single_active)}
    if dead_letter is not None:
        arguments |= {"x-dead-letter-strategy": "at-least-once", "x-overflow": "reject-publish"}
    return arguments | ({"x-delivery-limit": delivery_limit} if delivery_limit else {})


def classic(
    *, dead_letter: str | None = None, dead_letter_key: str = "", single_active: bool = False
) -> Arguments:
    """On one node, the default type. It counts no redeliveries, and dead letters may get lost in a crash."""
    return _common(dead_letter, dead_letter_key, single_active)


def deliveries_before(delivery: Delivery) -> int:
    """How often this message was delivered before, as far as the broker counts: a classic queue only knows
    "at least once".
    """
    headers = delivery.properties.headers or {}
    count = _number(headers.get("x-delivery-count"))
    deaths = headers.get("x-death")
    died = (
        sum([_number(death.get("count")) for death in deaths if isinstance(death, dict)])
        if isinstance(deaths, list)
        else 0
    )
    return max(count, int(delivery.redelivered)) + died


def _common(dead_letter: str | None, dead_letter_key: str, single_active: bool) -> Arguments:
    arguments: Arguments = {}
    if dead_letter is not None:
        arguments["x-dead-letter-exchange"] = dead_letter
    if dead_letter_key:
        arguments["x-dead-letter-routing-key"] = dead_letter_key
    if single_active:
        arguments["x-single-active-consumer"] = True
    return arguments


def _number(claimed: object) -> int:
    return min(max(claimed, 0), MOST_DEATHS) if isinstance(claimed, int) else 0
