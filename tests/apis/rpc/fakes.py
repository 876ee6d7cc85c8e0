"""The gateway with a fake client behind it and a clock that stands still: no socket, no broker, no wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from tests.apis.resilience.support import Time
from tradewind.apis.rpc.downstream import RpcSettings
from tradewind.apis.rpc.gateway import RpcApi
from tradewind.core.http import Request, Response
from tradewind.core.request_queue import Kind, Outcome

UUID = "7c69ae16-a49a-4c3b-b507-88e40093a637"
PRODUCT = "a1b2c3d4-e5f6-4890-abcd-ef1234567890"
ORDER = {"items": [{"productId": PRODUCT, "quantity": 2, "price": 29.99}], "total": 59.98}
PAYMENT = {"orderId": UUID, "amount": 59.98}
TEA = {"name": "Widget Pro", "sku": "WDG-PRO-001", "stock": 100}
encode = msgspec.json.encode


class Asked(msgspec.Struct):
    queue: str
    pattern: bytes
    data: bytes
    timeout_s: float
    then: Callable[[Outcome], None]
    traceparent: str

    @property
    def cmd(self) -> str:
        return str(msgspec.json.decode(self.pattern)["cmd"])

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.data)


class FakeClient:
    """Answers each call a millisecond later with the next of `says`, else with `usual`; a TIMEOUT takes its
    time. `silent`: never.
    """

    def __init__(self, time: Time) -> None:
        self.time = time
        self.asked: list[Asked] = []
        self.says: list[Outcome] = []
        self.usual = Outcome(Kind.ANSWER, b'{"id":"1"}')
        self.silent = False
        self.up, self.missing = True, ""

    def call(
        self,
        queue: str,
        pattern: bytes,
        data: bytes,
        timeout_s: float,
        then: Callable[[Outcome], None],
        *,
        traceparent: str = "",
    ) -> None:
        self.asked.append(Asked(queue, pattern, data, timeout_s, then, traceparent))
        if not self.silent:
            outcome = self.says.pop(0) if self.says else self.usual
            self.time.later(timeout_s if outcome.kind is Kind.TIMEOUT else 0.001, lambda: then(outcome))


class Answer:
    def __init__(self, response: Response) -> None:
        self.status, self.body, self.type = response.status, response.body, response.content_type.decode()
        names = [name.decode() for name, _ in response.headers]
        assert len(set(names)) == len(names)
        self.headers = {name.decode(): value.decode() for name, value in response.headers}

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def data(self) -> Any:
        assert self.json["success"] is (self.status < 400)
        return self.json["data"]


class Shop:
    """`options` are those of GatewaySettings, `told` those of Gateway."""

    def __init__(self, told: dict[str, Any] | None = None, **options: Any) -> None:
        self.time = Time()
        self.client = FakeClient(self.time)
        self.gateway = RpcApi(
            self.client,
            RpcSettings(**options),
            later=self.time.later,
            clock=self.time,
            chance=lambda: 0.5,
            **(told or {}),
        )

    def send(self, method: str, path: str, body: Any = None, **headers: str | bytes) -> Request:
        """`X_Lang="de"` is a header."""
        path, _, query = path.partition("?")
        given = {
            name.replace("_", "-").lower().encode(): v if isinstance(v, bytes) else v.encode()
            for name, v in headers.items()
        }
        content = b""
        if body is not None:
            content = body if isinstance(body, bytes) else encode(body)
            given.setdefault(b"content-type", b"application/json")
        request = Request(method, path, query.encode(), given, content)
        self.gateway(request)
        return request

    def call(self, method: str, path: str, body: Any = None, **headers: str | bytes) -> Answer:
        """Sends, and lets time pass until there is an answer."""
        request = self.send(method, path, body, **headers)
        for _ in range(3_000):
            if request.answer is not None:
                return Answer(request.answer)
            self.time.pass_by(0.01)
        raise AssertionError("no answer")

    def says(self, *outcomes: Outcome) -> None:
        self.client.says[:] = outcomes

    def trip(self) -> None:
        """Opens the circuit of the orders, by calls that fail together: one after the other they would take
        longer than the window.
        """
        self.client.usual, before = refused(500), self.client.usual
        for _ in range(5):
            self.send("GET", f"/api/orders/{UUID}")
        self.time.pass_by(4.0)
        self.client.usual = before


def answer(value: Any) -> Outcome:
    return Outcome(Kind.ANSWER, encode(value))


def refused(status: int, message: Any = "Order not found", **more: Any) -> Outcome:
    return Outcome(Kind.REFUSED, encode({"message": message, "statusCode": status, **more}))


DOWN, TIMEOUT, BUSY = (Outcome(kind, b"because") for kind in (Kind.DOWN, Kind.TIMEOUT, Kind.BUSY))
