"""Whatever is wrong with a request, the running shop says so: a problem with a 4xx status, at once, and the
next request is served.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from tests.api.spoiled import bodies, heads, overreaching
from tests.support.http import Answer, Connection, request
from tests.support.people import CUSTOMERS
from tests.support.shop import Shop, basket
from tradewind.apis.v1.openapi import ALL, document
from tradewind.apis.v1.problems import BY_CODE
from tradewind.contracts.operation import Operation
from tradewind.core.problem import Problem

AT_ONCE_S = 30.0  # nothing here has to be waited for; a machine under load may still be slow
DOCUMENT = document()
TAKING = [operation for operation in ALL if operation.example is not None]
KINDS = (
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/json; charset=latin1",
    "",
)
GETS = [operation for operation in ALL if operation.method == "GET"]


def named(operation: Operation) -> str:
    return operation.name


@pytest.fixture(scope="module")
def things(shop: Shop) -> dict[str, str]:
    """One real thing for each name in a path: what is refused is what was sent, not that the thing is
    missing.
    """
    order_id = shop.order()
    shop.wait_final(order_id)
    return {
        "orderId": order_id,
        "productId": shop.get("/products?q=TEA")["data"][0]["id"],
        "userId": shop.get("/users/me", who="eve")["id"],
        "paymentId": shop.get(f"/payments?orderId={order_id}")["data"][0]["id"],
        "invoiceId": shop.get(f"/invoices?orderId={order_id}")["data"][0]["id"],
        "deadLetterId": order_id,
    }


@pytest.fixture(scope="module", autouse=True)
def unhurt(shop: Shop) -> Iterator[None]:
    """After all of it: nothing failed inside, and nothing was parked. That the books are in order is looked
    at for every shared shop.
    """
    yield
    with shop.connect() as connection:
        counted = connection.call("GET", "/metrics").body.decode()
    assert not re.findall(r'tradewind_http_requests_total\{.*status="5\d\d".*', counted)
    assert '"level":"error"' not in shop.log.read_text()
    assert shop.letters() == []


def path_of(operation: Operation, things: dict[str, str]) -> str:
    return re.sub(r"{(\w+)}", lambda found: things[found[1]], operation.path)


def refused(shop: Shop, raw: bytes, what: str) -> Answer:
    """A problem of ours, in time; the connection stays usable or is closed, never hangs."""
    with shop.connect(timeout=AT_ONCE_S) as connection:
        connection.write(raw)
        answer = connection.receive()
    assert 400 <= answer.status < 500 or answer.status == 505, (what, answer)
    if not raw.startswith(b"HEAD"):
        problem = msgspec.json.decode(answer.body, type=Problem)
        assert answer.headers["content-type"] == "application/problem+json", what
        assert (problem.status, BY_CODE[problem.code].status) == (answer.status, answer.status), what
    return answer


@pytest.mark.parametrize("operation", TAKING, ids=named)
def test_a_body_that_is_none(operation: Operation, shop: Shop, things: dict[str, str]) -> None:
    path, token = path_of(operation, things), shop.token("admin")
    for what, body in bodies(operation.example):
        answer = refused(shop, request(operation.method, path, body, token=token), what)
        assert answer.code in ("invalid_json", "invalid_field", "missing_field", "unknown_field"), (
            what,
            answer,
        )
        assert len(answer.body) < 1_000, what


@pytest.mark.parametrize("operation", TAKING, ids=named)
def test_a_field_that_is_not_the_clients_to_set(
    operation: Operation, shop: Shop, things: dict[str, str]
) -> None:
    path, token = path_of(operation, things), shop.token("admin")
    declared = set(DOCUMENT["components"]["schemas"][operation.asks.__name__]["properties"])
    tried = 0
    for field, body in overreaching(operation.example, declared):
        answer = refused(shop, request(operation.method, path, body, token=token), field)
        assert (answer.status, answer.code) == (422, "unknown_field"), (field, answer)
        assert [error["field"] for error in answer.json["errors"]] == [field]
        tried += 1
    assert tried > 30


@pytest.mark.parametrize("operation", GETS, ids=named)
def test_a_parameter_that_is_not_there(operation: Operation, shop: Shop, things: dict[str, str]) -> None:
    path, token = path_of(operation, things), shop.token("admin")
    if not operation.reads or operation.name in ("ops.stats", "users.me"):
        return
    for name in ("role", "customerId", "userId", "type", "admin", "limit[]", "LIMIT"):
        answer = refused(shop, request("GET", f"{path}?{name}=admin", token=token), name)
        assert (answer.status, answer.code) == (422, "unknown_field"), (name, answer)


@pytest.mark.parametrize("operation", TAKING, ids=named)
def test_another_kind_of_body(operation: Operation, shop: Shop, things: dict[str, str]) -> None:
    path, token = path_of(operation, things), shop.token("admin")
    body = msgspec.json.encode(operation.example)

    def sent(content_type: str, *more: tuple[str, str]) -> bytes:
        raw = request(operation.method, path, body, token=token, headers=more)
        return raw.replace(
            b"Content-Type: application/json\r\n",
            f"Content-Type: {content_type}\r\n".encode() if content_type else b"",
        )

    for kind in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=latin1",
        "",
    ):
        assert refused(shop, sent(kind), kind).status == 415, kind
    assert refused(shop, sent("application/json", ("Content-Encoding", "gzip")), "gzip").status in (400, 415)


def test_a_body_past_the_limit(shop: Shop, things: dict[str, str]) -> None:
    token, path = shop.token("ada"), "/api/v1/orders"
    large = b'{"items":"' + b"x" * (1024 * 1024) + b'"}'
    assert refused(shop, request("POST", path, large, token=token), "announced").status == 413
    head = request("POST", path, b"", token=token).replace(
        b"Content-Length: 0", b"Content-Length: 99999999999"
    )
    assert refused(shop, head, "announced, not sent").status == 413
    head = request("POST", path, b"", token=token).replace(
        b"Content-Length: 0", b"Transfer-Encoding: chunked"
    )
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    assert refused(shop, head + chunk * 17, "in chunks").status == 413


def test_targets_methods_and_headers(shop: Shop) -> None:
    for what, raw, statuses in heads("/api/v1/orders", shop.token("ada")):
        answer = refused(shop, raw, what)
        assert answer.status in statuses, (what, answer)
        assert ("allow" in answer.headers) == (answer.status == 405), what


@pytest.mark.parametrize("operation", GETS, ids=named)
def test_head_is_get_without_its_body(operation: Operation, shop: Shop, things: dict[str, str]) -> None:
    path, token = path_of(operation, things), shop.token("admin")
    with shop.connect(timeout=AT_ONCE_S) as connection:
        full = connection.call("GET", path, token=token)
        connection.write(request("HEAD", path, token=token) + request("GET", "/health/live"))
        raw = read_all(connection, b'{"status":"alive"}')
    head, _, rest = raw.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % full.status)
    assert rest.startswith(b"HTTP/1.1 200 OK"), "a body came along"


def read_all(connection: Connection, end: bytes) -> bytes:
    data, by = b"", time.monotonic() + AT_ONCE_S
    while not data.endswith(end):
        assert time.monotonic() < by, data
        data += connection._socket.recv(65_536)
    return data


def test_half_a_request_and_then_an_end(shop: Shop) -> None:
    whole = request("POST", "/api/v1/orders", basket(), token=shop.token("ada"))
    for cut in range(1, len(whole), 37):
        with shop.connect(timeout=AT_ONCE_S) as connection:
            connection.write(whole[:cut])
            connection._socket.shutdown(1)
            assert connection._socket.recv(1) == b"", cut


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer ", "Basic YTpi", "Bearer a.b.c", f"Bearer {'a' * 5_000}", "Bearer é", "Token x"],
)
def test_a_token_that_is_none(header: str, shop: Shop) -> None:
    answer = refused(shop, request("GET", "/api/v1/orders", headers=[("Authorization", header)]), header)
    assert (answer.status, answer.code) == (401, "unauthorized")


def test_log_in_takes_no_role(shop: Shop) -> None:
    """What one would try first."""
    person = CUSTOMERS["bob"]._asdict() | {"name": "Mallory", "email": "mallory@example.com"}
    assert shop.call("POST", "/auth/register", person | {"role": "admin"}, who="").status == 422
    assert shop.call("PATCH", "/users/me", {"name": "Bob", "role": "admin"}, who="bob").status == 422
    assert shop.get("/users/me", who="bob")["role"] == "customer"


def test_a_price_is_ours(shop: Shop) -> None:
    body: dict[str, Any] = basket()
    for field, value in {"price": 1, "unitPrice": {"amount": 1, "currency": "EUR"}}.items():
        item = {**body["items"][0], field: value}
        assert shop.call("POST", "/orders", {**body, "items": [item]}).code == "unknown_field"
    assert (
        shop.call("POST", "/orders", {**body, "total": {"amount": 1, "currency": "EUR"}}).code
        == "unknown_field"
    )
