"""What an API costs on the kernel: a whole one, in the manner of a NestJS gateway, is the first half of this file."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec
import pytest

from tests.apis.v1.fakes import ORDER, START, FakeDoor, refusal, uuid
from tradewind.apis.kernel.admission import EVERYONE
from tradewind.apis.kernel.health import Health
from tradewind.apis.kernel.idempotency import Claims
from tradewind.apis.kernel.pending_reads import PendingReads
from tradewind.apis.kernel.request_context import PATIENCE_MS, Api, Kernel, Route, page_routes, request_ids
from tradewind.apis.kernel.router import Router
from tradewind.apis.kernel.serving import Serving
from tradewind.apis.nest.http import NestContext
from tradewind.contracts.orders import CancelOrder, GetOrder
from tradewind.core.gateway import Gateway
from tradewind.core.http import Request
from tradewind.core.model import Refused
from tradewind.core.store import StoreUnavailable


class NestApi(Api[NestContext]):
    def __init__(self, gateway: Gateway, **options: Any) -> None:
        self._serving = Serving(gateway, PendingReads(5.0), Claims(b"secret"))
        self.health = Health(gateway.missing)
        routes = [
            ("GET", "/orders/:id", Route("orders.get", "/orders/:id", self._get)),
            ("DELETE", "/orders/:id", Route("orders.cancel", "/orders/:id", self._cancel)),
            *page_routes(self.health.pages()),
        ]
        kernel = Kernel(request_ids("test"), **options)
        super().__init__(kernel, NestContext, Router(routes, loose=True))

    def _get(self, context: NestContext) -> None:
        self._serving.ask(context, GetOrder(context.values[0]))

    def _cancel(self, context: NestContext) -> None:
        self._serving.submit(context, CancelOrder(context.values[0]))


def send(api: NestApi, method: str, path: str, **headers: str) -> tuple[int, Any]:
    named = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
    request = Request(method, path, headers=named, client="192.0.2.1")
    api(request)
    assert request.answer is not None
    return request.answer.status, msgspec.json.decode(request.answer.body)


@pytest.fixture
def gateway() -> FakeDoor:
    return FakeDoor()


def test_it_reads_writes_and_refuses(gateway: FakeDoor) -> None:
    seen: list[Any] = []
    api = NestApi(gateway, log=lambda *told: seen.append(told), now=lambda: START)
    assert send(api, "GET", f"/Orders/{ORDER}/") == (200, {"id": uuid(78), "version": 1})
    assert send(api, "DELETE", f"/orders/{ORDER}", x_request_id="mine", idempotency_key="k")[0] == 200
    (submitted,) = gateway.submitted
    assert (submitted.message, submitted.trace) == (CancelOrder(ORDER), "mine")
    assert (submitted.caller, submitted.deadline) == (EVERYONE, START + PATIENCE_MS)
    assert submitted.claim and submitted.fingerprint
    assert send(api, "GET", "/x")[1] == {"message": "Cannot GET /x", "error": "Not Found", "statusCode": 404}
    assert send(api, "GET", "/health/ready") == (200, {"status": "ready"})
    assert [(told[2], told[3], told[4], told[7]) for told in seen] == [
        ("GET", "/orders/:id", 200, "192.0.2.1"),
        ("DELETE", "/orders/:id", 200, "192.0.2.1"),
        ("GET", "", 404, "192.0.2.1"),
        ("GET", "/health/ready", 200, "192.0.2.1"),
    ]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Refused("not_found", 404), 404),
        (StoreUnavailable("disk"), 503),
        (TimeoutError(), 504),
        (ZeroDivisionError("secret"), 500),
    ],
)
def test_every_error_is_an_answer_of_its_form(gateway: FakeDoor, error: Exception, status: int) -> None:
    api = NestApi(gateway)
    gateway.views[GetOrder] = error
    found = send(api, "GET", f"/orders/{ORDER}")
    assert found[0] == found[1]["statusCode"] == status
    assert "secret" not in str(found)


def test_a_refusal_of_a_service_and_of_the_kernel(gateway: FakeDoor) -> None:
    gateway.replies[CancelOrder] = refusal(409, "illegal_transition", "It is CONFIRMED.")
    call = partial(send, NestApi(gateway), "DELETE", f"/orders/{ORDER}")
    assert call() == (409, {"message": "It is CONFIRMED.", "error": "Conflict", "statusCode": 409})
    assert call(idempotency_key=" ")[0] == 400
