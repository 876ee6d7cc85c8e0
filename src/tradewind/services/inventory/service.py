"""The table of contents of inventory."""

from __future__ import annotations

from ...chassis.model import Service, answers, on
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
from . import domain, queries
from .storage import MOVEMENTS, PRODUCTS, RESERVATIONS, SKUS

_CLAIMED = PRODUCTS.follow(RESERVATIONS.maybe, domain.claimed)

SERVICE = Service("inventory", keeps=[PRODUCTS, SKUS, MOVEMENTS, RESERVATIONS], says=[
    ProductListed, StockAdjusted, StockReserved, StockRejected,
], does=[
    on(OrderCreated,        domain.hold,    RESERVATIONS.maybe, PRODUCTS.each(domain.lines)),
    on(OrderConfirmed,      domain.commit,  RESERVATIONS,       _CLAIMED),
    on(OrderFailed,         domain.release, RESERVATIONS.maybe, _CLAIMED),
    on(OrderCancelled,      domain.release, RESERVATIONS.maybe, _CLAIMED),
    on(AddProduct,          domain.add,     SKUS.maybe),
    on(ChangeProduct,       domain.change,  PRODUCTS),
    on(AdjustStock,         domain.adjust,  PRODUCTS),
    answers(GetProduct,     queries.get_product),
    answers(ListProducts,   queries.list_products),
    answers(FindProducts,   queries.find_products),
])  # fmt: skip
