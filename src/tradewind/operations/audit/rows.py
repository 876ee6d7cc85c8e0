"""The columns that an audit reads of each table, and in which ranges, so that nothing else is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec
import sqlalchemy as sa

from ...core.model import wire_name
from ...engine.tables import framework_tables
from ...services.inventory.storage import RESERVATIONS
from ...services.invoices.storage import INVOICES, NOTES
from ...services.notifications.storage import NOTIFICATIONS
from ...services.orders.domain import PaymentDue
from ...services.orders.storage import ORDERS
from ...services.payments.storage import PAYMENTS, REFUNDS

ORDER_TABLES = framework_tables("orders")


TIMER = f"{wire_name(PaymentDue)}:"


class Rows(Protocol):
    """A source of rows: a snapshot, a transaction, or a store that does not change meanwhile."""

    async def rows(
        self, statement: sa.Select[Any], values: Mapping[str, Any] | None = None
    ) -> list[tuple[Any, ...]]: ...


class OrderRow(msgspec.Struct, frozen=True):
    id: str
    status: str
    payment_status: str
    customer_id: str
    items: str
    total: int
    currency: str
    expires_at: int
    version: int
    created_at: int
    updated_at: int


class Hold(msgspec.Struct, frozen=True):
    id: str
    status: str
    items: str


class PaymentRow(msgspec.Struct, frozen=True):
    id: str
    order_id: str
    customer_id: str
    amount: int
    currency: str
    refunded: int
    refunding: int
    status: str
    updated_at: int


class RefundRow(msgspec.Struct, frozen=True):
    id: str
    payment_id: str
    amount: int
    status: str


class Told(msgspec.Struct, frozen=True):
    id: str
    order_id: str
    template: str


class Said(msgspec.Struct, frozen=True):
    """An event of orders, in the log's order."""

    key: str
    seq: int
    name: str


def _range(table: sa.Table, kind: type[msgspec.Struct], key: str) -> sa.Select[Any]:
    return _within(sa.select(*[table.c[name] for name in kind.__struct_fields__]), table.c[key])


def _within(statement: sa.Select[Any], key: sa.Column[Any]) -> sa.Select[Any]:
    return statement.where(key > sa.bindparam("after"), key <= sa.bindparam("upto"))


def _end(key: sa.Column[Any]) -> sa.Select[Any]:
    return (
        sa.select(key)
        .where(key > sa.bindparam("after"))
        .order_by(key)
        .limit(1)
        .offset(sa.bindparam("n", type_=sa.Integer))
    )


ORDERS_IN = _range(ORDERS.rows, OrderRow, "id")
HOLDS_IN = _range(RESERVATIONS.rows, Hold, "id")
# a payment that was only recorded is no charge: it belongs to no order's story, and its order need not be
# there
PAYMENTS_IN = _range(PAYMENTS.rows, PaymentRow, "id").where(PAYMENTS.rows.c.provider != "")
REFUNDS_IN = _range(REFUNDS.rows, RefundRow, "payment_id")
TOLD_IN = _range(NOTIFICATIONS.rows, Told, "id")
SAID_IN = _range(ORDER_TABLES.log, Said, "key")
INVOICES_IN = _within(sa.select(INVOICES.rows), INVOICES.rows.c.id)
NOTES_IN = _within(sa.select(NOTES.rows), NOTES.rows.c.invoice_id)
DUE_IN = _within(sa.select(ORDER_TABLES.timers.c.id), ORDER_TABLES.timers.c.id)
ENDS = [
    _end(column)
    for column in (
        ORDERS.rows.c.id,
        RESERVATIONS.rows.c.id,
        PAYMENTS.rows.c.id,
        INVOICES.rows.c.id,
        ORDER_TABLES.log.c.key,
    )
]
