"""Every statement of the shop runs on both databases: what only one of them understands is found here, not by
a customer.
"""

import importlib
from typing import Any

import sqlalchemy as sa

from tests.support.databases import Place
from tradewind.engine.service_runtime import ServiceRuntime
from tradewind.runtime.config import defaults
from tradewind.runtime.registry import SERVICES, services
from tradewind.runtime.schema import schemas


def statements(holder: Any) -> list[Any]:
    return [value for value in vars(holder).values() if isinstance(value, sa.Select)]


SHOP = [
    one
    for name in SERVICES
    for one in statements(importlib.import_module(f"tradewind.services.{name}.storage"))
]
ENGINE = [
    one for made in services(SERVICES, defaults()) for one in statements(ServiceRuntime(made).statements)
]


def values(statement: Any) -> dict[str, Any]:
    """Something of the right type for each parameter that has no value."""
    found = statement.compile().binds.values()
    return {
        bind.key: 1 if isinstance(bind.type, sa.Integer) or bind.key == "n" else "x"
        for bind in found
        if bind.required
    }


async def test_every_statement_runs(place: Place) -> None:
    assert len(SHOP) > 15
    assert len(ENGINE) > 50
    place.fill(*schemas())
    store = place.store()
    await store.open()
    tx = await store.begin()
    for statement in [*SHOP, *ENGINE]:
        if statement._for_update_arg is None:  # those that lock are for transactions
            assert isinstance(await store.rows(statement, values(statement)), list)
        assert isinstance(await tx.rows(statement, values(statement)), list)
    await tx.rollback()
    await store.close()
