"""The HTTP servers of the Fastify system with orders and invoices of an amount, over the Gateway port."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs

import msgspec
from msgspec import UNSET, UnsetType

from ...core.clock import Clock
from ...core.gateway import Gateway, Reply
from ...core.http import Request, Response
from ..amounts.app import AmountsApi, AmountsSettings, Entry
from ..amounts.described import AMOUNT, described_pages, invoices_document, orders_document
from ..amounts.message import Text
from ..amounts.operations import LEAST, LONGEST, MOST, MOST_PER_PAGE, Amount, Amounts, numbered, placed
from ..fastify.http import MOST_BODY, TEXT, FastifyContext, value_of
from ..fastify.zod import Fields, faults, number_of, optional, text, whole
from ..kernel.cors import Cors
from ..kernel.request_context import Page, Route

ORDER: Fields = {"amount": whole(LEAST, MOST), "customerId": optional(text(1, LONGEST))}
PAGING: Fields = {"page": optional(whole(1, 1_000_000_000)), "perPage": optional(whole(1, MOST_PER_PAGE))}
FILTER: Fields = {"orderId": optional(text(1, LONGEST)), **PAGING}
CORS = Cors(("*",), methods=b"GET,HEAD,POST")
"""As `@fastify/cors` answers; what is in front of it replaces the header."""
_JSON = b"application/json"
_encode = msgspec.json.Encoder().encode


class CreateOrder(msgspec.Struct, rename="camel"):
    amount: Amount
    customer_id: Text | UnsetType = UNSET


class Made(msgspec.Struct, rename="camel"):
    order_id: str


_order = msgspec.json.Decoder(CreateOrder).decode


class ContractsApi(AmountsApi[FastifyContext]):
    """What both servers are."""


def orders_api(
    gateway: Gateway, clock: Clock, settings: AmountsSettings, pages: Mapping[str, Page] = {}, **more: Any
) -> ContractsApi:
    def routes(amounts: Amounts) -> Iterator[Entry]:
        def create(context: FastifyContext) -> None:
            asked = _asked(context)
            if asked is not None:
                customer = asked.customer_id
                amounts.place(
                    context,
                    customer if isinstance(customer, str) else settings.default_customer,
                    asked.amount,
                )

        def listed(context: FastifyContext) -> None:
            given = _query(context.request)
            if wrong := faults("querystring", given, PAGING):
                context.invalid(wrong)
            else:
                amounts.orders(context, numbered(given))

        # with the published route of the proxy, which cuts its path off, an order comes at /
        for path in ("/orders", "/"):
            yield "POST", path, Route("orders.create", path, create, 201, finish=_made)
        yield "GET", "/orders", Route("orders.list", "/orders", listed)
        yield "GET", "/orders/:id", Route("orders.get", "/orders/:id", amounts.order)

    document = orders_document("orders", _BODY, _ANSWER, _ERROR)
    return _api(gateway, clock, settings, routes, {**described_pages(document, "Orders"), **pages}, more)


def invoices_api(
    gateway: Gateway, clock: Clock, settings: AmountsSettings, pages: Mapping[str, Page] = {}, **more: Any
) -> ContractsApi:
    def routes(amounts: Amounts) -> Iterator[Entry]:
        def listed(context: FastifyContext) -> None:
            given = _query(context.request)
            if wrong := faults("querystring", given, FILTER):
                context.invalid(wrong)
            else:
                amounts.invoices(context, numbered(given), given.get("orderId", ""))

        yield "GET", "/invoices", Route("invoices.list", "/invoices", listed)
        yield "GET", "/invoices/:id", Route("invoices.get", "/invoices/:id", amounts.invoice)

    document = invoices_document("invoices", _ERROR)
    return _api(gateway, clock, settings, routes, {**described_pages(document, "Invoices"), **pages}, more)


def _api(
    gateway: Gateway,
    clock: Clock,
    settings: AmountsSettings,
    routes: Any,
    pages: Mapping[str, Page],
    more: Mapping[str, Any],
) -> ContractsApi:
    shown = {"/health": _health, **pages}
    return ContractsApi(FastifyContext, gateway, clock, settings, routes, pages=shown, cors=CORS, **more)


def _made(context: FastifyContext, reply: Reply) -> None:
    order_id = placed(reply).id
    context.answer(201, _encode(Made(order_id)), ((b"location", b"/orders/" + order_id.encode()),))


def _asked(context: FastifyContext) -> CreateOrder | None:
    """None: it was refused. Errors: BodyRefused."""
    request = context.request
    body = request.body
    # Fastify refuses that field, wherever it is
    if request.headers.get(b"content-type") == _JSON and len(body) <= MOST_BODY and b"__proto__" not in body:
        try:
            return _order(body)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
            pass  # walked below, to find what to say
    value = value_of(request)
    if wrong := faults("body", value, ORDER):
        context.invalid(wrong)
        return None
    return CreateOrder(int(value["amount"]), value.get("customerId", UNSET))


def _query(request: Request) -> dict[str, Any]:
    """page and perPage are numbers; several of one name are none."""
    given = parse_qs(request.query.decode("latin-1"), keep_blank_values=True) if request.query else {}
    return {
        name: number_of(values[0] if len(values) == 1 else "x") if name in PAGING else values[-1]
        for name, values in given.items()
    }


def _health(_: Request) -> Response:
    return Response(200, b"OK", (), TEXT)


_BODY = {
    "type": "object",
    "properties": {"amount": AMOUNT, "customerId": {"type": "string", "minLength": 1, "maxLength": LONGEST}},
    "required": ["amount"],
    "example": {"amount": 5000},
}
_ANSWER = {
    "type": "object",
    "properties": {"orderId": {"type": "string", "format": "uuid"}},
    "required": ["orderId"],
}
_ERROR = {
    "type": "object",
    "properties": {
        "statusCode": {"type": "integer"},
        "code": {"type": "string"},
        "error": {"type": "string"},
        "message": {"type": "string"},
    },
    "required": ["statusCode", "error", "message"],
}
