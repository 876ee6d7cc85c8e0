"""The messages of orders. Orders leads: every other service subscribes only to it, and replies to what it
requests.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from msgspec import UNSET, Meta, UnsetType

from ..core.model import Event, Query, Request
from ..core.sensitive import SECRET
from .inventory import Shortage
from .operation import Operation, Who
from .users import Limit
from .values import (
    HIDDEN,
    Key,
    MaybeReason,
    Money,
    Page,
    PageOrCursor,
    Quantity,
    Reference,
    Sku,
    Stamp,
    Uuid,
    View,
)

Status = Literal["PENDING", "CONFIRMED", "FAILED", "CANCELLED"]
PaymentStatus = Literal["none", "paid", "partially_refunded", "refunded"]
Wait = Annotated[int, Meta(ge=0, le=30)]


class Item(View, frozen=True, forbid_unknown_fields=True):
    """One line of an order: a product, by its id or its SKU, or an amount without either. `price` is the
    caller's, of one piece; the policy `pricing` says whether it counts.
    """

    quantity: Annotated[int, Meta(ge=1, le=9_999_999)]
    product_id: Reference | None = None
    sku: Sku | None = None
    price: Money | UnsetType = UNSET

    def __post_init__(self) -> None:
        if self.product_id is not None and self.sku is not None:
            raise ValueError("productId and sku name a product, so not both")
        if self.product_id is None and self.sku is None and self.price is UNSET:
            raise ValueError("productId, sku or a price is needed")


class CatalogueItem(View, frozen=True, forbid_unknown_fields=True):
    """One line of a basket of products at our prices: `productId` or `sku`, not both."""

    price: ClassVar[UnsetType] = UNSET
    quantity: Quantity
    product_id: Uuid | None = None
    sku: Sku | None = None

    def __post_init__(self) -> None:
        if (self.product_id is None) == (self.sku is None):
            raise ValueError("either productId or sku is needed, and not both")


class PaymentBy(View, frozen=True, forbid_unknown_fields=True):
    token: Annotated[str, Meta(pattern=r"^[\x21-\x7e]+$(?!\n)", max_length=255)]


class Line(View, frozen=True):
    product_id: str
    sku: str
    name: str
    quantity: int
    unit_price: Money
    line_total: Money


class Failure(View, frozen=True):
    code: Literal["out_of_stock", "payment_declined", "payment_error", "expired"]
    detail: Any


class OrderView(View, frozen=True):
    id: str
    number: Annotated[int, Meta(description="unique; numbers may be missing between two orders")]
    status: Status
    payment_status: PaymentStatus
    customer_id: str
    items: tuple[Line, ...]
    total: Money
    failure: Failure | None
    expires_at: Stamp
    version: int
    created_at: Stamp
    updated_at: Stamp
    # the key under which it was asked, where the API shows it
    idempotency_key: Annotated[str | UnsetType, HIDDEN] = UNSET


class TimelineEntry(View, frozen=True):
    id: str
    service: str
    name: str
    data: Any
    cause: str
    request_id: str
    at: Stamp


class Timeline(View, frozen=True):
    data: list[TimelineEntry]


class PlaceOrder(Request, frozen=True, tag="orders.place", forbid_unknown_fields=True):
    """With the policy `pricing` client the prices of the items and the expected total are those of the order;
    with catalogue the prices are ours, and the total must be the expected one. Without `payment` the shop's
    own token pays. `idempotency_key`: the key that the order is to show.
    """

    items: Annotated[tuple[Item, ...], Meta(min_length=1, max_length=1_000)]
    payment: PaymentBy | None = None
    expected_total: Money | None = None
    idempotency_key: Key | UnsetType = UNSET


class CancelOrder(Request, frozen=True, tag="orders.cancel", forbid_unknown_fields=True):
    keyed_by: ClassVar[str] = "order_id"
    order_id: Uuid
    reason: MaybeReason = ""


class GetOrder(Query, frozen=True, tag="orders.get"):
    keyed_by: ClassVar[str] = "order_id"
    order_id: Uuid


class ListOrders(Query, frozen=True, tag="orders.list"):
    limit: Limit = 20
    cursor: str = ""
    status: Status | Literal[""] = ""
    number: Annotated[int, Meta(ge=1, le=10**18 - 1, description="that of one order")] = 0
    page: PageOrCursor = 0


class GetTimeline(Query, frozen=True, tag="orders.timeline"):
    keyed_by: ClassVar[str] = "order_id"
    order_id: Uuid


class OrderCreated(Event, frozen=True, tag="order.created"):
    keyed_by: ClassVar[str] = "order_id"
    order_id: str
    customer_id: str
    lines: tuple[Line, ...]
    total: Money
    expires_at: int
    number: int = 0


class PaymentRequested(Event, frozen=True, tag="payment.requested"):
    keyed_by: ClassVar[str] = "order_id"
    order_id: str
    customer_id: str
    total: Money
    token: Annotated[str, SECRET]
    expires_at: int


class OrderConfirmed(Event, frozen=True, tag="order.confirmed"):
    keyed_by: ClassVar[str] = "order_id"
    order_id: str
    customer_id: str
    total: Money


class OrderFailed(Event, frozen=True, tag="order.failed"):
    keyed_by: ClassVar[str] = "order_id"
    order_id: str
    customer_id: str
    code: str
    shortages: tuple[Shortage, ...] = ()


class OrderCancelled(Event, frozen=True, tag="order.cancelled"):
    keyed_by: ClassVar[str] = "order_id"
    order_id: str
    customer_id: str
    reason: str


class RefundRequested(Event, frozen=True, tag="refund.requested"):
    """Money came for an order that could no longer take it: give all of it back."""

    keyed_by: ClassVar[str] = "order_id"
    order_id: str
    customer_id: str
    reason: str


_ORDER = "/api/v1/orders"
_ONE = _ORDER + "/{orderId}"
_GONE = (404, "not_found")
_NEW = {
    "items": [{"sku": "TEA-100", "quantity": 2}],
    "payment": {"token": "tok_ok"},
    "expectedTotal": {"amount": 3998, "currency": "EUR"},
}
PLACE = Operation(
    "orders.place",
    "POST",
    _ORDER,
    PlaceOrder,
    OrderView,
    Who.USER,
    "Place an order",
    201,
    (
        (422, "unknown_product"),
        (422, "product_withdrawn"),
        (422, "mixed_currencies"),
        (422, "total_too_large"),
        (409, "price_changed"),
    ),
    _NEW,
    hides=("idempotency_key",),
    narrows={
        "items": Annotated[tuple[CatalogueItem, ...], Meta(min_length=1, max_length=100)],
        "payment": PaymentBy,
    },
)
GET = Operation(
    "orders.get",
    "GET",
    _ONE,
    GetOrder,
    OrderView,
    Who.OWNER,
    "One order; with `Prefer: wait=N` (at most 30) answered when it is final or after N seconds",
    refuses=(_GONE,),
    waits=True,
)
OPERATIONS = (
    PLACE,
    GET,
    Operation(
        "orders.list",
        "GET",
        _ORDER,
        ListOrders,
        Page[OrderView],
        Who.OWNER,
        "My orders, newest first",
        paged=True,
        hides=("page",),
    ),
    Operation(
        "orders.timeline",
        "GET",
        _ONE + "/timeline",
        GetTimeline,
        Timeline,
        Who.OWNER,
        "Every event of the order across all services, in causal order",
        refuses=(_GONE,),
    ),
    Operation(
        "orders.cancel",
        "POST",
        _ONE + "/cancel",
        CancelOrder,
        OrderView,
        Who.OWNER,
        "Cancel an order",
        200,
        (_GONE, (409, "illegal_transition")),
        {"reason": "ordered twice"},
    ),
)
