"""Answers questions about products."""

from __future__ import annotations

from ...contracts.inventory import FindProducts, Found, GetProduct, Listing, ListProducts, ProductView
from ...contracts.values import Page
from ...core.model import Caller, Refused
from ...core.paging import Listing as Paged
from ...core.store import Reader
from . import storage
from .domain import Product, view


async def get_product(reader: Reader, query: GetProduct, caller: Caller) -> ProductView:
    product = await reader.get(storage.PRODUCTS, query.product_id)
    if product is None:
        raise Refused("not_found", 404)
    return view(product)


async def list_products(reader: Reader, query: ListProducts, caller: Caller) -> Page[ProductView]:
    if query.status == "WITHDRAWN" and caller.role != "admin":
        raise Refused("forbidden", 403, "Only an admin sees the list of withdrawn products.")
    only = {"status": query.status}
    like = {"like": "%" + _literal(query.q.lower()) + "%"} if query.q else {}
    if query.page:
        page, count = (storage.PAGE_LIKE, storage.COUNT_LIKE) if like else (storage.PAGE, storage.COUNT)
        ((total,),) = await reader.rows(count, {**only, **like})
        values = {**only, **like, "n": query.limit, "skip": (query.page - 1) * query.limit}
        return Page([view(p) for p in await reader.find(storage.PRODUCTS, page, values)], None, total)
    listing = Paged("products", query.status, query.q)
    values = {**only, **like, **listing.below(query.cursor), "n": query.limit + 1}
    statement = storage.NEWEST_LIKE if like else storage.NEWEST
    products = await reader.find(storage.PRODUCTS, statement, values)
    found, cursor = listing.page(products, query.limit, lambda product: (product.created_at, product.id))
    return Page([view(product) for product in found], cursor)


def _literal(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")


async def find_products(reader: Reader, query: FindProducts, caller: Caller) -> Found:
    found = [await reader.get(storage.PRODUCTS, product_id) for product_id in query.ids]
    for sku in query.skus:
        found += await reader.find(storage.PRODUCTS, storage.BY_SKU, {"sku": sku})
    return Found(tuple([_listing(product) for product in found if product is not None]))


def _listing(p: Product) -> Listing:
    return Listing(p.id, p.sku, p.name, p.price, p.currency, p.version, p.status)
