"""When an order gets an invoice, what its number looks like, and that no number is missing."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.policies.shop import ADMIN, Shop, opened
from tradewind.contracts.invoices import GetInvoicePdf, InvoiceView, ListInvoices
from tradewind.contracts.orders import CancelOrder
from tradewind.contracts.policies import Policies
from tradewind.core.model import Refused

PLAIN = {"invoice": "created", "invoice_number": "{number}", "invoice_reset": "never"}


async def invoices(shop: Shop) -> list[InvoiceView]:
    found: list[InvoiceView] = (await shop.gateway.ask(ListInvoices(limit=100), ADMIN)).data
    return found


def policies(**given: Any) -> Policies:
    return Policies(**given)


async def test_created_every_order_is_invoiced_though_nobody_pays(tmp_path: Path) -> None:
    async with opened(tmp_path, policies(payment="none", **PLAIN)) as shop:
        await shop.product()
        placed = await asyncio.gather(*(shop.place() for _ in range(30)))
        await shop.rest()
        found = await invoices(shop)
        assert {(invoice.status, invoice.order_id) for invoice in found} == {("ISSUED", o) for o in placed}
        assert sorted(int(invoice.number or "") for invoice in found) == list(range(1, 31))
        assert await shop.said(placed[0]) == ["order.created", "invoice.issued"]
        assert (await shop.gateway.ask(GetInvoicePdf(found[0].id), ADMIN)).content.startswith(b"%PDF")
        assert await shop.audit() == {}


@pytest.mark.parametrize("payment", ["on-stock", "on-order"])
async def test_created_an_invoice_is_paid_once_its_order_is(tmp_path: Path, payment: str) -> None:
    async with opened(tmp_path, policies(payment=payment, **PLAIN)) as shop:
        await shop.product()
        placed = await shop.place()
        await shop.ended(placed)
        assert [(i.status, i.number) for i in await invoices(shop)] == [("PAID", "1")]
        await shop.done(CancelOrder(placed))
        await shop.rest()
        (invoice,) = await invoices(shop)
        assert [note.amount for note in invoice.credit_notes] == [invoice.total]
        assert await shop.audit() == {}


async def test_created_a_failed_orders_invoice_is_void_and_its_number_stays(tmp_path: Path) -> None:
    async with opened(tmp_path, policies(**PLAIN)) as shop:
        await shop.product()
        for token in ("tok_ok", "tok_declined", "tok_ok"):
            await shop.ended(await shop.place(token=token))
        found = sorted(await invoices(shop), key=lambda invoice: invoice.number or "")
        assert [(i.number, i.status) for i in found] == [("1", "PAID"), ("2", "VOID"), ("3", "PAID")]
        assert await shop.audit() == {}


async def test_confirmed_an_order_that_fails_burns_no_number(tmp_path: Path) -> None:
    form = {"invoice_number": "{number:04d}", "invoice_reset": "never"}
    async with opened(tmp_path, policies(**form)) as shop:
        await shop.product()
        for token in ("tok_declined", "tok_ok"):
            await shop.ended(await shop.place(token=token))
        found = sorted(await invoices(shop), key=lambda invoice: invoice.number or "")
        assert [(i.number, i.status) for i in found] == [(None, "VOID"), ("0001", "PAID")]
        with pytest.raises(Refused, match="not_issued"):
            await shop.gateway.ask(GetInvoicePdf(found[0].id), ADMIN)
        assert await shop.audit() == {}


async def test_none_no_order_is_invoiced(tmp_path: Path) -> None:
    async with opened(tmp_path, policies(invoice="none")) as shop:
        await shop.product()
        placed = await shop.place()
        assert (await shop.ended(placed)).status == "CONFIRMED"
        assert await invoices(shop) == []
        assert "invoice.issued" not in await shop.said(placed)
        assert await shop.audit() == {}


async def test_a_missing_number_of_a_plain_series_is_found(tmp_path: Path) -> None:
    async with opened(tmp_path, policies(payment="none", **PLAIN)) as shop:
        await shop.product()
        for _ in range(3):
            await shop.place()
        await shop.rest()
        shop.spoil("DELETE FROM invoices_invoices WHERE number = '2'")
        assert "2: is missing" in (await shop.audit())["invoice numbers and hash chain"]
