"""The CORS protocol of the Fetch standard, as browsers hold a server to it."""

from __future__ import annotations

from tradewind.apis.kernel.cors import Cors
from tradewind.core.http import Request

SHOP, OTHER = "https://shop.example", "https://evil.example"
ASKS = {b"access-control-request-method": b"PATCH", b"access-control-request-headers": b"if-match"}


def request(origin: str = "", **headers: bytes) -> Request:
    named = {name.replace("_", "-").encode(): value for name, value in headers.items()}
    return Request("OPTIONS", "/", headers={**({b"origin": origin.encode()} if origin else {}), **named})


def preflight(cors: Cors, origin: str) -> dict[bytes, bytes]:
    asked = Request("OPTIONS", "/", headers={b"origin": origin.encode(), **ASKS})
    assert cors.asks(asked)
    return dict([*cors.headers(asked), *cors.preflight(asked)])


def test_any_origin() -> None:
    cors = Cors(["*"], methods=b"GET", allow=b"If-Match", expose=b"ETag", max_age_s=600)
    assert dict(cors.constant) == {
        b"access-control-allow-origin": b"*",
        b"access-control-expose-headers": b"ETag",
    }
    assert cors.headers(request(OTHER)) == cors.headers(request()) == cors.constant
    assert preflight(cors, OTHER) == {
        **dict(cors.constant),
        b"access-control-allow-methods": b"GET",
        b"access-control-allow-headers": b"If-Match",
        b"access-control-max-age": b"600",
    }


def test_origins_of_a_list() -> None:
    cors = Cors([SHOP, "http://localhost:3000"], methods=b"GET", allow=b"If-Match", expose=b"ETag")
    assert cors.constant == ()
    assert dict(cors.headers(request(SHOP))) == {
        b"access-control-allow-origin": SHOP.encode(),
        b"access-control-expose-headers": b"ETag",
        b"vary": b"Origin",
    }
    # a cache must not give one origin's answer to another: also where none was sent
    for other in (OTHER, "", "https://shop.example.evil.example", "null"):
        assert cors.headers(request(other)) == ((b"vary", b"Origin"),)
    assert b"access-control-allow-methods" in preflight(cors, SHOP)
    assert preflight(cors, OTHER) == {b"vary": b"Origin"}


def test_an_options_request_that_no_page_has_sent_is_none_of_ours() -> None:
    cors = Cors(["*"], methods=b"GET")
    assert not cors.asks(request())
    assert not cors.asks(request(SHOP))
    assert Cors(["*"], methods=b"GET", every_options=True).asks(request())


def test_where_no_headers_are_named_those_that_are_asked_for_are_allowed() -> None:
    answered = preflight(Cors(["*"], methods=b"GET"), OTHER)
    assert answered[b"access-control-allow-headers"] == b"if-match"
    assert answered[b"vary"] == b"Access-Control-Request-Headers"
