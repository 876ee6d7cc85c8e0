"""Nonsense in a body, a query, a path or a header is a 4xx at once and never reaches a service."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.apis.rpc.fakes import ORDER, PAYMENT, TEA, Shop, encode

PATHS = ("/api/orders", "/api/products", "/api/payments")
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    "body",
    [b"{", b"{]", b'{"items":', b"\xff\xfe", b'{"total":NaN}', b"nul", b"[" * 100_000, b'{"a":1}}', b"'"],
)
@pytest.mark.parametrize("path", PATHS)
def test_malformed_json_is_400_bad_request(path: str, body: bytes) -> None:
    shop = Shop()
    found = shop.call("POST", path, body)
    assert (found.status, found.data["error"], found.data["statusCode"]) == (400, "Bad Request", 400)
    assert isinstance(found.data["message"], str)
    assert shop.client.asked == []


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b" ", b"null", b"5", b'"x"', b"true"])
@pytest.mark.parametrize("path", PATHS)
def test_a_body_without_fields_is_400_with_a_message_for_each(path: str, body: bytes) -> None:
    shop = Shop()
    found = shop.call("POST", path, body)
    assert (found.status, found.data["error"]) == (400, "Bad Request")
    assert len(found.data["message"]) >= 2


@pytest.mark.parametrize(
    ("content_type", "taken"),
    [
        ("application/json; charset=utf-8", True),
        ("APPLICATION/JSON", True),
        ('application/json;charset="UTF-8"', True),
        ("application/x-www-form-urlencoded", False),
        ("text/plain", False),
        ("", False),
        ("application/jsonx", False),
    ],
)
def test_a_body_that_is_not_said_to_be_json_is_not_read(content_type: str, taken: bool) -> None:
    shop = Shop()
    assert shop.call("POST", "/api/orders", encode(ORDER), content_type=content_type).status == (
        201 if taken else 400
    )


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({"content_type": "application/json; charset=latin1"}, 'unsupported charset "LATIN1"'),
        ({"content_encoding": "gzip"}, 'unsupported content encoding "gzip"'),
    ],
)
def test_a_charset_or_coding_that_is_not_read_is_415(headers: dict[str, str], message: str) -> None:
    found = Shop().call("POST", "/api/orders", encode(ORDER), **headers)
    assert (found.status, found.data["message"]) == (415, message)


def test_a_body_that_is_too_large_is_413_request_entity_too_large() -> None:
    shop = Shop(body_bytes=1_000)
    found = shop.call("POST", "/api/orders", b" " * 1_000 + encode(ORDER))
    assert (found.status, found.data["message"], found.data["statusCode"]) == (
        413,
        "request entity too large",
        413,
    )


def test_numbers_are_what_javascript_takes_them_for() -> None:
    shop = Shop()
    item = '{"productId":"a1b2c3d4-e5f6-4890-abcd-ef1234567890","quantity":2.0,"price":1e1}'
    assert shop.call("POST", "/api/orders", f'{{"items":[{item}],"total":20}}'.encode()).status == 201
    assert shop.client.asked[0].json["dto"]["items"][0]["quantity"] == 2


@settings(max_examples=300, deadline=None)
@given(
    path=st.sampled_from(PATHS),
    body=st.binary(max_size=200) | ANY_JSON.map(lambda value: json.dumps(value).encode()),
)
def test_any_body_is_answered_and_never_5xx(path: str, body: bytes) -> None:
    shop = Shop()
    found = shop.call("POST", path, body)
    assert found.status in (201, 400)
    assert (found.status == 201) is bool(shop.client.asked)


@settings(max_examples=300, deadline=None)
@given(
    data=st.data(),
    whole=st.sampled_from([(PATHS[0], ORDER), (PATHS[1], TEA), (PATHS[2], PAYMENT)]),
    wrong=ANY_JSON,
)
def test_a_valid_body_with_one_field_of_any_kind_is_answered(
    data: st.DataObject, whole: tuple[str, dict[str, object]], wrong: object
) -> None:
    path, body = whole
    shop = Shop()
    found = shop.call(
        "POST", path, json.dumps({**body, data.draw(st.sampled_from(sorted(body))): wrong}).encode()
    )
    assert found.status in (201, 400)
    for asked in shop.client.asked:
        assert set(asked.json["dto"]) <= {*body, "price"}


TEXT = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60)


@settings(max_examples=300, deadline=None)
@given(
    method=st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PURGE"]),
    path=st.sampled_from(["/api/orders", "/api/orders/", "/api/payments/order/", "/health/", "/"]).flatmap(
        lambda a: TEXT.map(a.__add__)
    ),
    headers=st.fixed_dictionaries(
        {},
        optional={
            name: st.binary(max_size=40)
            for name in (
                "x_lang",
                "x_idempotency_key",
                "x_request_id",
                "traceparent",
                "tracestate",
                "content_type",
                "content_encoding",
            )
        },
    ),
)
def test_any_path_query_and_header_is_answered_and_never_5xx(
    method: str, path: str, headers: dict[str, bytes]
) -> None:
    assert Shop().call(method, path, None if method == "GET" else encode(ORDER), **headers).status < 500
