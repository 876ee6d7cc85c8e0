"""Answers questions about products."""

from __future__ import annotations

from ...contracts.inventory import (
    FindProducts,
    Found,
    GetProduct,
    GetRecordedProduct,
    Listing,
    ListProducts,
    ListRecordedProducts,
    ProductView,
    RecordedProduct,
    RecordedProducts,
)
from ...contracts.values import Page
from ...core.model import Caller, Refused
from ...core.paging import Listing as Paged
from ...core.store import Reader
from . import storage
from .domain import Product, recorded, view


async def get_product(reader: Reader, query: GetProduct, caller: Caller) -> ProductView:
    product = await reader.get(storage.PRODUCTS, query.product_id)
    if product is None:
        raise Refused("not_found", 404)
    return view(product)


async def list_products(reader: Reader, query: ListProducts, caller: Caller) -> Page[ProductView]:
    listing = Paged("products", query.q)
    values = {**listing.below(query.cursor), "n": query.limit + 1}
    statement = storage.NEWEST
    if query.q:
        statement = storage.NEWEST_LIKE
        values["like"] = "%" + _literal(query.q.lower()) + "%"
    products = await reader.find(storage.PRODUCTS, statement, values)
    found, cursor = listing.page(products, query.limit, lambda product: (product.created_at, product.id))
    return Page([view(product) for product in found], cursor)


def _literal(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")


async def get_recorded(reader: Reader, query: GetRecordedProduct, caller: Caller) -> RecordedProduct:
    product = await reader.get(storage.PRODUCTS, query.product_id)
    if product is None:
        raise Refused("not_found", 404)
    return recorded(product)


async def list_recorded(reader: Reader, query: ListRecordedProducts, caller: Caller) -> RecordedProducts:
    count = await reader.rows(storage.RECORDED_COUNT)
    values = {"n": query.per_page, "skip": (query.page - 1) * query.per_page}
    return RecordedProducts(
        [recorded(p) for p in await reader.find(storage.PRODUCTS, storage.RECORDED_PAGE, values)], count[0][0]
    )


async def find_products(reader: Reader, query: FindProducts, caller: Caller) -> Found:
    found = [await reader.get(storage.PRODUCTS, product_id) for product_id in query.ids]
    for sku in query.skus:
        found += await reader.find(storage.PRODUCTS, storage.BY_SKU, {"sku": sku})
    return Found(tuple([_listing(product) for product in found if product is not None]))


def _listing(p: Product) -> Listing:
    return Listing(p.id, p.sku, p.name, p.price, p.currency, p.version)
