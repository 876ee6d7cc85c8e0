"""What most operations are: a request goes to the gateway and its reply comes back, a question is asked and
its answer shown.
"""

from __future__ import annotations

import re

from ...contracts.invoices import GetInvoicePdf, Pdf
from ...core.gateway import Gateway
from ...core.model import Caller, Message, Request
from ..kernel.idempotency import Claims, key_of
from ..kernel.pending_reads import PendingReads
from .call import COMMON, Call, Handles

PDF = b"application/pdf"
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


class Serving:
    def __init__(self, gateway: Gateway, asks: PendingReads, claims: Claims) -> None:
        self.gateway, self.asks, self._claims = gateway, asks, claims
        self.handles: Handles = {GetInvoicePdf: self._pdf}

    def request(self, call: Call) -> None:
        message = call.bound()
        self.submit(call, message, message, call.caller)

    def submit(self, call: Call, asked: Message, message: Request, caller: Caller) -> None:
        """`asked` is what came in, which a retry would bring again; `message` is what is done about it."""
        key = key_of(call.request.headers)
        if key is None:
            self.gateway.submit(message, caller, call.deliver, trace=call.trace)
            return
        claim = self._claims.claim(call.caller.id, call.route.name, key)
        fingerprint = self._claims.fingerprint(asked)
        self.gateway.submit(
            message, caller, call.deliver, claim=claim, fingerprint=fingerprint, trace=call.trace
        )

    def query(self, call: Call) -> None:
        self.asks.run(
            self.gateway.ask(call.bound(), call.caller, trace=call.traceparent), call.show, call.fail
        )

    def versioned_query(self, call: Call) -> None:
        asked = self.gateway.ask(call.bound(), call.caller, trace=call.traceparent)
        self.asks.run(asked, call.show_versioned, call.fail)

    def _pdf(self, call: Call) -> None:
        def show(pdf: Pdf) -> None:
            name = _UNSAFE.sub("_", pdf.name) or "invoice.pdf"
            disposition = (b"content-disposition", f'attachment; filename="{name}"'.encode())
            call.answer(200, pdf.content, (*COMMON, disposition), PDF)

        self.asks.run(self.gateway.ask(call.bound(), call.caller, trace=call.traceparent), show, call.fail)
