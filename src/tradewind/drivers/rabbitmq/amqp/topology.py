"""What a setup asks of the broker: queues, exchanges, bindings, subscriptions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .errors import LinkDown
from .messages import Delivery, QueueState

if TYPE_CHECKING:  # it needs pamqp, which is an extra
    from .connection import Connection


class Topology:
    """For `setup`, and later. Errors of all: LinkDown with the broker's reason; ValueError for a name past
    255 bytes.
    """

    _life: Connection | None
    _missing: str

    def _now(self) -> Connection:
        if self._life is None:
            raise LinkDown(self._missing)
        return self._life

    async def declare_queue(
        self,
        name: str,
        *,
        durable: bool = True,
        exclusive: bool = False,
        auto_delete: bool = False,
        passive: bool = False,
        arguments: dict[str, Any] | None = None,
    ) -> QueueState:
        """Declares it; `passive` only checks that it exists."""
        return await self._now().declare_queue(name, durable, exclusive, auto_delete, passive, arguments)

    async def declare_exchange(self, name: str, kind: str = "topic", *, durable: bool = True) -> None:
        await self._now().declare_exchange(name, kind, durable)

    async def bind(self, queue: str, exchange: str, key: str) -> None:
        await self._now().bind(queue, exchange, key)

    async def qos(self, prefetch: int) -> None:
        """How many deliveries each later `consume` may hold unacked; `limits.prefetch` where this is not
        called.
        """
        await self._now().qos(prefetch)

    async def consume(
        self,
        queue: str,
        on_delivery: Callable[[Delivery], None],
        *,
        no_ack: bool = False,
        arguments: dict[str, Any] | None = None,
    ) -> str:
        """Subscribes; gives the consumer's tag, which ends with this connection."""
        return await self._now().consume(queue, on_delivery, no_ack, arguments)

    async def cancel(self, consumer_tag: str) -> None:
        """Ends a subscription. Messages that the broker sends before it handles this are still delivered."""
        await self._now().cancel(consumer_tag)
