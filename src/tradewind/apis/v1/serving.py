"""How API v1 handles an operation: the usual ways, from its bound message on, an invoice as a file, and what
operators are shown.
"""

from __future__ import annotations

import re
from functools import partial

import msgspec

from ...contracts.invoices import GetInvoicePdf, Pdf
from ...contracts.ops import GetStats, dead_letter_view
from ...contracts.values import Page
from ...core.dead_letters import DeadLetter, DiscardDeadLetter, ListDeadLetters, ReplayDeadLetter
from ...core.gateway import Gateway, Reply
from ..kernel.serving import Serving
from .call import COMMON, Call, Finishes, Handles, finish_view

PDF = b"application/pdf"
_letter = msgspec.json.Decoder(DeadLetter).decode
_encode = msgspec.json.Encoder().encode
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


class Ops:
    """Shows operators how it goes: what waits, and what could not be handled."""

    def __init__(self, serving: Serving, gateway: Gateway) -> None:
        self._serving, self._gateway = serving, gateway
        self.handles: Handles = {GetStats: self._stats, ListDeadLetters: self._letters}
        self.finishes: Finishes = {ReplayDeadLetter: _decided, DiscardDeadLetter: _decided}

    def _stats(self, call: Call) -> None:
        call.bound()
        self._serving.asks.run(self._gateway.stats(), call.show, call.fail)

    def _letters(self, call: Call) -> None:
        def show(page: Page[DeadLetter]) -> None:
            call.show(Page([dead_letter_view(letter) for letter in page.data], page.next_cursor))

        self._serving.ask(call, call.bound(), show)


def _decided(call: Call, reply: Reply) -> None:
    finish_view(call, Reply(0, _encode(dead_letter_view(_letter(reply.body))), reply.replayed))
