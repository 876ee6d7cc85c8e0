"""Takes orders of an amount over HTTP and shows them under integer ids, to the Gateway."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from tradewind.apis.kernel.health import Health
from tradewind.apis.kernel.idempotency import Claims
from tradewind.apis.kernel.pending_reads import PendingReads
from tradewind.apis.kernel.request_context import Api, Kernel, Route, page_routes, request_ids
from tradewind.apis.kernel.router import Router
from tradewind.apis.kernel.serving import Serving
from tradewind.apis.nest.http import NestContext
from tradewind.contracts.invoices import InvoiceView, ListInvoices
from tradewind.contracts.orders import Item, ListOrders, OrderView, PlaceOrder
from tradewind.contracts.values import Money, Page
from tradewind.core.gateway import Gateway, Reply
from tradewind.core.model import Caller, Refused

_order = msgspec.json.Decoder(OrderView).decode


class Wanted(msgspec.Struct, rename="camel"):
    customer_id: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
    amount: Annotated[int, msgspec.Meta(ge=1, le=2_147_483_647)]


class NumberedApi(Api[NestContext]):
    def __init__(self, gateway: Gateway, secret: bytes, currency: str, **options: Any) -> None:
        self._serving = Serving(gateway, PendingReads(5.0), Claims(secret))
        self._currency = currency
        self.health = Health(gateway.missing)
        routes = [
            ("POST", "/orders", Route("orders.place", "/orders", self._place, 201, finish=_placed)),
            ("GET", "/orders/:id", Route("orders.get", "/orders/:id", self._get)),
            ("GET", "/invoices/:uuid", Route("invoices.list", "/invoices/:uuid", self._invoices)),
            *page_routes(self.health.pages()),
        ]
        super().__init__(Kernel(request_ids("numbered"), **options), NestContext, Router(routes))

    def _place(self, context: NestContext) -> None:
        try:
            wanted = msgspec.json.decode(context.request.body, type=Wanted)
        except msgspec.MsgspecError as error:
            raise Refused("invalid", 400, str(error)) from None
        order = PlaceOrder((Item(1, price=Money(wanted.amount, self._currency)),))
        self._serving.submit(context, order, caller=Caller(wanted.customer_id, "customer"))

    def _get(self, context: NestContext) -> None:
        def found(page: Page[OrderView]) -> None:
            if page.data:
                context.show(shown(page.data[0]))
            else:
                context.fail(Refused("not_found", 404))

        self._serving.ask(context, ListOrders(number=int(context.values[0])), found)

    def _invoices(self, context: NestContext) -> None:
        def found(page: Page[InvoiceView]) -> None:
            context.show(
                [
                    {
                        "number": int(one.number or 0),
                        "amount": one.total.amount,
                        "customerId": one.customer_id,
                    }
                    for one in page.data
                ]
            )

        self._serving.ask(context, ListInvoices(context.values[0], with_customer=True), found)


def _placed(context: NestContext, reply: Reply) -> None:
    context.show(shown(_order(reply.body)))


def shown(order: OrderView) -> dict[str, Any]:
    return {
        "id": order.number,
        "uuid": order.id,
        "customerId": order.customer_id,
        "amount": order.total.amount,
        "status": order.status,
    }
