"""What one user does again and again: the published walk from the catalogue to the payment of an order."""

from __future__ import annotations

import random
import time
import uuid
from typing import Any

from ..http import LOST, Answer, Http, reason
from .metrics import Metrics, Trend

DEADLINE_S = 15.0  # longer than the gateway's own for a write: its answer is waited for
MOST_ITEMS = 3


class User:
    """A user with its own connection, like a browser. `products` are those of the last listing."""

    def __init__(self, url: str, metrics: Metrics, chance: random.Random) -> None:
        self._http, self._metrics, self._chance = Http(url), metrics, chance
        self._products: list[str] = []

    async def close(self) -> None:
        await self._http.close()

    async def iteration(self) -> bool:
        """One walk; False where a request of it failed. What needs an order is left out where none was
        made.
        """
        before, metrics = self._metrics.failed, self._metrics
        await self._ask("GET", "/health")
        listed = await self._ask("GET", "/api/products", trend=metrics.inventory_latency)
        self._products = _ids(listed) or self._products
        order = await self._order()
        if order:
            await self._ask("GET", f"/api/orders/{order}", name="/api/orders/:id")
        await self._ask("GET", "/api/payments", trend=metrics.payment_latency)
        metrics.iterations += 1
        return metrics.failed == before

    async def _order(self) -> str:
        """Its id, or nothing."""
        key = {"X-Idempotency-Key": str(uuid.UUID(int=self._chance.getrandbits(128), version=4))}
        wanted, trend = order(self._products, self._chance), self._metrics.order_latency
        answer = await self._ask("POST", "/api/orders", wanted, key, wanted=201, trend=trend)
        if answer is None:
            return ""
        found = answer.get("id")
        if not isinstance(found, str):
            self._metrics.fail("POST /api/orders: the answer has no id")
            return ""
        self._metrics.orders_created += 1
        return found

    async def _ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        *,
        wanted: int = 200,
        name: str = "",
        trend: Trend | None = None,
    ) -> dict[str, Any] | None:
        """The `data` of the envelope, or None where the answer is not the wanted one; it is counted then."""
        begun, why, answer = time.perf_counter(), "", None
        try:
            answer = await self._http.ask(method, path, body, headers=headers, seconds=DEADLINE_S)
        except LOST as error:
            why = reason(error, DEADLINE_S)
        self._metrics.answered((time.perf_counter() - begun) * 1000, trend)
        if answer is not None and answer.status != wanted:
            why = f"answered {answer.status}"
        if why or answer is None:
            self._metrics.fail(f"{method} {name or path}: {why}")
            return None
        return _data(answer)


def order(products: list[str], chance: random.Random) -> dict[str, Any]:
    """A random order, priced by the caller as that API has it. Ids are drawn where the catalogue is empty."""
    items, cents = [], 0
    for _ in range(chance.randint(1, MOST_ITEMS)):
        product = (
            chance.choice(products) if products else str(uuid.UUID(int=chance.getrandbits(128), version=4))
        )
        quantity, price = chance.randint(1, 5), chance.randint(100, 9_999)
        items.append({"productId": product, "quantity": quantity, "price": price / 100})
        cents += quantity * price
    return {"items": items, "total": cents / 100}


def _data(answer: Answer) -> dict[str, Any]:
    body = answer.body
    data = body.get("data") if isinstance(body, dict) else None
    return data if isinstance(data, dict) else body if isinstance(body, dict) else {}


def _ids(page: dict[str, Any] | None) -> list[str]:
    rows = page.get("data") if page is not None else None
    return (
        [row["id"] for row in rows if isinstance(row, dict) and isinstance(row.get("id"), str)]
        if isinstance(rows, list)
        else []
    )
