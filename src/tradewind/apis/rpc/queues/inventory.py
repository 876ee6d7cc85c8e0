"""The queue of inventory: create_product, get_product_by_id, get_products."""

from __future__ import annotations

from typing import Any

import msgspec

from ....contracts.inventory import AddProduct, GetProduct, ListProducts, ProductView
from ....contracts.values import Page, Price
from ....core.gateway import Gateway, Reply
from ....core.request_queue import Ask
from .. import rules
from ..rules import CreateProduct
from .endpoint import BadPayload, Handler, RpcEndpoint, Values, encode, paging_of, read
from .shown import money, page, total_of


class Create(msgspec.Struct, rename="camel"):
    """The key is for callers that send one everywhere: here the SKU is what is made once."""

    dto: CreateProduct
    idempotency_key: Any = None
    lang: Any = None


class Product(msgspec.Struct, rename="camel"):
    """As it is answered. `reserved_stock` is what of `stock` is held or sold."""

    id: str
    name: str
    sku: str
    stock: int
    reserved_stock: int
    created_at: str


class _Reply(msgspec.Struct, rename="camel"):
    """A `ProductView` as it is read back: what we wrote ourselves is not checked again."""

    id: str
    name: str
    sku: str
    on_hand: int
    held: int
    committed: int
    created_at: str


_create = msgspec.json.Decoder(Create).decode
_reply = msgspec.json.Decoder(_Reply).decode
_reply_of_0_1 = msgspec.json.Decoder(Product).decode


def inventory_handlers(gateway: Gateway, values: Values) -> dict[str, Handler]:
    """By pattern. Every one of them answers its message, at once or later."""
    endpoint, currency = RpcEndpoint(gateway, values, "inventory"), values.currency

    def create(ask: Ask) -> None:
        asked = created(ask.data)
        dto = asked.dto
        price = Price(0 if dto.price is None else money(dto.price, currency).amount, currency)
        message = AddProduct(dto.sku, dto.name, price, dto.stock, or_existing=True)
        endpoint.submit(ask, message, dto, None, asked.lang, show_reply)

    def by_id(ask: Ask) -> None:
        endpoint.one(ask, GetProduct, lambda product: encode(shown(product)))

    def listed(ask: Ask) -> None:
        paging = paging_of(ask.data)

        def show_page(found: Page[ProductView]) -> bytes:
            return page([shown(product) for product in found.data], paging, total_of(found))

        endpoint.query(ask, ListProducts(limit=paging.per_page, page=paging.page), "", show_page)

    handlers = {"create_product": create, "get_product_by_id": by_id, "get_products": listed}
    return {pattern: endpoint.handler(step) for pattern, step in handlers.items()}


def created(data: bytes) -> Create:
    """Errors: BadPayload."""
    asked = read(_create, data, rules.product_of, Create)
    checked = rules.product_of(rules.json_of(asked.dto))
    if isinstance(checked, list):
        raise BadPayload(checked)
    return asked


def show_reply(reply: Reply) -> bytes:
    """What the service has committed; a copy's is there as bytes alone."""
    if reply.view is not None:
        return encode(shown(reply.view))
    try:
        return encode(shown(_reply(reply.body)))
    except msgspec.ValidationError:
        return encode(_reply_of_0_1(reply.body))  # a message of before the upgrade that is delivered again


def shown(product: Any) -> Product:
    """A `ProductView`, or one that was read back."""
    return Product(
        product.id,
        product.name,
        product.sku,
        product.on_hand,
        product.held + product.committed,
        product.created_at,
    )
