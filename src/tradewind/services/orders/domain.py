"""Decides what becomes of an order: the only place that may change its status."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from msgspec import UNSET
from msgspec.structs import replace

from ...contracts import inventory
from ...contracts.inventory import FindProducts, Found, ProductListed, StockRejected, StockReserved
from ...contracts.orders import (
    CancelOrder,
    Failure,
    Item,
    Line,
    OrderCancelled,
    OrderConfirmed,
    OrderCreated,
    OrderFailed,
    OrderView,
    PaymentRequested,
    PlaceOrder,
    RefundRequested,
)
from ...contracts.payments import PaymentCompleted, PaymentFailed, PaymentRefunded
from ...contracts.values import Money, stamp
from ...core.model import Aggregate, CancelTimer, Consult, Context, Effects, Message, Refused, SetTimer, Timer

_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
MOST = 1_000_000_000_000
PENDING, CONFIRMED, FAILED, CANCELLED = "PENDING", "CONFIRMED", "FAILED", "CANCELLED"


class Order(Aggregate, frozen=True):
    """`token` is the customer's means of payment; it is forgotten when the order is final.
    `adopted_at`: when an order of another system was taken over, whose history is there.
    """

    status: str
    payment_status: str
    customer_id: str
    items: tuple[Line, ...]
    total: int
    currency: str
    failure: Failure | None
    token: str
    expires_at: int
    version: int
    created_at: int
    updated_at: int
    idempotency_key: str | None = None
    adopted_at: int | None = None
    number: int = 0

    @property
    def money(self) -> Money:
        return Money(self.total, self.currency)

    def become(self, status: str, context: Context, **changes: Any) -> Order:
        token = self.token if status == PENDING else ""
        return replace(
            self, status=status, token=token, version=self.version + 1, updated_at=context.at, **changes
        )


class Entry(Aggregate, frozen=True):
    """The copy of a product, from the events of inventory. Stored twice: under its id and under `sku:` and
    its SKU, since an order may name either.
    """

    product_id: str
    sku: str
    name: str
    price: int
    currency: str
    version: int
    status: inventory.ProductStatus = "ACTIVE"


class PaymentDue(Timer, frozen=True, tag="orders.payment_due"):
    keyed_by: ClassVar[str] = "order_id"
    order_id: str


class CatalogueLearned(Message, frozen=True, tag="orders.catalogue_learned"):
    """Inventory's answer about products that were not in the copy."""

    products: tuple[inventory.Listing, ...]


def view(order: Order) -> OrderView:
    return OrderView(
        order.id,
        order.number,
        order.status,  # type: ignore[arg-type]
        order.payment_status,  # type: ignore[arg-type]
        order.customer_id,
        order.items,
        order.money,
        order.failure,
        stamp(order.expires_at),
        order.version,
        stamp(order.created_at),
        stamp(order.updated_at),
        order.idempotency_key or UNSET,
    )


def entry_key(item: Item) -> str:
    """An id of ours is the same in either case."""
    return item.product_id.lower() if item.product_id else f"sku:{item.sku}"


def wanted(ask: PlaceOrder) -> Iterable[str]:
    return [entry_key(item) for item in ask.items]


def listed(heard: ProductListed) -> Iterable[str]:
    return (heard.product_id, f"sku:{heard.sku}")


def learned(heard: CatalogueLearned) -> Iterable[str]:
    return [key for product in heard.products for key in (product.product_id, f"sku:{product.sku}")]


def placing(
    deadline_ms: int, token: str = ""
) -> Callable[[PlaceOrder, Context, Mapping[str, Entry]], Effects[OrderView]]:
    """The handler that takes an order at our prices; its payment is due `deadline_ms` after, or never when
    that is 0. `token` pays where the order names none.
    """

    def place(ask: PlaceOrder, context: Context, catalogue: Mapping[str, Entry]) -> Effects[OrderView]:
        found = [(item, catalogue.get(entry_key(item))) for item in ask.items]
        if unknown := [item for item, entry in found if entry is None]:
            _unknown(unknown, context)
        entries = [(item, entry) for item, entry in found if entry is not None]
        if withdrawn := [item for item, entry in entries if entry.status != "ACTIVE"]:
            _withdrawn(withdrawn, context)
        lines = tuple([_line(item, entry) for item, entry in entries])
        total = _total(lines)
        if ask.expected_total is not None and ask.expected_total != total:
            raise Refused("price_changed", says="The total is not what was expected.", total=total)
        return view((yield from _keep(ask, context, lines, lines, total, deadline_ms, token)))

    return place


