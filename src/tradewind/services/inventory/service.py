"""The table of contents of inventory."""

from __future__ import annotations

from pathlib import Path

from ...contracts.inventory import (
    AddProduct,
    AdjustStock,
    ChangeProduct,
    FindProducts,
    GetProduct,
    ListProducts,
    ProductListed,
    StockAdjusted,
    StockRejected,
    StockReserved,
)
from ...contracts.orders import OrderCancelled, OrderConfirmed, OrderCreated, OrderFailed
from ...contracts.policies import DEFAULT, Policies
from ...contracts.subscriptions import wired
from ...core.manifest import Manifest
from ...core.model import Service, answers, on
from . import domain, queries
from .storage import MD, MOVEMENTS, PRODUCTS, RESERVATIONS, SKUS

_CLAIMED = PRODUCTS.follow(RESERVATIONS.maybe, domain.claimed)
_OWNED = PRODUCTS.follow(SKUS.maybe, domain.owner)


def inventory(*, policies: Policies = DEFAULT) -> Service:
    """Only with `payment` on-stock does an order reserve stock."""
    return Service("inventory", keeps=[PRODUCTS, SKUS, MOVEMENTS, RESERVATIONS], says=[
        ProductListed, StockAdjusted, StockReserved, StockRejected,
    ], does=wired("inventory", policies, [
        on(OrderCreated,        domain.hold,    RESERVATIONS.maybe, PRODUCTS.each(domain.lines)),
        on(OrderConfirmed,      domain.commit,  RESERVATIONS,       _CLAIMED),
        on(OrderFailed,         domain.release, RESERVATIONS.maybe, _CLAIMED),
        on(OrderCancelled,      domain.release, RESERVATIONS.maybe, _CLAIMED),
        on(AddProduct,          domain.add,     SKUS.maybe,         _OWNED),
        on(ChangeProduct,       domain.change,  PRODUCTS),
        on(AdjustStock,         domain.adjust,  PRODUCTS),
        answers(GetProduct,     queries.get_product),
        answers(ListProducts,   queries.list_products),
        answers(FindProducts,   queries.find_products),
    ]))  # fmt: skip


SERVICE = inventory()
MANIFEST = Manifest(
    name="inventory",
    make=lambda given: inventory(policies=given.policies),
    tables=MD,
    steps=Path(__file__).with_name("migrations"),
    checks=f"{__package__}.checks",
    adopts=f"{__package__}.adopting",
)
