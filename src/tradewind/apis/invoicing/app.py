"""The HTTP servers of the NestJS system with orders and invoices of an amount, over the Gateway port."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any
from urllib.parse import parse_qs

import msgspec
from msgspec import Meta

from ...core.clock import Clock
from ...core.gateway import Gateway, Reply
from ...core.http import Request, Response
from ..amounts.app import AmountsApi, AmountsSettings, Entry
from ..amounts.described import AMOUNT, described_pages, invoices_document, orders_document
from ..amounts.operations import LONGEST, MOST, MOST_PER_PAGE, Amount, Amounts, numbered, placed
from ..kernel.request_context import Page, Route
from ..nest.bodies import body_of, refuse_bare
from ..nest.http import JSON, NAMES, NestContext
from ..nest.validator import (
    UUID,
    Fields,
    every,
    faults,
    first_faults,
    is_int,
    is_text,
    is_uuid,
    number,
    walked,
    within,
)

MOST_BODY = 100 * 1024
"""Express's own limit."""
BAD_REQUEST = "BadRequest"
"""What the published system calls a body that its DTO refuses; NestJS writes two words."""
OK = b'{"status":"ok"}'
ORDER: Fields = (("customerId", is_uuid), ("amount", every(is_int, within(0, MOST))))
PAGING: Fields = (
    ("page", every(is_int, within(1, 1_000_000_000))),
    ("perPage", every(is_int, within(1, MOST_PER_PAGE))),
)
FILTER: Fields = (("orderId", is_text(LONGEST)),)
_encode = msgspec.json.Encoder().encode


class CreateOrder(msgspec.Struct, rename="camel"):
    customer_id: Annotated[str, Meta(pattern=UUID.pattern)]
    amount: Amount


class Made(msgspec.Struct, rename="camel"):
    id: str
    amount: int
    customer_id: str


_order = msgspec.json.Decoder(CreateOrder).decode


class InvoicingApi(AmountsApi[NestContext]):
    """What both servers are."""


def orders_api(
    gateway: Gateway, clock: Clock, settings: AmountsSettings, pages: Mapping[str, Page] = {}, **more: Any
) -> InvoicingApi:
    def routes(amounts: Amounts) -> Iterator[Entry]:
        def create(context: NestContext) -> None:
            body = body_of(context.request, MOST_BODY)
            try:
                asked = _order(body)
            except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
                made = _walked(context, body)
                if made is None:
                    return
                asked = made
            amounts.place(context, asked.customer_id, asked.amount)

        def listed(context: NestContext) -> None:
            given = _query(context.request)
            if (wrong := _wrong(given, PAGING)) is None:
                amounts.orders(context, numbered(given))
            else:
                context.refuse(400, wrong, BAD_REQUEST)

        yield "POST", "/orders", Route("orders.create", "/orders", create, 201, finish=_made)
        yield "GET", "/orders", Route("orders.list", "/orders", listed)
        yield "GET", "/orders/:id", Route("orders.get", "/orders/:id", amounts.order)

    document = orders_document("orders", _BODY, _ANSWER, _ERROR)
    shown = {"/health": _health, **described_pages(document, "Orders"), **pages}
    return InvoicingApi(NestContext, gateway, clock, settings, routes, pages=shown, loose=True, **more)


def invoices_api(
    gateway: Gateway, clock: Clock, settings: AmountsSettings, pages: Mapping[str, Page] = {}, **more: Any
) -> InvoicingApi:
    def routes(amounts: Amounts) -> Iterator[Entry]:
        def listed(context: NestContext) -> None:
            given = _query(context.request)
            if (wrong := _wrong(given, (*FILTER, *PAGING))) is None:
                amounts.invoices(context, numbered(given), given.get("orderId", ""))
            else:
                context.refuse(400, wrong, BAD_REQUEST)

        yield "GET", "/invoices", Route("invoices.list", "/invoices", listed)
        yield "GET", "/invoices/:id", Route("invoices.get", "/invoices/:id", amounts.invoice)

    document = invoices_document("invoices", _ERROR)
    shown = {"/health": _health, **described_pages(document, "Invoices"), **pages}
    return InvoicingApi(NestContext, gateway, clock, settings, routes, pages=shown, loose=True, **more)


def _made(context: NestContext, reply: Reply) -> None:
    order = placed(reply)
    context.answer(201, _encode(Made(order.id, order.total.amount, order.customer_id)))


def _walked(context: NestContext, body: bytes) -> CreateOrder | None:
    """What the typed decode has refused: refused here in the published words, or an integer written as 2.0.
    Errors: NotJson.
    """
    refuse_bare(body)
    if wrong := first_faults(body, ORDER):
        context.refuse(400, wrong, BAD_REQUEST)
        return None
    try:
        made = walked(body, CreateOrder, ORDER)
    except msgspec.ValidationError:  # 0 passes the DTO, and then the order refuses it
        context.refuse(400, "amount is required", NAMES[400])
        return None
    assert isinstance(made, CreateOrder)
    return made


def _query(request: Request) -> dict[str, str]:
    """The last of several counts."""
    given = parse_qs(request.query.decode("latin-1"), keep_blank_values=True) if request.query else {}
    return {name: values[-1] for name, values in given.items()}


def _wrong(given: dict[str, str], fields: Fields) -> dict[str, str] | None:
    """By field, what is wrong with the parameters that are given."""
    values = {name: text if name == "orderId" else number(text) for name, text in given.items()}
    found = {field[0]: faults("", values, (field,)) for field in fields if field[0] in values}
    return {name: wrong[0] for name, wrong in found.items() if wrong} or None


def _health(_: Request) -> Response:
    return Response(200, OK, (), JSON)


_BODY = {
    "type": "object",
    "properties": {"customerId": {"type": "string", "format": "uuid"}, "amount": AMOUNT},
    "required": ["customerId", "amount"],
    "example": {"customerId": "7c69ae16-a49a-4c3b-b507-88e40093a637", "amount": 5000},
}
_ANSWER = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "amount": AMOUNT,
        "customerId": {"type": "string"},
    },
    "required": ["id", "amount", "customerId"],
}
_ERROR = {
    "type": "object",
    "properties": {
        "statusCode": {"type": "integer"},
        "message": {"description": "A sentence, or by field what is wrong with it."},
        "error": {"type": "string"},
    },
    "required": ["statusCode", "message"],
}