def placing_as_priced(
    deadline_ms: int, token: str = ""
) -> Callable[[PlaceOrder, Context], Effects[OrderView]]:
    """The handler that takes an order at the prices and the total of its caller; the rest as `placing`."""

    def place(ask: PlaceOrder, context: Context) -> Effects[OrderView]:
        lines = tuple([_priced(item) for item in ask.items])
        total = _total(lines) if ask.expected_total is None else ask.expected_total
        return view((yield from _keep(ask, context, lines, _folded(lines), total, deadline_ms, token)))

    return place


def _keep(
    ask: PlaceOrder,
    context: Context,
    lines: tuple[Line, ...],
    told: tuple[Line, ...],
    total: Money,
    deadline_ms: int,
    token: str,
) -> Effects[Order]:
    paid_by = token if ask.payment is None else ask.payment.token
    key = ask.idempotency_key or None
    return opened(
        context, context.new_id, context.caller.id, lines, total, deadline_ms, paid_by, key=key, told=told
    )


def opened(
    context: Context,
    order_id: str,
    customer_id: str,
    lines: tuple[Line, ...],
    total: Money,
    deadline_ms: int,
    token: str,
    *,
    key: str | None = None,
    told: tuple[Line, ...] | None = None,
) -> Effects[Order]:
    """The effects of every new order. Its payment, by `token`, is due `deadline_ms` later, or never when
    that is 0. `told`: the lines as others hear of them, where they differ; `key`: the idempotency key that it
    shows.
    """
    expires_at = context.at + deadline_ms if deadline_ms else 0
    order = Order(
        order_id,
        PENDING,
        "none",
        customer_id,
        lines,
        total.amount,
        total.currency,
        None,
        token,
        expires_at,
        1,
        context.at,
        context.at,
        key,
        number=context.number,
    )
    yield order
    lines = lines if told is None else told
    yield OrderCreated(order_id, customer_id, lines, total, expires_at, context.number)
    if expires_at:
        yield SetTimer(expires_at, PaymentDue(order_id))
    return order


def _unknown(items: list[Item], context: Context) -> None:
    """A product that the copy lacks may only be new: inventory is asked once before the order is refused."""
    _consult(items, context)
    raise Refused(
        "unknown_product",
        422,
        "A product of the basket does not exist.",
        products=[i.product_id or i.sku for i in items],
    )


def _withdrawn(items: list[Item], context: Context) -> None:
    """It may be sold again, and the copy be old."""
    _consult(items, context)
    raise Refused(
        "product_withdrawn",
        422,
        "A product of the basket is no longer sold.",
        products=[i.product_id or i.sku for i in items],
    )


def _consult(items: list[Item], context: Context) -> None:
    if not context.consulted:
        ids = tuple([item.product_id.lower() for item in items if item.product_id])
        raise Consult(FindProducts(ids, tuple([item.sku for item in items if item.sku])), _learn)


def _learn(found: Found) -> CatalogueLearned:
    return CatalogueLearned(found.products)


def _line(item: Item, entry: Entry) -> Line:
    price, total = Money(entry.price, entry.currency), Money(entry.price * item.quantity, entry.currency)
    return Line(entry.product_id, entry.sku, entry.name, item.quantity, price, total)


def _priced(item: Item) -> Line:
    price = item.price
    if price is UNSET:
        raise Refused("price_missing", 422, "Each line of an order needs a price here.")
    amount = price.amount * item.quantity
    if amount > MOST:
        raise Refused("total_too_large", 422, f"A line may come to {MOST} minor units at the most.")
    total = Money(amount, price.currency)
    return Line(item.product_id or "", item.sku or "", "", item.quantity, price, total)


