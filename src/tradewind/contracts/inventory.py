"""The messages of inventory: products, their stock and the reservations on it."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, UnsetType

from ..core.model import Event, Query, Request
from ..core.preconditions import Seen
from .operation import Operation, Who
from .users import Limit
from .values import Money, Page, PageOrCursor, Price, Reason, Reference, Sku, Stamp, Text, Uuid, View

ProductStatus = Literal["ACTIVE", "WITHDRAWN"]
Stock = Annotated[int, Meta(ge=0, le=1_000_000_000)]
Delta = Annotated[int, Meta(ge=-1_000_000_000, le=1_000_000_000)]


class ProductView(View, frozen=True):
    """`status`: a WITHDRAWN product stays in old orders, and cannot be ordered."""

    id: str
    sku: str
    name: str
    price: Money
    status: ProductStatus
    on_hand: int
    held: int
    committed: int
    available: int
    version: int
    created_at: Stamp
    updated_at: Stamp


class MovementView(View, frozen=True):
    id: str
    product_id: str
    delta: int
    reason: str
    on_hand: int
    created_at: Stamp


class Shortage(View, frozen=True):
    product_id: str
    sku: str
    wanted: int
    available: int


class AddProduct(Request, frozen=True, tag="inventory.add_product", forbid_unknown_fields=True):
    keyed_by: ClassVar[str] = "sku"
    sku: Reference
    name: Annotated[str, Meta(min_length=1, max_length=255)]
    price: Price
    stock: Stock
    # one that has this SKU is the answer then, whatever else was asked for, and no refusal
    or_existing: bool | UnsetType = UNSET


class ChangeProduct(Request, frozen=True, tag="inventory.change_product", forbid_unknown_fields=True):
    keyed_by: ClassVar[str] = "product_id"
    product_id: Reference
    name: Text | UnsetType = UNSET
    price: Price | UnsetType = UNSET
    status: ProductStatus | UnsetType = UNSET
    seen: Seen = UNSET


class AdjustStock(Request, frozen=True, tag="inventory.adjust_stock", forbid_unknown_fields=True):
    keyed_by: ClassVar[str] = "product_id"
    product_id: Reference
    delta: Delta
    reason: Reason


class GetProduct(Query, frozen=True, tag="inventory.product"):
    product_id: Reference


class ListProducts(Query, frozen=True, tag="inventory.products"):
    limit: Limit = 20
    cursor: str = ""
    q: Annotated[str, Meta(max_length=100)] = ""
    # only an admin may ask for the withdrawn ones
    status: ProductStatus = "ACTIVE"
    page: PageOrCursor = 0


class FindProducts(Query, frozen=True, tag="inventory.find"):
    """Between services: the products with these ids or SKUs, as far as they exist."""

    ids: tuple[str, ...] = ()
    skus: tuple[str, ...] = ()


class Listing(View, frozen=True):
    product_id: str
    sku: str
    name: str
    price: int
    currency: str
    version: int
    status: ProductStatus = "ACTIVE"


class Found(View, frozen=True):
    products: tuple[Listing, ...]


class ProductListed(Event, frozen=True, tag="product.listed"):
    """A product is new, or its name, price or status has changed: all that other services copy of it."""

    keyed_by: ClassVar[str] = "product_id"
    product_id: str
    sku: str
    name: str
    price: int
    currency: str
    version: int
    status: ProductStatus = "ACTIVE"


class StockAdjusted(Event, frozen=True, tag="stock.adjusted"):
    keyed_by: ClassVar[str] = "product_id"
    product_id: str
    delta: int
    on_hand: int


class StockReserved(Event, frozen=True, tag="stock.reserved"):
    keyed_by: ClassVar[str] = "order_id"
    order_id: str


class StockRejected(Event, frozen=True, tag="stock.rejected"):
    keyed_by: ClassVar[str] = "order_id"
    order_id: str
    shortages: tuple[Shortage, ...]


_NEW = {"sku": "TEA-100", "name": "Assam, 100 g", "price": {"amount": 1999, "currency": "EUR"}, "stock": 100}
_PRODUCTS = "/api/v1/products"
_UUID = {"product_id": Uuid}
_GONE = (404, "not_found")
OPERATIONS = (
    Operation(
        "inventory.add_product",
        "POST",
        _PRODUCTS,
        AddProduct,
        ProductView,
        Who.ADMIN,
        "Add a product",
        201,
        ((409, "sku_exists"),),
        _NEW,
        hides=("or_existing",),
        versioned=True,
        narrows={"sku": Sku, "name": Text},
    ),
    Operation(
        "inventory.products",
        "GET",
        _PRODUCTS,
        ListProducts,
        Page[ProductView],
        Who.ALL,
        "The catalogue, newest first",
        refuses=((403, "forbidden"),),
        paged=True,
        hides=("page",),
    ),
    Operation(
        "inventory.product",
        "GET",
        _PRODUCTS + "/{productId}",
        GetProduct,
        ProductView,
        Who.ALL,
        "One product",
        refuses=(_GONE,),
        versioned=True,
        narrows=_UUID,
    ),
    Operation(
        "inventory.change_product",
        "PATCH",
        _PRODUCTS + "/{productId}",
        ChangeProduct,
        ProductView,
        Who.ADMIN,
        "Change a product's name or price, or withdraw it",
        refuses=(_GONE,),
        example={"price": {"amount": 1899, "currency": "EUR"}},
        hides=("seen",),
        versioned=True,
        narrows=_UUID,
    ),
    Operation(
        "inventory.adjust_stock",
        "POST",
        _PRODUCTS + "/{productId}/stock-adjustments",
        AdjustStock,
        MovementView,
        Who.ADMIN,
        "Add or take stock",
        201,
        (_GONE, (409, "insufficient_stock"), (422, "too_much_stock")),
        {"delta": 25, "reason": "delivery"},
        narrows=_UUID,
    ),
)
