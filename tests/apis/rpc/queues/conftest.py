"""The three services of the blueprint in one process, wired as it publishes them: to nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from tests.apis.rpc.queues.support import Asked
from tests.support.databases import Place
from tradewind.apis.rpc.queues import Values, inventory_handlers, order_handlers, payment_handlers
from tradewind.contracts.policies import Policies
from tradewind.core.clock import SystemClock
from tradewind.engine.platform import Platform
from tradewind.runtime.schema import schemas
from tradewind.services.inventory.service import inventory
from tradewind.services.orders.service import orders
from tradewind.services.payments.service import payments

PUBLISHED = Policies(
    pricing="client", payment="none", invoice="none", customers="any", products="any", access="open"
)


@pytest.fixture
async def platform(place: Place) -> AsyncIterator[Platform]:
    place.fill(*schemas(("orders", "inventory", "payments")))
    services = [
        orders(1_000, policies=PUBLISHED),
        inventory(policies=PUBLISHED),
        payments(cast(Any, None), policies=PUBLISHED),
    ]
    made = Platform(place.store(), services, SystemClock())
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
def asked(place: Place, platform: Platform) -> Asked:
    values = Values("EUR", reads_at_once=not place.url)
    return Asked(
        {
            **order_handlers(platform, values),
            **inventory_handlers(platform, values),
            **payment_handlers(platform, values),
        }
    )
