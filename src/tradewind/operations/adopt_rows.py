"""Maps the rows of the published NestJS system to ours: ids, statuses, amounts, times and idempotency keys
stay the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec
import sqlalchemy as sa

from ..apis.rpc import rules
from ..apis.rpc.queues.endpoint import claim_of
from ..contracts.orders import Line
from ..contracts.values import Money
from ..core.clock import derived
from ..core.model import NOBODY, Aggregate, Table
from ..core.schema import codec
from ..engine.tables import framework_tables
from ..services.inventory.domain import HELD, RELEASED, Movement, Product, Reservation, SkuClaim
from ..services.inventory.storage import MOVEMENTS, PRODUCTS, RESERVATIONS, SKUS
from ..services.orders.domain import Order
from ..services.orders.domain import view as order_view
from ..services.orders.storage import ORDERS
from ..services.payments.domain import REFUNDED, Payment, view
from ..services.payments.storage import PAYMENTS

Rows: TypeAlias = list[tuple[sa.Table, tuple[Any, ...]]]
encode = msgspec.json.Encoder().encode


class Unfit(Exception):
    """A row that cannot be mapped; the text says why."""


class Values(msgspec.Struct, frozen=True):
    """`currency`: of every amount. `now`: ms since the epoch; idempotency keys are kept as if they had come
    then, and it is the mark of what was adopted.
    """

    currency: str
    now: int


class Source(msgspec.Struct, frozen=True):
    """A published table. `select` yields rows whose first column is `key` as text; {there} is the table, and
    {here} is ours. `series`: its rows get the next numbers of it.
    """

    service: str
    table: str
    columns: tuple[str, ...]
    key: str
    into: Table[Any]
    select: str
    make: Callable[..., Rows]
    group: str = ""
    series: str = ""


def _ms(column: str) -> str:
    return f'floor(extract(epoch FROM "{column}") * 1000)::bigint'


def order(
    values: Values, key: str, status: str, body: str, claim: str | None, created: int, updated: int
) -> Rows:
    dto = rules.order_of(body.encode())
    if isinstance(dto, list):
        raise Unfit("; ".join(dto))
    lines = tuple([_line(item, values) for item in dto.items])
    made = Order(
        key,
        status,
        "none",
        NOBODY.id,
        lines,
        _units(dto.total),
        values.currency,
        None,
        "",
        0,
        1,
        created,
        updated,
        claim or None,
        values.now,
    )
    return [
        (ORDERS.rows, _row(ORDERS, made)),
        *_claimed(
            framework_tables("orders").inbox,
            "create_order",
            claim,
            encode(dto),
            encode(order_view(made)),
            values,
        ),
    ]


def _line(item: rules.OrderItem, values: Values) -> Line:
    price = Money(_units(item.price), values.currency)
    return Line(
        item.product_id, "", "", item.quantity, price, Money(price.amount * item.quantity, values.currency)
    )


def product(
    values: Values, key: str, name: str, sku: str, stock: int, reserved: int, created: int, owner: str | None
) -> Rows:
    if owner is not None:
        raise Unfit(f"product {owner} has its SKU {sku!r} here")
    if not 0 <= reserved <= stock:
        raise Unfit(f"{reserved} are reserved of {stock}")
    moved = Movement(derived(key, "adopted"), key, stock, "initial stock", stock, created)
    made = Product(key, sku, name, 0, values.currency, stock, reserved, 0, 1, created, created)
    return [
        (PRODUCTS.rows, _row(PRODUCTS, made)),
        (SKUS.rows, _row(SKUS, SkuClaim(sku, key))),
        (MOVEMENTS.rows, _row(MOVEMENTS, moved)),
    ]


def reservation(values: Values, key: str, body: str, first: int, last: int) -> Rows:
    """The reservations of an order; its items are those that are still reserved, or all of them once
    none is.
    """
    claims = msgspec.json.decode(body)
    held = [claim for claim in claims if claim["status"] == "RESERVED"]
    items: dict[str, int] = {}
    for claim in held or claims:
        if claim["product"] is None or claim["quantity"] < 0:
            raise Unfit("a reservation without a product, or of less than nothing")
        items[claim["product"]] = items.get(claim["product"], 0) + claim["quantity"]
    return [
        (
            RESERVATIONS.rows,
            _row(
                RESERVATIONS, Reservation(key, HELD if held else RELEASED, items, 0, first, last, values.now)
            ),
        )
    ]


def payment(
    values: Values,
    key: str,
    order_id: str,
    status: str,
    body: str,
    claim: str | None,
    created: int,
    updated: int,
) -> Rows:
    dto = rules.payment_of(body.encode())
    if isinstance(dto, list):
        raise Unfit("; ".join(dto))
    amount = _units(dto.amount)
    made = Payment(
        key,
        order_id,
        NOBODY.id,
        amount,
        values.currency,
        amount if status == REFUNDED else 0,
        0,
        status,
        "",
        "",
        "",
        0,
        created,
        updated,
        claim or None,
    )
    return [
        (PAYMENTS.rows, _row(PAYMENTS, made)),
        *_claimed(
            framework_tables("payments").inbox,
            "create_payment",
            claim,
            encode(dto),
            encode(view(made)),
            values,
        ),
    ]


def _claimed(
    inbox: sa.Table, pattern: str, claim: str | None, dto: bytes, reply: bytes, values: Values
) -> Rows:
    """What the queue side looks for when the key comes again: then this row is the answer."""
    if not claim:
        return []
    return [(inbox, (claim_of("rpc", pattern, claim), claim_of(dto.decode()), 0, reply.decode(), values.now))]


def _units(amount: float) -> int:
    if (units := rules.cents(amount)) < 0:
        raise Unfit(f"{amount} is no amount of whole minor units")
    return units


def _row(table: Table[Any], aggregate: Aggregate) -> tuple[Any, ...]:
    return codec(table).to_row(aggregate)


TIMES = f"{_ms('createdAt')}, {_ms('updatedAt')}"
SOURCES = (
    Source(
        "orders",
        "order",
        ("id", "status", "items", "total", "idempotencyKey", "createdAt", "updatedAt"),
        "id",
        ORDERS,
        f"""SELECT id::text, status::text, json_build_object('items', items, 'total', total)::text, "idempotencyKey", {TIMES}""",
        order,
        series="orders",
    ),
    Source(
        "inventory",
        "product",
        ("id", "name", "sku", "stock", "reservedStock", "createdAt"),
        "id",
        PRODUCTS,
        f"""SELECT id::text, name, sku, stock, "reservedStock", {_ms("createdAt")},
        (SELECT product_id FROM {{schema}}.{SKUS.name} taken WHERE taken.id = there.sku)""",
        product,
    ),
    Source(
        "inventory",
        "stock_reservation",
        ("id", "orderId", "quantity", "status", "createdAt", "productId"),
        "orderId",
        RESERVATIONS,
        f"""SELECT "orderId"::text, json_agg(json_build_object('product', "productId", 'quantity', quantity, 'status', status)
        ORDER BY id)::text, min({_ms("createdAt")}), max({_ms("createdAt")})""",
        reservation,
        'GROUP BY "orderId"',
    ),
    Source(
        "payments",
        "payment",
        ("id", "orderId", "amount", "status", "idempotencyKey", "createdAt", "updatedAt"),
        "id",
        PAYMENTS,
        f"""SELECT id::text, "orderId"::text, status::text, json_build_object('orderId', "orderId", 'amount', amount)::text,
        "idempotencyKey", {TIMES}""",
        payment,
    ),
)
