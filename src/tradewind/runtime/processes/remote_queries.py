"""Asks inventory about products that orders has not heard of yet: where prices come from the catalogue, news
may be slower than a buyer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

from ...apis.nest import wire
from ...apis.rpc.queues import FIND_PRODUCTS
from ...contracts.inventory import FindProducts, Found
from ...core.model import Query, Refused
from ...core.request_queue import Kind, Outcome
from ...drivers.rabbitmq.rpc.client import RpcClient

PATTERN = b'{"cmd":"%b"}' % FIND_PRODUCTS.encode()
PATIENCE_S = 1.8  # a little less than whoever waits for it has
_found = msgspec.json.Decoder(Found).decode
_encode = msgspec.json.Encoder().encode


class RemoteQueries:
    """What `Platform.elsewhere` is in a process of orders without inventory."""

    def __init__(self, url: str, queue: str, clock: Callable[[], int]) -> None:
        self._queue = queue
        self.client = RpcClient(url, wire, name="orders asks", clock=clock)

    async def ask(self, query: Query) -> Any:
        """Errors: Refused for a question that nobody answers over a queue; TimeoutError, where there was no
        answer.
        """
        if not isinstance(query, FindProducts):
            raise Refused("not_here", 503, f"No service of this process answers {type(query).__name__}.")
        came: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

        def then(outcome: Outcome) -> None:
            if not came.done():
                came.set_result(outcome)

        self.client.call(self._queue, PATTERN, _encode(query), PATIENCE_S, then)
        outcome = await came
        if outcome.kind is not Kind.ANSWER:
            raise TimeoutError(
                f"{self._queue} did not answer: {outcome.kind.value}: "
                f"{outcome.body[:200].decode(errors='replace')}"
            )
        return _found(outcome.body)
