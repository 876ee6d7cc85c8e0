"""Takes orders that name a price for each line: as they are where the caller has priced them, at our own
prices where he may not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from msgspec.structs import replace

from ...contracts.orders import (
    Item,
    Line,
    OrderCreated,
    OrderView,
    PaymentBy,
    PlaceOrder,
    PricedItem,
    RecordOrder,
)
from ...contracts.values import Money
from ...core.model import Context, Effects, Refused, SetTimer
from .domain import MOST, PENDING, Entry, Order, PaymentDue, take, view


def recording(deadline_ms: int, payment_token: str) -> Callable[[RecordOrder, Context], Effects[OrderView]]:
    """Keeps the prices and the total of the caller. The payment, by `payment_token`, is due `deadline_ms`
    later; with 0 it has no deadline.
    """

    def record(ask: RecordOrder, context: Context) -> Effects[OrderView]:
        lines = tuple([_line(item) for item in ask.items])
        expires_at = context.at + deadline_ms if deadline_ms else 0
        order = Order(
            context.new_id,
            PENDING,
            "none",
            context.caller.id,
            lines,
            ask.total.amount,
            ask.total.currency,
            None,
            payment_token,
            expires_at,
            1,
            context.at,
            context.at,
            ask.idempotency_key or None,
            number=context.number,
        )
        yield order
        yield OrderCreated(order.id, order.customer_id, _folded(lines), ask.total, expires_at)
        if expires_at:
            yield SetTimer(expires_at, PaymentDue(order.id))
        return view(order)

    return record


def wanted(ask: RecordOrder) -> Iterable[str]:
    return [item.product_id.lower() for item in ask.items]


def pricing(
    deadline_ms: int, payment_token: str
) -> Callable[[RecordOrder, Context, Mapping[str, Entry]], Effects[OrderView]]:
    """Takes our prices; the caller's total must be what they come to."""

    def price(ask: RecordOrder, context: Context, catalogue: Mapping[str, Entry]) -> Effects[OrderView]:
        items = tuple([Item(item.quantity, item.product_id.lower()) for item in ask.items])
        asked = PlaceOrder(items, PaymentBy(payment_token), ask.total)
        return view((yield from take(asked, context, catalogue, deadline_ms, ask.idempotency_key or None)))

    return price


def _line(item: PricedItem) -> Line:
    price = item.price
    amount = price.amount * item.quantity
    if amount > MOST:
        raise Refused("total_too_large", 422, f"A line may come to {MOST} minor units at the most.")
    return Line(item.product_id, "", "", item.quantity, price, Money(amount, price.currency))


def _folded(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """With the product ids as inventory has them: an id is the same in either case."""
    if all([line.product_id == line.product_id.lower() for line in lines]):
        return lines
    return tuple([replace(line, product_id=line.product_id.lower()) for line in lines])
