"""The tables of the published NestJS system, whose rows `migrate adopt` takes over."""

from __future__ import annotations

import msgspec

from ...contracts.adopted import AdoptedOrder, AdoptedPayment, AdoptedProduct, AdoptedReservation, Values
from ...contracts.orders import Line
from ...contracts.values import Money
from ...core.adopting import Claim, Source, Unfit
from ...core.model import NOBODY
from . import rules
from .queues.endpoint import claim_of

encode = msgspec.json.Encoder().encode


def milliseconds(column: str) -> str:
    return f'floor(extract(epoch FROM "{column}") * 1000)::bigint'


def order(
    values: Values, key: str, status: str, body: str, claim: str | None, created: int, updated: int
) -> tuple[AdoptedOrder, Claim | None]:
    dto = rules.order_of(body.encode())
    if isinstance(dto, list):
        raise Unfit("; ".join(dto))
    record = AdoptedOrder(
        id=key,
        status=status,
        customer_id=NOBODY.id,
        lines=tuple([_line(item, values) for item in dto.items]),
        total=Money(_units(dto.total), values.currency),
        created_at=created,
        updated_at=updated,
        idempotency_key=claim or None,
    )
    return record, _claim("create_order", claim, dto)


def _line(item: rules.OrderItem, values: Values) -> Line:
    price = Money(_units(item.price), values.currency)
    return Line(
        item.product_id, "", "", item.quantity, price, Money(price.amount * item.quantity, values.currency)
    )


def product(
    values: Values, key: str, name: str, sku: str, stock: int, reserved: int, created: int, owner: str | None
) -> tuple[AdoptedProduct, None]:
    if owner is not None:
        raise Unfit(f"product {owner} has its SKU {sku!r} here")
    record = AdoptedProduct(
        id=key, sku=sku, name=name, currency=values.currency, on_hand=stock, held=reserved, created_at=created
    )
    return record, None


def reservation(
    values: Values, key: str, body: str, first: int, last: int
) -> tuple[AdoptedReservation, None]:
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
    record = AdoptedReservation(order_id=key, items=items, held=bool(held), created_at=first, updated_at=last)
    return record, None


def payment(
    values: Values,
    key: str,
    order_id: str,
    status: str,
    body: str,
    claim: str | None,
    created: int,
    updated: int,
) -> tuple[AdoptedPayment, Claim | None]:
    dto = rules.payment_of(body.encode())
    if isinstance(dto, list):
        raise Unfit("; ".join(dto))
    record = AdoptedPayment(
        id=key,
        order_id=order_id,
        amount=Money(_units(dto.amount), values.currency),
        status=status,
        created_at=created,
        updated_at=updated,
        idempotency_key=claim or None,
    )
    return record, _claim("create_payment", claim, dto)


def _claim(pattern: str, claim: str | None, dto: rules.CreateOrder | rules.CreatePayment) -> Claim | None:
    """What the queue side looks for when the key comes again."""
    return Claim(claim_of("rpc", pattern, claim), claim_of(encode(dto).decode())) if claim else None


def _units(amount: float) -> int:
    if (units := rules.cents(amount)) < 0:
        raise Unfit(f"{amount} is no amount of whole minor units")
    return units


TIMES = f"{milliseconds('createdAt')}, {milliseconds('updatedAt')}"
SOURCES = (
    Source(
        service="orders",
        table="order",
        columns=("id", "status", "items", "total", "idempotencyKey", "createdAt", "updatedAt"),
        record=AdoptedOrder,
        select=f"""SELECT id::text, status::text, json_build_object('items', items, 'total', total)::text,
        "idempotencyKey", {TIMES}""",
        make=order,
    ),
    Source(
        service="inventory",
        table="product",
        columns=("id", "name", "sku", "stock", "reservedStock", "createdAt"),
        record=AdoptedProduct,
        select=f"""SELECT id::text, name, sku, stock, "reservedStock", {milliseconds("createdAt")},
        (SELECT product_id FROM {{schema}}.skus taken WHERE taken.id = there.sku)""",
        make=product,
    ),
    Source(
        service="inventory",
        table="stock_reservation",
        columns=("id", "orderId", "quantity", "status", "createdAt", "productId"),
        record=AdoptedReservation,
        key="orderId",
        select=f"""SELECT "orderId"::text,
        json_agg(json_build_object('product', "productId", 'quantity', quantity, 'status', status)
        ORDER BY id)::text, min({milliseconds("createdAt")}), max({milliseconds("createdAt")})""",
        make=reservation,
        group='GROUP BY "orderId"',
    ),
    Source(
        service="payments",
        table="payment",
        columns=("id", "orderId", "amount", "status", "idempotencyKey", "createdAt", "updatedAt"),
        record=AdoptedPayment,
        select=f"""SELECT id::text, "orderId"::text, status::text,
        json_build_object('orderId', "orderId", 'amount', amount)::text, "idempotencyKey", {TIMES}""",
        make=payment,
    ),
)
