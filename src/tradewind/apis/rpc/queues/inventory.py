"""The queue of inventory: create_product, get_product_by_id, get_products."""

from __future__ import annotations

from typing import Any

import msgspec

from ....contracts.inventory import EnsureProduct, GetRecordedProduct, ListRecordedProducts, RecordedProducts
from ....contracts.values import Money
from ....core.gateway import Gateway
from ....core.request_queue import Ask
from .. import rules
from ..rules import CreateProduct
from .endpoint import BadPayload, Handler, RpcEndpoint, Values, encode, paging_of, read
from .shown import money, page


class Create(msgspec.Struct, rename="camel"):
    """The key is for callers that send one everywhere: here the SKU is what is made once."""

    dto: CreateProduct
    idempotency_key: Any = None
    lang: Any = None


_create = msgspec.json.Decoder(Create).decode


def inventory_handlers(gateway: Gateway, values: Values) -> dict[str, Handler]:
    """By pattern. Every one of them answers its message, at once or later."""
    endpoint, currency = RpcEndpoint(gateway, values, "inventory"), values.currency

    def create(ask: Ask) -> None:
        asked = created(ask.data)
        dto = asked.dto
        price = Money(0, currency) if dto.price is None else money(dto.price, currency)
        message = EnsureProduct(dto.name, dto.sku, dto.stock, price)
        endpoint.submit(
            ask, message, dto, None, asked.lang, lambda reply: reply.body
        )  # which has the published shape

    def by_id(ask: Ask) -> None:
        endpoint.one(ask, GetRecordedProduct, encode)

    def listed(ask: Ask) -> None:
        paging = paging_of(ask.data)

        def show_page(found: RecordedProducts) -> bytes:
            return page(found.data, paging, found.item_count)

        endpoint.query(ask, ListRecordedProducts(paging.page, paging.per_page), "", show_page)

    handlers = {"create_product": create, "get_product_by_id": by_id, "get_products": listed}
    return {pattern: endpoint.handler(step) for pattern, step in handlers.items()}


def created(data: bytes) -> Create:
    """Errors: BadPayload."""
    asked = read(_create, data, rules.product_of, Create)
    checked = rules.product_of(rules.json_of(asked.dto))
    if isinstance(checked, list):
        raise BadPayload(checked)
    return asked
