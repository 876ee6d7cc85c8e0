"""How API v1 handles an operation: the usual ways, from its bound message on, and an invoice as a file."""

from __future__ import annotations

import re
from functools import partial

from ...contracts.invoices import GetInvoicePdf, Pdf
from ..kernel.serving import Serving
from .call import COMMON, Call, Handles

PDF = b"application/pdf"
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


class V1Serving(Serving):
    @property
    def handles(self) -> Handles:
        return {GetInvoicePdf: self._pdf}

    def request(self, call: Call) -> None:
        self.submit(call, call.bound())

    def query(self, call: Call) -> None:
        self.ask(call, call.bound())

    def versioned_query(self, call: Call) -> None:
        self.ask(call, call.bound(), call.show_versioned)

    def _pdf(self, call: Call) -> None:
        self.ask(call, call.bound(), partial(_show_pdf, call))


def _show_pdf(call: Call, pdf: Pdf) -> None:
    name = _UNSAFE.sub("_", pdf.name) or "invoice.pdf"
    disposition = (b"content-disposition", f'attachment; filename="{name}"'.encode())
    call.answer(200, pdf.content, (*COMMON, disposition), PDF)
