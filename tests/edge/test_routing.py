"""Which route takes a request, and what its service gets: against real upstreams."""

from __future__ import annotations

import asyncio

import pytest

from tests.edge.conftest import Start
from tests.edge.servers import Upstream, ask

HEAD = '_format_version: "3.0"\nservices:\n- name: a\n  url: ${UPSTREAM}\n'


def routes(*lines: str, path: str = "") -> str:
    head = HEAD.replace("${UPSTREAM}", "${UPSTREAM}" + path)
    return f"{head}  routes:\n" + "".join(f"  - {line}\n" for line in lines)


# what a service gets for a request, behind the route /orders
STRIPPED = [
    ("/orders", "/"),
    ("/orders/", "/"),
    ("/orders/orders", "/orders"),
    ("/orders/orders/1?a=1&b=%20", "/orders/1?a=1&b=%20"),
    ("/orders/health", "/health"),
    ("/orders/docs-json", "/docs-json"),
    ("/ordersabc", "/abc"),
    ("/x/../orders/y", "/y"),
    ("//orders//y", "/y"),
    ("/%6frders/y", "/y"),
    ("/orders/a%2Fb", "/a%2Fb"),
    ("/orders/a%2fb%7e", "/a%2Fb~"),
    ("/orders/a%20b%C3%A4", "/a%20b%C3%A4"),
    ("/orders?x", "/?x"),
    ("/orders/?", "/?"),
    ("http://other.example/orders/y?z=1", "/y?z=1"),
]


@pytest.mark.parametrize(("target", "expected"), STRIPPED)
async def test_the_prefix_is_stripped_once(
    edge: Start, upstream: Upstream, target: str, expected: str
) -> None:
    reply = await ask(await edge(), "GET", target)
    assert (reply.status, reply.body.decode()) == (200, expected)


@pytest.mark.parametrize("target", ["/", "/order", "/Orders", "/x/orders", "/orders/../x", "/orders%2F"])
async def test_what_no_route_takes_is_404(edge: Start, target: str) -> None:
    reply = await ask(await edge(), "GET", target)
    if target == "/orders%2F":  # a prefix ends anywhere
        assert reply.status == 200
        return
    assert reply.status == 404
    assert b'"message":"no Route matched with those values","request_id":"' in reply.body
    assert reply.header("content-type") == "application/json; charset=utf-8"
    assert str(reply.header("x-kong-request-id")) in reply.body.decode()
    assert reply.header("x-kong-response-latency") is not None


# routes, the request, and what the service gets: its path says which route it was
ORDER = [
    (["{paths: [/a], name: short}", "{paths: [/a/b], name: long}"], "GET", "/a/b/c", [], "/c"),
    (["{paths: [/a/b], name: long}", "{paths: [/a], name: short}"], "GET", "/a/b/c", [], "/c"),
    (["{paths: [/a/b/c], name: p}", "{paths: ['~/a'], name: regex}"], "GET", "/a/b/c", [], "/b/c"),
    (
        ["{paths: ['~/a'], regex_priority: 1}", "{paths: ['~/a/b'], regex_priority: 2}"],
        "GET",
        "/a/b/c",
        [],
        "/c",
    ),
    (["{paths: [/a/b/c]}", "{paths: [/a], methods: [GET]}"], "GET", "/a/b/c", [], "/b/c"),
    (["{paths: [/a/b/c]}", "{paths: [/a], methods: [POST]}"], "GET", "/a/b/c/d", [], "/d"),
    (["{paths: [/a/b]}", "{paths: [/a], hosts: [shop.example]}"], "GET", "/a/b", [], "/b"),
    (["{paths: [/a/b]}", "{paths: [/a], hosts: [other.example]}"], "GET", "/a/b/c", [], "/c"),
    (
        ["{paths: [/a/b], hosts: ['*.example']}", "{paths: [/a], hosts: [shop.example]}"],
        "GET",
        "/a/b",
        [],
        "/b",
    ),
    (["{paths: [/a], hosts: ['shop.*']}"], "GET", "/a/b", [], "/b"),
    (["{paths: [/a/b]}", "{paths: [/a], headers: {X-V: [two]}}"], "GET", "/a/b", ["x-v: TWO"], "/b"),
    (["{paths: [/a], headers: {X-V: [two]}}", "{paths: [/a/b]}"], "GET", "/a/b/c", ["x-v: one"], "/c"),
    (
        ["{paths: [/a/b], headers: {x-v: ['2']}}", "{paths: [/a], headers: {x-v: ['2'], x-w: ['3']}}"],
        *("GET", "/a/b", ["x-v: 2", "x-w: 3"], "/b"),
    ),
    (["{paths: ['~/a/[0-9]+$'], strip_path: false}", "{paths: [/a]}"], "GET", "/a/12", [], "/a/12"),
    (["{paths: ['~/a/[0-9]+$'], strip_path: false}", "{paths: [/a]}"], "GET", "/a/12x", [], "/12x"),
    (["{paths: [/a, /b]}"], "GET", "/b/c", [], "/c"),
    (["{methods: [GET]}"], "GET", "/any/thing", [], "/any/thing"),
    (["{paths: [/a], strip_path: false}"], "GET", "/a/b", [], "/a/b"),
]


