"""The messages of inventory: products, their stock and the reservations on it."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import UNSET, Meta, UnsetType

from ..core.model import Event, Query, Request
from .operation import Operation, Who
from .users import Limit
from .values import Money, Page, PageNumber, PerPage, Price, Reason, Sku, Stamp, Text, Uuid, View

Stock = Annotated[int, Meta(ge=0, le=1_000_000_000)]
Delta = Annotated[int, Meta(ge=-1_000_000_000, le=1_000_000_000)]


class ProductView(View, frozen=True):
    id: str
    sku: str
    name: str
    price: Money
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


class RecordedProduct(View, frozen=True):
    """A product with all of its stock; `reserved_stock` is what of `stock` is held or sold."""

    id: str
    name: str
    sku: str
    stock: int
    reserved_stock: int
    created_at: Stamp


class RecordedProducts(View, frozen=True):
    """One page, and how many products there are on all pages."""

    data: list[RecordedProduct]
    item_count: int


class AddProduct(Request, frozen=True, tag="inventory.add_product", forbid_unknown_fields=True):
    keyed_by: ClassVar[str] = "sku"
    sku: Sku
    name: Text
    price: Price
    stock: Stock


class EnsureProduct(Request, frozen=True, tag="inventory.ensure_product"):
    """Makes sure that there is a product with this SKU: one that exists is the answer, whatever else was
    asked for.
    """

    keyed_by: ClassVar[str] = "sku"
    name: Annotated[str, Meta(min_length=1, max_length=255)]
    sku: Annotated[str, Meta(min_length=1, max_length=255)]
    stock: Stock
    price: Money


class ChangeProduct(Request, frozen=True, tag="inventory.change_product", forbid_unknown_fields=True):
    keyed_by: ClassVar[str] = "product_id"
    product_id: Uuid
    name: Text | UnsetType = UNSET
    price: Price | UnsetType = UNSET


class AdjustStock(Request, frozen=True, tag="inventory.adjust_stock", forbid_unknown_fields=True):
    keyed_by: ClassVar[str] = "product_id"
    product_id: Uuid
    delta: Delta
    reason: Annotated[Reason, Meta(min_length=1)]


class GetProduct(Query, frozen=True, tag="inventory.product"):
    product_id: Uuid


class ListProducts(Query, frozen=True, tag="inventory.products"):
    limit: Limit = 20
    cursor: str = ""
    q: Annotated[str, Meta(max_length=100)] = ""


class GetRecordedProduct(Query, frozen=True, tag="inventory.recorded"):
    product_id: Uuid


class ListRecordedProducts(Query, frozen=True, tag="inventory.recorded_list"):
    """Newest first."""

    page: PageNumber = 1
    per_page: PerPage = 10


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


class Found(View, frozen=True):
    products: tuple[Listing, ...]


class ProductListed(Event, frozen=True, tag="product.listed"):
    """A product is new, or its name or price has changed; it carries all that other services copy of it."""

    keyed_by: ClassVar[str] = "product_id"
    product_id: str
    sku: str
    name: str
    price: int
    currency: str
    version: int


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
    ),
    Operation(
        "inventory.products",
        "GET",
        _PRODUCTS,
        ListProducts,
        Page[ProductView],
        Who.ALL,
        "The catalogue, newest first",
        paged=True,
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
    ),
    Operation(
        "inventory.change_product",
        "PATCH",
        _PRODUCTS + "/{productId}",
        ChangeProduct,
        ProductView,
        Who.ADMIN,
        "Change a product's name or price",
        refuses=(_GONE,),
        example={"price": {"amount": 1899, "currency": "EUR"}},
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
    ),
)
