"""The whole of API v1, in one list."""

from __future__ import annotations

from . import inventory, invoices, notifications, ops, orders, payments, users
from .operation import Operation

OPERATIONS: tuple[Operation, ...] = (
    *users.OPERATIONS,
    *inventory.OPERATIONS,
    *orders.OPERATIONS,
    *payments.OPERATIONS,
    *invoices.OPERATIONS,
    *notifications.OPERATIONS,
    *ops.OPERATIONS,
)
