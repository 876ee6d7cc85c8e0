"""Takes orders of an amount to the services, and shows orders and invoices in the published fields."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

from ...contracts.invoices import GetInvoice, InvoiceView, ListInvoices
from ...contracts.orders import GetOrder, Item, ListOrders, OrderView, PlaceOrder
from ...contracts.values import Money, Page
from ...core.gateway import Reply
from ...core.model import Caller, Message, Query, Refused
from ..kernel.request_context import Headers, RequestContext
from ..kernel.serving import PAGE, Serving, gathered
from .message import LARGEST

LEAST, MOST = 1, LARGEST
"""The published column is a 32-bit integer; an order of nothing is refused."""
LONGEST = 255
PER_PAGE, MOST_PER_PAGE = 10, 100
Amount = Annotated[int, Meta(ge=LEAST, le=MOST)]
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_encode = msgspec.json.Encoder().encode


class Asked(Message, frozen=True):
    """What was asked for: what the same under an idempotency key must be."""

    customer_id: str
    amount: int


class Order(msgspec.Struct, rename="camel"):
    id: str
    customer_id: str
    amount: int
    status: str
    created_at: str


class Invoice(msgspec.Struct, rename="camel"):
    id: str
    order_id: str
    customer_id: str
    amount: int
    number: int
    created_at: str


class Numbered(NamedTuple):
    """A page that was asked for by its number."""

    page: int
    per_page: int


def numbered(given: Mapping[str, Any]) -> Numbered | None:
    """Of parameters that are checked, as numbers or texts of such; None: no page was asked for."""
    if "page" not in given and "perPage" not in given:
        return None
    return Numbered(int(float(given.get("page", 1))), int(float(given.get("perPage", PER_PAGE))))


class _Total(msgspec.Struct):
    amount: int


class _Placed(msgspec.Struct, rename="camel"):
    """As much of an order as an answer needs; what we wrote ourselves is not checked again."""

    id: str
    customer_id: str
    total: _Total


_placed = msgspec.json.Decoder(_Placed).decode


def placed(reply: Reply) -> Any:
    """The order that came of `Amounts.place`: its id, its customer and its total."""
    return _placed(reply.body) if reply.view is None else reply.view


class Amounts:
    """`currency`: of all amounts. `list_max`: where a list without pages ends."""

    def __init__(self, serving: Serving, currency: str, list_max: int) -> None:
        self._serving, self._currency, self._most = serving, currency, list_max

    def place(self, context: RequestContext, customer: str, amount: int) -> None:
        """The reply is finished by the route. Errors: Refused, for a malformed key."""
        money = Money(amount, self._currency)
        message = PlaceOrder((Item(1, price=money),), None, money)
        self._serving.submit(context, message, Asked(customer, amount), Caller(customer, "customer"))

    def order(self, context: RequestContext) -> None:
        order_id = id_of(context.values[0])
        self._serving.ask(context, GetOrder(order_id), lambda view: context.show(order(view)))

    def invoice(self, context: RequestContext) -> None:
        query = GetInvoice(id_of(context.values[0]), with_customer=True)
        self._serving.ask(context, query, lambda view: context.show(invoice(view)))

    def orders(self, context: RequestContext, asked: Numbered | None) -> None:
        def query(limit: int, cursor: str = "", page: int = 0) -> Query:
            return ListOrders(limit, cursor, page=page)

        self._list(context, query, asked, order)

    def invoices(self, context: RequestContext, asked: Numbered | None, order_id: str = "") -> None:
        def query(limit: int, cursor: str = "", page: int = 0) -> Query:
            return ListInvoices(order_id, limit, cursor, page=page, with_customer=True)

        self._list(context, query, asked, invoice)

    def _list(
        self,
        context: RequestContext,
        query: Callable[..., Query],
        asked: Numbered | None,
        shown: Callable[[Any], Any],
    ) -> None:
        if asked is not None:
            numbered = query(asked.per_page, page=asked.page)
            self._serving.ask(context, numbered, partial(_show_page, context, shown))
            return
        all_of = gathered(self._serving.gateway, query, context.caller, self._most, context.deadline)
        self._serving.asks.run(all_of, partial(self._show_all, context, shown), context.fail)

    def _show_all(
        self, context: RequestContext, shown: Callable[[Any], Any], found: tuple[Sequence[Any], bool]
    ) -> None:
        views, more = found
        headers: Headers = ()
        if more:
            page = self._most // PAGE + 1
            link = f'<{context.request.path}?page={page}&perPage={PAGE}>; rel="next"'
            headers = ((b"link", link.encode()),)
        context.answer(200, _encode([shown(view) for view in views]), headers)


def _show_page(context: RequestContext, shown: Callable[[Any], Any], page: Page[Any]) -> None:
    total = page.total if isinstance(page.total, int) else 0
    headers = ((b"x-total-count", b"%d" % total),)
    context.answer(200, _encode([shown(view) for view in page.data]), headers)


def id_of(value: str) -> str:
    """Errors: Refused 404: what cannot be an id is the id of nothing."""
    if not _UUID.fullmatch(value):
        raise Refused("not_found", 404)
    return value.lower()


def order(view: OrderView) -> Order:
    return Order(view.id, view.customer_id, view.total.amount, view.status.lower(), view.created_at)


def invoice(view: InvoiceView) -> Invoice:
    return Invoice(
        view.id,
        view.order_id,
        view.customer_id if isinstance(view.customer_id, str) else "",
        view.total.amount,
        int(view.number or 0),
        view.issued_at or "",
    )