def _folded(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """With the ids of products as inventory has them: a UUID is the same in either case, and other references
    are not.
    """
    if all([line.product_id == line.product_id.lower() for line in lines]):
        return lines
    return tuple(
        [
            replace(line, product_id=line.product_id.lower()) if _UUID.fullmatch(line.product_id) else line
            for line in lines
        ]
    )


def _total(lines: tuple[Line, ...]) -> Money:
    currency = lines[0].line_total.currency
    if any([line.line_total.currency != currency for line in lines]):
        raise Refused("mixed_currencies", 422, "All lines of an order must be in one currency.")
    amount = sum([line.line_total.amount for line in lines])
    if amount > MOST:
        raise Refused("total_too_large", 422, f"An order may come to {MOST} minor units at the most.")
    return Money(amount, currency)


def learn(
    heard: ProductListed | CatalogueLearned, context: Context, catalogue: Mapping[str, Entry]
) -> Effects[None]:
    for product in [heard] if isinstance(heard, ProductListed) else heard.products:
        known = catalogue.get(product.product_id)
        if known is not None and known.version >= product.version:
            continue
        for key in (product.product_id, f"sku:{product.sku}"):
            yield Entry(
                key,
                product.product_id,
                product.sku,
                product.name,
                product.price,
                product.currency,
                product.version,
                product.status,
            )


def request_payment(heard: StockReserved, context: Context, order: Order) -> Effects[None]:
    if order.status == PENDING:
        yield PaymentRequested(order.id, order.customer_id, order.money, order.token, order.expires_at)


def confirm(heard: PaymentCompleted, context: Context, order: Order | None) -> Effects[None]:
    """Without the order: where it is charged as soon as it is told of, it may be that of another system."""
    if order is None:
        return
    if order.status == PENDING:
        yield order.become(CONFIRMED, context, payment_status="paid")
        yield OrderConfirmed(order.id, order.customer_id, order.money)
        yield CancelTimer(PaymentDue(order.id))
    elif order.payment_status == "none":
        # the payment is late: the order keeps its final status, the customer gets a refund
        yield order.become(order.status, context, payment_status="paid")
        yield RefundRequested(order.id, order.customer_id, "the payment arrived after the order had ended")


def fail(heard: StockRejected | PaymentFailed, context: Context, order: Order | None) -> Effects[None]:
    if order is None or order.status != PENDING:
        return
    if isinstance(heard, StockRejected):
        yield from _end(
            order, context, Failure("out_of_stock", {"shortages": heard.shortages}), heard.shortages
        )
    else:
        yield from _end(order, context, Failure(heard.code, {"reason": heard.reason}))


def expire(due: PaymentDue, context: Context, order: Order) -> Effects[None]:
    if order.status == PENDING:
        yield from _end(order, context, Failure("expired", {"reason": "no payment before the deadline"}))


def _end(
    order: Order, context: Context, failure: Failure, shortages: tuple[inventory.Shortage, ...] = ()
) -> Effects[None]:
    yield order.become(FAILED, context, failure=failure)
    yield OrderFailed(order.id, order.customer_id, failure.code, shortages)
    yield CancelTimer(PaymentDue(order.id))


def cancel(ask: CancelOrder, context: Context, order: Order) -> Effects[OrderView]:
    if not context.caller.may_see(order.customer_id):
        raise Refused("not_found", 404)
    if order.status not in (PENDING, CONFIRMED):
        raise Refused(
            "illegal_transition", says=f"A {order.status} order cannot be cancelled.", current=order.status
        )
    order = order.become(CANCELLED, context)
    yield order
    yield OrderCancelled(order.id, order.customer_id, ask.reason)
    yield CancelTimer(PaymentDue(order.id))
    return view(order)


def note_refund(heard: PaymentRefunded, context: Context, order: Order) -> Effects[None]:
    status = "refunded" if heard.whole else "partially_refunded"
    if order.payment_status not in (status, "refunded"):
        yield order.become(order.status, context, payment_status=status)
