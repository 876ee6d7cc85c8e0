"""Decides about stock: the only place that changes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from ...contracts.inventory import (
    AddProduct,
    AdjustStock,
    ChangeProduct,
    MovementView,
    ProductListed,
    ProductStatus,
    ProductView,
    Shortage,
    StockAdjusted,
    StockRejected,
    StockReserved,
)
from ...contracts.orders import OrderCancelled, OrderConfirmed, OrderCreated, OrderFailed
from ...contracts.values import Money, stamp
from ...core import preconditions
from ...core.model import Aggregate, Context, Effects, Refused

HELD, COMMITTED, RELEASED, EXPIRED = "HELD", "COMMITTED", "RELEASED", "EXPIRED"
MOST = 1_000_000_000


class Product(Aggregate, frozen=True):
    """`on_hand` is the stock in total; of it `held` waits for a payment and `committed` is sold and not
    shipped.
    """

    sku: str
    name: str
    price: int
    currency: str
    on_hand: int
    held: int
    committed: int
    version: int
    created_at: int
    updated_at: int
    status: ProductStatus = "ACTIVE"

    @property
    def available(self) -> int:
        return self.on_hand - self.held - self.committed

    def move(self, context: Context, *, held: int = 0, committed: int = 0) -> Product:
        return replace(
            self,
            held=self.held + held,
            committed=self.committed + committed,
            version=self.version + 1,
            updated_at=context.at,
        )


class SkuClaim(Aggregate, frozen=True):
    """Makes a SKU belong to one product."""

    product_id: str


class Movement(Aggregate, frozen=True):
    """A delivery, a loss or a count: why `on_hand` is what it is."""

    product_id: str
    delta: int
    reason: str
    on_hand: int
    created_at: int


class Reservation(Aggregate, frozen=True):
    """The reservation of an order, under the order's id. Without items it records that the order ended before
    its creation was handled. `adopted_at`: when one of another system was taken over.
    """

    status: str
    items: dict[str, int]
    expires_at: int
    created_at: int
    updated_at: int
    adopted_at: int | None = None


def view(p: Product) -> ProductView:
    return ProductView(
        p.id,
        p.sku,
        p.name,
        Money(p.price, p.currency),
        p.status,
        p.on_hand,
        p.held,
        p.committed,
        p.available,
        p.version,
        stamp(p.created_at),
        stamp(p.updated_at),
    )


def lines(heard: OrderCreated) -> Iterable[str]:
    return [line.product_id for line in heard.lines]


def owner(claim: SkuClaim | None) -> Iterable[str]:
    return (claim.product_id,) if claim is not None else ()


def claimed(claim: Reservation | None) -> Iterable[str]:
    return claim.items if claim is not None else ()


def add(
    ask: AddProduct, context: Context, claim: SkuClaim | None, owned: Mapping[str, Product]
) -> Effects[ProductView]:
    if claim is not None:
        if ask.or_existing is True:
            return view(owned[claim.product_id])
        raise Refused("sku_exists", says="A product with this SKU exists.", product_id=claim.product_id)
    product = Product(
        context.new_id,
        ask.sku,
        ask.name,
        ask.price.amount,
        ask.price.currency,
        ask.stock,
        0,
        0,
        1,
        context.at,
        context.at,
    )
    yield product
    yield SkuClaim(ask.sku, product.id)
    yield Movement(context.new_id, product.id, ask.stock, "initial stock", ask.stock, context.at)
    yield _listed(product)
    return view(product)


def change(ask: ChangeProduct, context: Context, product: Product) -> Effects[ProductView]:
    preconditions.check(ask.seen, product.version)
    changes: dict[str, Any] = {}
    if ask.name is not UNSET:
        changes["name"] = ask.name
    if isinstance(ask.price, Money):
        changes["price"], changes["currency"] = ask.price.amount, ask.price.currency
    if ask.status is not UNSET:
        changes["status"] = ask.status
    if changes:
        product = replace(product, **changes, version=product.version + 1, updated_at=context.at)
        yield product
        yield _listed(product)
    return view(product)


def _listed(p: Product) -> ProductListed:
    return ProductListed(p.id, p.sku, p.name, p.price, p.currency, p.version, p.status)


def adjust(ask: AdjustStock, context: Context, product: Product) -> Effects[MovementView]:
    on_hand = product.on_hand + ask.delta
    if on_hand < product.held + product.committed:
        raise Refused(
            "insufficient_stock",
            says="Less would be on the shelf than is held and sold.",
            available=product.available,
        )
    if on_hand > MOST:
        raise Refused("too_much_stock", 422, f"A product may have {MOST} pieces at the most.")
    movement = Movement(context.new_id, product.id, ask.delta, ask.reason, on_hand, context.at)
    yield replace(product, on_hand=on_hand, version=product.version + 1, updated_at=context.at)
    yield movement
    yield StockAdjusted(product.id, ask.delta, on_hand)
    return MovementView(movement.id, product.id, ask.delta, ask.reason, on_hand, stamp(context.at))


def hold(
    heard: OrderCreated, context: Context, claim: Reservation | None, shelf: Mapping[str, Product]
) -> Effects[None]:
    if claim is not None:
        return
    wanted: dict[str, int] = {}
    for line in heard.lines:
        wanted[line.product_id] = wanted.get(line.product_id, 0) + line.quantity
    available = {
        product_id: shelf[product_id].available if product_id in shelf else 0 for product_id in wanted
    }
    if any([available[product_id] < n for product_id, n in wanted.items()]):
        skus = {line.product_id: line.sku for line in heard.lines}
        short = [Shortage(i, skus[i], n, available[i]) for i, n in wanted.items() if available[i] < n]
        yield StockRejected(heard.order_id, tuple(short))
        return
    for product_id, n in wanted.items():
        yield shelf[product_id].move(context, held=n)
    yield Reservation(heard.order_id, HELD, wanted, heard.expires_at, context.at, context.at)
    yield StockReserved(heard.order_id)


def commit(
    heard: OrderConfirmed, context: Context, claim: Reservation, shelf: Mapping[str, Product]
) -> Effects[None]:
    if claim.status == COMMITTED:
        return
    if claim.status != HELD:
        raise Refused(
            "illegal_transition", says="A confirmed order must have its stock held.", current=claim.status
        )
    for product_id, n in claim.items.items():
        yield shelf[product_id].move(context, held=-n, committed=n)
    yield replace(claim, status=COMMITTED, updated_at=context.at)


def release(
    heard: OrderFailed | OrderCancelled,
    context: Context,
    claim: Reservation | None,
    shelf: Mapping[str, Product],
) -> Effects[None]:
    status = EXPIRED if isinstance(heard, OrderFailed) and heard.code == "expired" else RELEASED
    if claim is None:
        yield Reservation(heard.order_id, status, {}, context.at, context.at, context.at)
    elif claim.status in (HELD, COMMITTED):
        held = claim.status == HELD
        for product_id, n in claim.items.items():
            yield shelf[product_id].move(context, held=-n if held else 0, committed=0 if held else -n)
        yield replace(claim, status=status, updated_at=context.at)
