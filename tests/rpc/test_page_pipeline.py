"""The page's request and response pipeline: CORS, filter, validation with a whitelist, the wrapper; its
formats, its languages.
"""

import json

import pytest

from tests.rpc.api import MISSING, ORDER, PAYMENT, Api, fresh, invalid, product, refused

READS = ("/api/orders", "/api/products", f"/api/payments/order/{MISSING}")
WRITES = {"/api/orders": ORDER, "/api/payments": PAYMENT}


@pytest.mark.parametrize("path", READS)
def test_success_is_success_true_and_data(api: Api, path: str) -> None:
    answer = api("GET", path)
    assert answer.status == 200 and list(answer.json) == ["success", "data"]
    assert answer.headers["content-type"] == "application/json; charset=utf-8"


def test_error_is_success_false_and_message_and_status_code(api: Api) -> None:
    answer = api("GET", f"/api/orders/{MISSING}")
    assert json.loads(answer.body) == {
        "success": False,
        "data": {"message": "Order not found", "statusCode": 404},
    }


def test_validation_error_is_a_list_of_messages(api: Api) -> None:
    answer = api("POST", "/api/payments", {**PAYMENT, "amount": "many"})
    messages = [
        "amount must not be less than 0",
        "amount must be a number conforming to the specified constraints",
    ]
    assert answer.json == {
        "success": False,
        "data": {"message": messages, "error": "Bad Request", "statusCode": 400},
    }


def test_what_is_not_json_is_400(api: Api) -> None:
    assert refused(api("POST", "/api/orders", b'{"items":'), 400)["error"] == "Bad Request"


def test_whitelist_unknown_fields_are_dropped(api: Api) -> None:
    item = {**ORDER["items"][0], "discount": 1}  # type: ignore[index]
    order = api.made(
        "/api/orders", {**ORDER, "items": [item], "status": "CONFIRMED", "id": MISSING, "admin": True}
    )
    assert (
        order["status"] == "PENDING"
        and order["items"] == ORDER["items"]
        and order["id"] != MISSING
        and "admin" not in order
    )
    assert "color" not in api.made("/api/products", product() | {"color": "red", "reservedStock": 5})


@pytest.mark.parametrize("path", ["/health", "/api/orders", f"/api/orders/{MISSING}", "/nowhere"])
def test_cors_any_origin(api: Api, path: str) -> None:
    answer = api("GET", path, Origin="https://shop.example")
    assert answer.headers["access-control-allow-origin"] == "*"
    asked = {
        "Origin": "https://shop.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-lang",
    }
    preflight = api("OPTIONS", path, **asked)
    assert preflight.status == 204 and preflight.headers["access-control-allow-origin"] == "*"
    assert "POST" in preflight.headers["access-control-allow-methods"]


@pytest.mark.parametrize("query", ["page=0", "perPage=0", "perPage=101", "page=one", "page=1.5"])
def test_a_page_that_is_none_is_400(api: Api, query: str) -> None:
    for path in ("/api/orders", "/api/products"):
        assert all(
            message.startswith(query.split("=")[0]) for message in invalid(api("GET", f"{path}?{query}"))
        )


@pytest.mark.parametrize(
    ("lang", "says"),
    [("en", "Order not found"), ("de", "Bestellung nicht gefunden"), ("fr", "Order not found")],
)
def test_x_lang_en_and_de(api: Api, lang: str, says: str) -> None:
    assert refused(api("GET", f"/api/orders/{MISSING}", lang=lang), 404)["message"] == says


@pytest.mark.parametrize("path", WRITES)
def test_x_lang_of_a_write(api: Api, path: str) -> None:
    """The service's own words: the key has been used with another body."""
    key, body = fresh(), WRITES[path]
    api.made(path, body, key=key)
    other = json.loads(json.dumps(body).replace("59.98", "60.98"))
    assert (
        "already" in (said := str(refused(api("POST", path, other, key=key), 422)["message"]))
        or "used" in said
    )
    assert "Idempotenzschl" in refused(api("POST", path, other, key=key, lang="de"), 422)["message"]


def test_an_unknown_route_is_404_as_nestjs_says_it(api: Api) -> None:
    for method, path in (("GET", "/api/nothing"), ("DELETE", f"/api/orders/{MISSING}")):
        data = refused(api(method, path), 404)
        assert data == {"message": f"Cannot {method} {path}", "error": "Not Found", "statusCode": 404}


def test_x_request_id_is_given_back(api: Api) -> None:
    assert api("GET", "/health", X_Request_Id="mine").headers["x-request-id"] == "mine"
