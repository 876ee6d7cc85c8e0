"""Says of every path of this API which service is asked what, and what must be true of a request before it
is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TypeVar

import msgspec

from ..nest.bodies import body_of, refuse_bare
from ..nest.http import NAMES
from . import envelope
from .downstream import Downstream, RpcSettings
from .request_context import RpcContext, RpcRoute
from .rules import (
    UUID,
    CreateOrder,
    CreatePayment,
    CreateProduct,
    json_of,
    order_of,
    page_of,
    payment_of,
    product_of,
)
from .texts import text

T = TypeVar("T", CreateOrder, CreateProduct, CreatePayment)
LONGEST_KEY = 255
KEY = b"x-idempotency-key"
WRONG_KEY = f"X-Idempotency-Key must be between 1 and {LONGEST_KEY} characters"
# what stands in JSON as it is
_PLAIN = re.compile(rb"[\x20\x21\x23-\x5b\x5d-\x7e]{1,%d}" % LONGEST_KEY)
_PARAMETER = re.compile(rb"(?:^|&)(page|perPage)=([^&]*)")
_encode = msgspec.json.Encoder().encode


class Operations:
    """`fresh` makes the key of a write whose client sent none: it is what allows us to try it again."""

    def __init__(
        self,
        settings: RpcSettings,
        orders: Downstream,
        inventory: Downstream,
        payments: Downstream,
        fresh: Callable[[], bytes],
    ) -> None:
        self._settings, self._fresh = settings, fresh
        self._orders, self._inventory, self._payments = orders, inventory, payments

    def routes(self) -> Iterator[RpcRoute]:
        orders, inventory, payments = self._orders, self._inventory, self._payments
        yield RpcRoute(
            "orders.create", "POST", "/api/orders", self.create_order, status=201, asks="create_order"
        )
        yield RpcRoute("orders.list", "GET", "/api/orders", self._listing(orders), asks="get_orders")
        yield RpcRoute(
            "orders.get", "GET", "/api/orders/:id", self._reading(orders, "order"), asks="get_order_by_id"
        )
        yield RpcRoute(
            "products.create", "POST", "/api/products", self.create_product, status=201, asks="create_product"
        )
        yield RpcRoute("products.list", "GET", "/api/products", self._listing(inventory), asks="get_products")
        yield RpcRoute(
            "products.get",
            "GET",
            "/api/products/:id",
            self._reading(inventory, "product"),
            asks="get_product_by_id",
        )
        yield RpcRoute(
            "payments.create", "POST", "/api/payments", self.create_payment, status=201, asks="create_payment"
        )
        yield RpcRoute("payments.list", "GET", "/api/payments", self._listing(payments), asks="get_payments")
        yield RpcRoute(
            "payments.get",
            "GET",
            "/api/payments/:id",
            self._reading(payments, "payment"),
            asks="get_payment_by_id",
        )
        yield RpcRoute(
            "payments.of_order",
            "GET",
            "/api/payments/order/:orderId",
            self.payments_of,
            asks="get_payments_by_order_id",
        )

    def create_order(self, context: RpcContext) -> None:
        self._write(context, self._orders, order_of)

    def create_product(self, context: RpcContext) -> None:
        """No key: the SKU says which product it is, so a second try finds the first one's."""
        product = self._checked(context, product_of)
        if product is not None:
            context.ask(self._inventory, self._settings.write, b'{"dto":%b}' % json_of(product))

    def create_payment(self, context: RpcContext) -> None:
        self._write(context, self._payments, payment_of)

    def _write(
        self, context: RpcContext, downstream: Downstream, check: Callable[[bytes], T | list[str]]
    ) -> None:
        """Asks for what must be done once, under the client's key or a fresh one."""
        checked = self._checked(context, check)
        if checked is not None and (key := self._key(context)):
            data = b'{"dto":%b,"idempotencyKey":%b,"lang":"%b"}' % (json_of(checked), key, context.language)
            context.ask(downstream, self._settings.write, data)

    def payments_of(self, context: RpcContext) -> None:
        """An unknown order has none."""
        if UUID.match(context.values[0]):
            context.ask(self._payments, self._settings.read, b'{"orderId":"%b"}' % context.values[0].encode())
        else:
            context.answer(200, envelope.BEGIN + b"[]" + envelope.END)

    def _reading(self, downstream: Downstream, thing: str) -> Callable[[RpcContext], None]:
        def read(context: RpcContext) -> None:
            if UUID.match(context.values[0]):
                context.ask(
                    downstream,
                    self._settings.read,
                    b'{"id":"%b","lang":"%b"}' % (context.values[0].encode(), context.language),
                )
            else:  # what cannot be an id is the id of nothing
                context.refuse(404, text(thing, context.language))

        return read

    def _listing(self, downstream: Downstream) -> Callable[[RpcContext], None]:
        def show(context: RpcContext) -> None:
            # the last of several counts; anything but plain digits is no number to us, so nothing is decoded
            query = context.request.query
            given = (
                {name.decode(): value.decode("latin-1") for name, value in _PARAMETER.findall(query)}
                if query
                else {}
            )
            asked = page_of(given)
            if isinstance(asked, list):
                context.refuse(400, asked, NAMES[400])
            else:
                context.ask(
                    downstream,
                    self._settings.read,
                    b'{"page":%d,"perPage":%d}' % (asked.page, asked.per_page),
                )

        return show

    def _checked(self, context: RpcContext, check: Callable[[bytes], T | list[str]]) -> T | None:
        """Errors: NotJson, BodyRefused."""
        body = body_of(context.request, self._settings.body_bytes)
        checked = check(body)
        if not isinstance(checked, list):
            return checked
        refuse_bare(body)
        context.refuse(400, checked, NAMES[400])
        return None

    def _key(self, context: RpcContext) -> bytes:
        """The idempotency key as JSON; nothing where it was refused."""
        given = context.request.headers.get(KEY)
        if given is None:
            return b'"%b"' % self._fresh()
        if _PLAIN.fullmatch(given):
            return b'"%b"' % given
        key = given.decode("latin-1")  # as Node reads it
        if 1 <= len(key) <= LONGEST_KEY:
            return _encode(key)
        context.refuse(400, [WRONG_KEY], NAMES[400])
        return b""