@pytest.mark.parametrize(("lines", "method", "target", "headers", "expected"), ORDER)
async def test_the_most_exact_route_wins(
    edge: Start, lines: list[str], method: str, target: str, headers: list[str], expected: str
) -> None:
    reply = await ask(await edge(routes(*lines)), method, target, *headers)
    assert (reply.status, reply.body.decode()) == (200, expected)


async def test_the_service_has_a_path_of_its_own(edge: Start) -> None:
    port = await edge(routes("{paths: [/orders]}", path="/v1"))
    assert (await ask(port, "GET", "/orders/x")).body == b"/v1/x"


CONTRACTS_UUID = "3F2504E0-4f89-41d3-9a0c-0305e82c3301"
CONTRACTS = [
    ("POST", "/orders", "/orders"),
    ("GET", f"/orders/{CONTRACTS_UUID}", f"/orders/{CONTRACTS_UUID}"),
    ("GET", "/orders/health", "/health"),
    ("GET", "/orders/orders", "/orders"),
    ("GET", "/orders/health/ready", "/health/ready"),
    ("GET", "/invoices", "/invoices"),
    ("GET", "/invoices?orderId=1", "/invoices?orderId=1"),
    ("GET", f"/invoices/{CONTRACTS_UUID}", f"/invoices/{CONTRACTS_UUID}"),
    ("GET", "/invoices/docs", "/docs"),
]


@pytest.mark.parametrize(("method", "target", "expected"), CONTRACTS)
async def test_the_shipped_file_of_contracts(
    edge: Start, upstream: Upstream, method: str, target: str, expected: str
) -> None:
    from pathlib import Path

    from tradewind import apis
    from tradewind.edge.manifest import declarative

    text = declarative("contracts", Path(apis.__file__).parent).read_text()
    port = await edge(text, ORDERS_SERVICE_URL=upstream.url, INVOICES_SERVICE_URL=upstream.url)
    reply = await ask(port, method, target, "Origin: http://a.example")
    assert (reply.status, reply.body.decode()) == (200, expected)
    assert reply.all("access-control-allow-origin") == ["*"]


# headers of the client, then what the service gets of a header
UP: list[tuple[list[str], str, list[str]]] = [
    ([], "host", ["{upstream}"]),
    ([], "x-forwarded-for", ["127.0.0.1"]),
    (["X-Forwarded-For: 10.9.9.9"], "x-forwarded-for", ["10.9.9.9, 127.0.0.1"]),
    (
        ["X-Forwarded-For: 1.1.1.1", "x-forwarded-for: 2.2.2.2"],
        "x-forwarded-for",
        ["1.1.1.1, 2.2.2.2, 127.0.0.1"],
    ),
    (["X-Forwarded-Proto: https"], "x-forwarded-proto", ["http"]),
    (["X-Forwarded-Host: evil"], "x-forwarded-host", ["shop.example"]),
    (["X-Forwarded-Port: 1"], "x-forwarded-port", ["{port}"]),
    (["X-Forwarded-Path: /evil"], "x-forwarded-path", ["/orders/y"]),
    (["X-Forwarded-Prefix: /evil"], "x-forwarded-prefix", ["/orders"]),
    (["X-Real-IP: 10.9.9.9"], "x-real-ip", ["127.0.0.1"]),
    (["X-Consumer-ID: root", "X-Consumer-Username: root"], "x-consumer-id", []),
    (["X-Consumer-Username: root"], "x-consumer-username", []),
    (["X_Consumer_Username: root"], "x_consumer_username", []),
    (["X-Consumer-Custom-ID: root"], "x-consumer-custom-id", []),
    (["X-Consumer-Groups: root"], "x-consumer-groups", []),
    (["X-Credential-Identifier: root"], "x-credential-identifier", []),
    (["X-Anonymous-Consumer: true"], "x-anonymous-consumer", []),
    (["Connection: close, X-Hop", "X-Hop: 1"], "x-hop", []),
    (["Connection: X-Forwarded-For, X-Real-IP"], "x-real-ip", ["127.0.0.1"]),
    (["Keep-Alive: timeout=5"], "keep-alive", []),
    (["Proxy-Connection: keep-alive"], "proxy-connection", []),
    (["Proxy-Authorization: Basic x"], "proxy-authorization", []),
    (["TE: trailers"], "te", []),
    (["Upgrade: h2c", "Connection: Upgrade, HTTP2-Settings", "HTTP2-Settings: x"], "upgrade", []),
    (["Upgrade: h2c", "Connection: Upgrade, HTTP2-Settings", "HTTP2-Settings: x"], "http2-settings", []),
    (["Authorization: Bearer x"], "authorization", ["Bearer x"]),
    (["X-Two: 1", "X-Two: 2"], "x-two", ["1", "2"]),
    (["X-Odd: \xe9\xff ü"], "x-odd", ["\xe9\xff ü"]),
    (["X-Empty:"], "x-empty", [""]),
    (["Cookie: a=1; b=2"], "cookie", ["a=1; b=2"]),
    (["Traceparent: 00-1-2-01"], "traceparent", ["00-1-2-01"]),
]


