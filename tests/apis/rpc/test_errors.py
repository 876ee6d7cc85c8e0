"""What a service refuses comes out as the page has it, whatever form it was sent in; what is not there is 404
as NestJS says it.
"""

from typing import Any

import msgspec
import pytest

from tests.apis.rpc.fakes import ORDER, UUID, Shop, refused
from tradewind.core.request_queue import Kind, Outcome

PATH = f"/api/orders/{UUID}"


def test_validation_of_a_service_keeps_its_list() -> None:
    shop = Shop()
    shop.says(refused(400, ["total must be a number"], error="Bad Request"))
    assert shop.call("POST", "/api/orders", ORDER).json == {
        "success": False,
        "data": {"message": ["total must be a number"], "error": "Bad Request", "statusCode": 400},
    }


@pytest.mark.parametrize("status", [400, 404, 409, 422])
def test_a_refusal_has_the_status_of_the_service(status: int) -> None:
    shop = Shop()
    shop.says(refused(status, "no"))
    found = shop.call("POST", "/api/orders", ORDER)
    assert (found.status, found.data) == (status, {"message": "no", "statusCode": status})
    assert len(shop.client.asked) == 1


@pytest.mark.parametrize(
    "err",
    [
        b'"There is no matching message handler defined in the remote service."',
        b'{"status":"error","message":"Internal server error"}',
        b"[]",
        b"5",
        b"null",
        b"{",
        b"",
        b"\xff",
        b"{}",
        b'{"message":5}',
        b'{"message":[1]}',
        b'{"message":null,"statusCode":"404"}',
        b'{"statusCode":200}',
        b'{"statusCode":true}',
        b'{"statusCode":1e300}',
        b'{"statusCode":777}',
    ],
)
def test_what_nestjs_sends_of_a_bug_is_500_internal_server_error(err: bytes) -> None:
    shop = Shop()
    shop.client.usual = Outcome(Kind.REFUSED, err)
    found = shop.call("GET", PATH)
    assert (found.status, found.data) == (500, {"message": "Internal server error", "statusCode": 500})


def test_a_5xx_of_the_service_comes_out_after_its_retries() -> None:
    shop = Shop()
    shop.client.usual = refused(502, "bad gateway")
    found = shop.call("GET", PATH)
    assert (found.status, found.data) == (502, {"message": "bad gateway", "statusCode": 502})
    assert len(shop.client.asked) == 4


def test_a_503_of_the_service_says_when_to_come_back() -> None:
    shop = Shop()
    shop.client.usual = refused(503, "overloaded")
    found = shop.call("POST", "/api/orders", ORDER)
    assert (found.status, found.headers["retry-after"]) == (503, "1")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/x"),
        ("PUT", "/api/orders"),
        ("DELETE", PATH),
        ("GET", "/"),
        ("POST", "/health"),
        ("GET", "/api/refunds?page=1"),
        ("BREW", "/api/orders"),
        ("GET", "/api/orders/a/b"),
        ("GET", "/api/payments/order/"),
        ("TRACE", "/health"),
    ],
)
def test_an_unknown_route_is_404_cannot(method: str, path: str) -> None:
    shop = Shop()
    found = shop.call(method, path)
    if path == "/api/payments/order/":  # a payment with the id `order`
        assert found.data == {"message": "Payment not found", "statusCode": 404}
    else:
        assert found.data == {"message": f"Cannot {method} {path}", "error": "Not Found", "statusCode": 404}
    assert found.status == 404


@pytest.mark.parametrize(
    "path", ["/API/Orders", "/api/orders/", "/Api/orders/" + UUID + "/", "/HEALTH", "/health/circuits/"]
)
def test_paths_are_matched_as_express_matches_them(path: str) -> None:
    assert Shop().call("GET", path).status == 200


def test_head_is_get() -> None:
    shop = Shop()
    assert shop.call("HEAD", PATH).status == 200
    assert shop.client.asked[0].cmd == "get_order_by_id"


def test_a_bug_of_ours_is_an_answer_of_this_face(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shop = Shop()

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("tradewind.apis.rpc.operations.page_of", broken)
    found = shop.call("GET", "/api/orders")
    assert (found.status, found.data) == (500, {"message": "Internal server error", "statusCode": 500})
    assert "in orders.list at" in caplog.text


def test_a_bug_with_an_answer_is_an_answer_too(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shop = Shop()
    monkeypatch.setattr("tradewind.apis.rpc.envelope.refusal", lambda err: 1 / 0)
    shop.says(refused(404))
    assert shop.call("GET", PATH).status == 500
    assert "in orders.get at" in caplog.text


def test_errors_are_json_with_the_published_fields_only() -> None:
    shop = Shop()
    shop.says(refused(404, "no", stack="at x.js", secret="s"))
    assert msgspec.json.decode(shop.call("GET", PATH).body) == {
        "success": False,
        "data": {"message": "no", "statusCode": 404},
    }


def test_a_share_that_is_used_up_is_429_in_the_envelope() -> None:
    shop = Shop(rate_limit_per_minute=2)
    assert [shop.call("GET", PATH).status for _ in range(3)] == [200, 200, 429]
    found = shop.call("GET", PATH)
    assert found.data == {"message": "ThrottlerException: Too Many Requests", "statusCode": 429}
    assert 0 < int(found.headers["retry-after"]) <= 60
    assert {shop.call("GET", path).status for path in ("/health", "/health/circuits", "/api/docs-json")} == {
        200
    }
