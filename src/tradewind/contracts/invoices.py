"""The messages of invoices: the invoice and the credit notes of an order, numbered without gaps."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, UnsetType

from ..core.model import Event, Query
from .operation import Operation, Who
from .orders import Line
from .users import Limit
from .values import HIDDEN, Money, Page, PageOrCursor, ReferenceOrAny, Stamp, Uuid, UuidOrAny, View

WithCustomer = Annotated[bool, Meta(description="whether the view says whose it is")]
Status = Literal["DRAFT", "ISSUED", "PAID", "VOID"]


class CreditNoteView(View, frozen=True):
    id: str
    number: str
    amount: Money
    reason: str
    issued_at: Stamp
    hash: str
    previous_hash: str


class InvoiceView(View, frozen=True):
    id: str
    number: str | None
    order_id: str
    status: Status
    lines: tuple[Line, ...]
    total: Money
    credit_notes: tuple[CreditNoteView, ...]
    issued_at: Stamp | None
    hash: str | None
    previous_hash: str | None
    # whose it is, where the API shows it
    customer_id: Annotated[str | UnsetType, HIDDEN] = UNSET


class GetInvoice(Query, frozen=True, tag="invoices.get"):
    invoice_id: Uuid
    with_customer: WithCustomer = False


class GetInvoicePdf(Query, frozen=True, tag="invoices.pdf"):
    invoice_id: Uuid


class Pdf(View, frozen=True):
    """A file; the API sends its bytes as they are."""

    name: str
    content: bytes


class ListInvoices(Query, frozen=True, tag="invoices.list"):
    keyed_by: ClassVar[str] = "order_id"
    order_id: ReferenceOrAny = ""
    limit: Limit = 20
    cursor: str = ""
    page: PageOrCursor = 0
    with_customer: WithCustomer = False


class InvoiceIssued(Event, frozen=True, tag="invoice.issued"):
    keyed_by: ClassVar[str] = "order_id"
    order_id: str
    invoice_id: str
    number: str


class CreditNoteIssued(Event, frozen=True, tag="credit_note.issued"):
    keyed_by: ClassVar[str] = "order_id"
    order_id: str
    invoice_id: str
    number: str
    amount: Money


_GONE = (404, "not_found")
OPERATIONS = (
    Operation(
        "invoices.list",
        "GET",
        "/api/v1/invoices",
        ListInvoices,
        Page[InvoiceView],
        Who.OWNER,
        "Invoices, newest first",
        paged=True,
        narrows={"order_id": UuidOrAny},
        hides=("page", "with_customer"),
    ),
    Operation(
        "invoices.get",
        "GET",
        "/api/v1/invoices/{invoiceId}",
        GetInvoice,
        InvoiceView,
        Who.OWNER,
        "One invoice",
        refuses=(_GONE,),
        hides=("with_customer",),
    ),
    Operation(
        "invoices.pdf",
        "GET",
        "/api/v1/invoices/{invoiceId}/pdf",
        GetInvoicePdf,
        Pdf,
        Who.OWNER,
        "The invoice as a PDF",
        refuses=(_GONE, (409, "not_issued")),
    ),
)