@pytest.mark.parametrize(("sent", "name", "got"), UP)
async def test_headers_upstream(
    edge: Start, upstream: Upstream, sent: list[str], name: str, got: list[str]
) -> None:
    port = await edge()
    reply = await ask(port, "GET", "/orders/y?apikey=secret", *sent)
    assert reply.status == 200
    places = {"{upstream}": f"127.0.0.1:{upstream.port}", "{port}": str(port)}
    assert upstream.last.all(name) == [places.get(value, value) for value in got]
    assert upstream.last.header("x-kong-request-id") == reply.header("x-kong-request-id")
    assert "secret" not in " ".join(value for _, value in upstream.last.headers)


async def test_the_host_of_the_client_passes_where_the_route_says_so(edge: Start, upstream: Upstream) -> None:
    port = await edge(routes("{paths: [/orders], preserve_host: true}"))
    await ask(port, "GET", "/orders", host="shop.example:81")
    assert upstream.last.header("host") == "shop.example:81"


async def test_headers_downstream(edge: Start, upstream: Upstream) -> None:
    upstream.answer = lambda seen: (
        b"HTTP/1.1 418 I'm a teapot\r\nServer: mine\r\nDate: then\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n"
        b"Connection: close, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=9\r\nUpgrade: h2c\r\nVia: 1.1 before\r\n"
        b"X-Kong-Request-Id: false\r\nX-Odd: \xe9\r\nContent-Length: 2\r\n\r\nhi"
    )
    reply = await ask(await edge(), "GET", "/orders/y")
    assert (reply.status, reply.body) == (418, b"hi")
    assert (reply.all("server"), reply.all("date")) == (["mine"], ["then"])
    assert reply.all("set-cookie") == ["a=1", "b=2"]
    assert reply.all("x-odd") == ["\xe9"]
    for dropped in ("x-hop", "keep-alive", "upgrade", "connection"):
        assert reply.all(dropped) == []
    assert reply.all("via") == ["1.1 before, 1.1 tradewind-edge"]
    assert len(reply.all("x-kong-request-id")) == 1
    assert reply.header("x-kong-request-id") != "false"
    assert (reply.header("x-kong-upstream-latency") or "").isdecimal()
    assert (reply.header("x-kong-proxy-latency") or "").isdecimal()


@pytest.mark.parametrize(
    ("status", "line", "location"),
    [(426, "", None), (301, "https_redirect_status_code: 301, ", "https://shop.example/a/b?c")],
)
async def test_a_route_for_https_alone(edge: Start, status: int, line: str, location: str | None) -> None:
    port = await edge(routes(f"{{paths: [/a], {line}protocols: [https]}}"))
    reply = await ask(port, "GET", "/a/b?c")
    assert (reply.status, reply.header("location")) == (status, location)


async def test_requests_of_many_clients_do_not_mix(edge: Start, upstream: Upstream) -> None:
    port = await edge()

    async def client(number: int) -> None:
        for turn in range(10):
            reply = await ask(port, "POST", f"/orders/{number}/{turn}", body=b"x" * (number * 7 % 50))
            assert reply.body.decode() == f"/{number}/{turn}"

    await asyncio.gather(*(client(number) for number in range(20)))
    assert upstream.visits < 200  # connections are kept
