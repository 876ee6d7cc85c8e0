"""The APIs of amounts, as a client sees them, without a socket."""

from __future__ import annotations

from typing import Any

import msgspec

from tests.apis.v1.fakes import START, FakeDoor, FakeWorld, uuid
from tradewind.apis.amounts.app import AmountsApi, AmountsSettings
from tradewind.contracts.invoices import InvoiceView
from tradewind.contracts.orders import OrderView
from tradewind.contracts.values import Money, stamp
from tradewind.core.http import Request, Response

ID, CUSTOMER = uuid(0x78), "7c69ae16-a49a-4c3b-b507-88e40093a637"
AT = stamp(START)
JSON = {"content-type": "application/json"}


def order_view(amount: int = 5000, customer: str = CUSTOMER) -> OrderView:
    total = Money(amount, "EUR")
    return OrderView(ID, 7, "PENDING", "none", customer, (), total, None, AT, 1, AT, AT)


def invoice_view(number: str = "3") -> InvoiceView:
    return InvoiceView(ID, number, uuid(1), "ISSUED", (), Money(5000, "EUR"), (), AT, "h", "p", CUSTOMER)


class Answer:
    def __init__(self, response: Response) -> None:
        self.status, self.body = response.status, response.body
        self.kind = response.content_type.decode()
        self.headers = {name.decode(): value.decode() for name, value in response.headers}

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)


class Client:
    def __init__(self, make: Any, **settings: Any) -> None:
        self.gateway = FakeDoor()
        found = AmountsSettings(**{"secret": b"the secret of the tests", **settings})
        self.api: AmountsApi[Any] = make(self.gateway, FakeWorld(), found)

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        named = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
        path, _, query = path.partition("?")
        request = Request(method, path, query.encode(), named, body, "192.0.2.1")
        self.api(request)
        assert request.answer is not None
        return Answer(request.answer)

    def post(self, body: Any, path: str = "/orders", **headers: str) -> Answer:
        raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
        return self.ask("POST", path, raw, **{"content-type": "application/json", **headers})
