"""Each plugin as a client sees it, against a real upstream."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.edge.conftest import At, Start
from tests.edge.servers import Client, Reply, Upstream, ask, connect, ok

ORIGIN = "Origin: https://pages.example"
ASKS = "Access-Control-Request-Method: POST"
ALLOW = "access-control-allow-origin"


def file(*plugins: str, service: str = "", route: str = "", consumers: str = "") -> str:
    return (
        '_format_version: "3.0"\nservices:\n- name: a\n  url: ${UPSTREAM}\n'
        f"  plugins: [{service}]\n  routes:\n  - {{name: r, paths: [/r], plugins: [{route}]}}\n"
        "  - {name: s, paths: [/s]}\n"
        f"plugins: [{', '.join(plugins)}]\nconsumers: [{consumers}]\n"
    )


def told(reply: Reply) -> object:
    return json.loads(reply.body)["message"]


CORS = (
    "{name: cors, config: {origins: ['*'], methods: [GET, POST, PUT, DELETE, OPTIONS], "
    "headers: [Accept, Content-Type, Authorization]}}"
)


async def test_a_preflight_is_answered_by_the_edge_alone(edge: Start, upstream: Upstream) -> None:
    port = await edge(file(CORS, "{name: key-auth}", "{name: rate-limiting, config: {minute: 1}}"))
    for _ in range(3):
        reply = await ask(port, "OPTIONS", "/r", ORIGIN, ASKS)
        assert (reply.status, reply.body) == (200, b"")
        assert reply.all(ALLOW) == ["*"]
        assert reply.header("access-control-allow-methods") == "GET,POST,PUT,DELETE,OPTIONS"
        assert reply.header("access-control-allow-headers") == "Accept,Content-Type,Authorization"
        assert reply.header("vary") is None
    assert upstream.seen == []


@pytest.mark.parametrize("headers", [[ORIGIN], [ASKS], []])
async def test_options_that_is_no_preflight_is_forwarded(
    edge: Start, upstream: Upstream, headers: list[str]
) -> None:
    reply = await ask(await edge(file(CORS)), "OPTIONS", "/r", *headers)
    assert reply.all(ALLOW) == ["*"]
    assert upstream.last.method == "OPTIONS"


# config, the origin of the page, and the header of the answer; the upstream says `*` itself
ORIGINS = [
    ("origins: ['*']", "https://a.example", "*"),
    ("", "https://a.example", "*"),
    ("origins: ['*']", None, "*"),
    ("origins: ['https://a.example', 'https://b.example']", "https://b.example", "https://b.example"),
    ("origins: ['https://a.example', 'https://b.example']", "https://c.example", None),
    ("origins: ['https://a.example', 'https://b.example']", None, None),
    ("origins: ['https://a.example', 'https://b.example']", "https://a.example:443", "https://a.example"),
    ("origins: ['https://a.example']", "https://c.example", "https://a.example"),
    ("origins: ['https://a.example']", None, "https://a.example"),
    (r"origins: ['^https://.*\.example$']", "https://x.example", "https://x.example"),
    (r"origins: ['https://.*\.example']", "https://x.example.evil", None),
    (r"origins: ['.*\.example']", "http://x.example:81", "http://x.example:81"),
    ("allow_origin_absent: false", None, "upstream"),
    ("credentials: true", "https://a.example", "https://a.example"),
    ("credentials: true", None, "*"),
]


@pytest.mark.parametrize(("config", "origin", "allowed"), ORIGINS)
async def test_one_origin_header_and_the_right_one(
    edge: Start, upstream: Upstream, config: str, origin: str | None, allowed: str | None
) -> None:
    upstream.answer = lambda seen: ok(b"", "Access-Control-Allow-Origin: upstream")
    headers = [] if origin is None else [f"Origin: {origin}"]
    reply = await ask(await edge(file(f"{{name: cors, config: {{{config}}}}}")), "GET", "/r", *headers)
    assert reply.all(ALLOW) == ([] if allowed is None else [allowed])
    assert ("Origin" in reply.all("vary")) == (allowed not in ("*", "upstream"))
    credentials = reply.header("access-control-allow-credentials")
    assert credentials == ("true" if "credentials" in config and origin else None)


async def test_other_fields_of_cors(edge: Start, upstream: Upstream) -> None:
    port = await edge(
        file("{name: cors, config: {max_age: 60, exposed_headers: [X-A, X-B], private_network: true}}")
    )
    asked = ("Access-Control-Request-Headers: x-own", "Access-Control-Request-Private-Network: true")
    reply = await ask(port, "OPTIONS", "/r", ORIGIN, ASKS, *asked)
    assert reply.header("access-control-max-age") == "60"
    assert reply.header("access-control-allow-headers") == "x-own"
    assert reply.header("access-control-allow-private-network") == "true"
    methods = reply.header("access-control-allow-methods")
    assert methods == "GET,HEAD,PUT,PATCH,POST,DELETE,OPTIONS,TRACE,CONNECT"
    assert (await ask(port, "GET", "/r", ORIGIN)).header("access-control-expose-headers") == "X-A,X-B"
    port = await edge(file("{name: cors, config: {preflight_continue: true}}"))
    assert (await ask(port, "OPTIONS", "/r", ORIGIN, ASKS)).all(ALLOW) == []
    assert upstream.last.method == "OPTIONS"


async def test_refusals_of_the_edge_can_be_read_by_pages(edge: Start) -> None:
    reply = await ask(await edge(file(CORS, "{name: key-auth}")), "GET", "/r", ORIGIN)
    assert (reply.status, reply.all(ALLOW)) == (401, ["*"])


LIMIT = "{name: rate-limiting, config: {minute: 3, policy: local}}"


async def test_requests_are_counted_by_the_minute_of_the_clock(edge: Start, clock: At) -> None:
    clock.seconds = 1_800_000_000 + 50
    port = await edge(file(LIMIT))
    for left in (2, 1, 0):
        reply = await ask(port, "GET", "/r")
        shown = [reply.header(f"x-ratelimit-{kind}-minute") for kind in ("limit", "remaining")]
        assert (reply.status, shown) == (200, ["3", str(left)])
        shown = [reply.header(f"ratelimit-{kind}") for kind in ("limit", "remaining", "reset")]
        assert shown == ["3", str(left), "10"]
    reply = await ask(port, "GET", "/r")
    assert (reply.status, told(reply)) == (429, "API rate limit exceeded")
    assert json.loads(reply.body)["request_id"] == reply.header("x-kong-request-id")
    assert reply.header("retry-after") == "10"
    assert reply.header("x-ratelimit-remaining-minute") == "0"
    clock.seconds += 10
    assert (await ask(port, "GET", "/r")).status == 200


async def test_all_connections_share_one_count(edge: Start, clock: At) -> None:
    clock.seconds = 1_800_000_000
    port = await edge(file(LIMIT))
    statuses = [(await ask(port, "GET", "/r", f"X-Forwarded-For: 10.0.0.{n}")).status for n in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
    client = await connect(port)
    await client.send(b"GET /r HTTP/1.1\r\nHost: a\r\n\r\n" * 2)
    assert [(await client.reply()).status for _ in range(2)] == [429, 429]
    await client.close()


# where a block stands, and the statuses of two requests to /r and two to /s
SCOPES = [
    (file("{name: rate-limiting, config: {minute: 3}}"), [200, 200, 200, 429]),
    (file(service="{name: rate-limiting, config: {minute: 3}}"), [200, 200, 200, 429]),
    (file(route="{name: rate-limiting, config: {minute: 1}}"), [200, 429, 200, 200]),
    (
        file(
            "{name: rate-limiting, config: {minute: 1}}", route="{name: rate-limiting, config: {minute: 9}}"
        ),
        [200, 200, 200, 429],
    ),
    (
        file(
            "{name: rate-limiting, route: s, config: {minute: 1}}",
            service="{name: rate-limiting, config: {minute: 9}}",
        ),
        [200, 200, 200, 429],
    ),
    (
        file(
            "{name: rate-limiting, config: {minute: 1}}",
            "{name: rate-limiting, service: a, enabled: false, config: {minute: 9}}",
        ),
        [200, 429, 429, 429],
    ),
]


@pytest.mark.parametrize(("text", "statuses"), SCOPES)
async def test_a_count_belongs_to_its_block_and_the_most_exact_block_holds(
    edge: Start, clock: At, text: str, statuses: list[int]
) -> None:
    clock.seconds = 1_800_000_000
    port = await edge(text)
    assert [(await ask(port, "GET", path)).status for path in ("/r", "/r", "/s", "/s")] == statuses


TWO = "{username: ann, keyauth_credentials: [{key: k1}]}, {username: bob, custom_id: '7', keyauth_credentials: [{key: k2}]}"

# limit_by, then requests (key, header, path) and their statuses with one request a minute
LIMITED_BY = [
    ("consumer", [("k1", "", "/r"), ("k2", "", "/r"), ("k1", "", "/s")], [200, 200, 429]),
    ("credential", [("k1", "", "/r"), ("k2", "", "/r"), ("k1", "", "/s")], [200, 200, 429]),
    ("ip", [("k1", "", "/r"), ("k2", "", "/r")], [200, 429]),
    ("service", [("k1", "", "/r"), ("k2", "", "/s")], [200, 429]),
    ("header, header_name: X-T", [("k1", "a", "/r"), ("k1", "b", "/r"), ("k2", "a", "/r")], [200, 200, 429]),
    ("path, path: /r", [("k1", "", "/r"), ("k1", "", "/s"), ("k1", "", "/r")], [200, 200, 429]),
]


@pytest.mark.parametrize(("by", "requests", "statuses"), LIMITED_BY)
async def test_whose_requests_are_counted_together(
    edge: Start, clock: At, by: str, requests: list[tuple[str, str, str]], statuses: list[int]
) -> None:
    clock.seconds = 1_800_000_000
    limit = f"{{name: rate-limiting, config: {{minute: 1, limit_by: {by}}}}}"
    port = await edge(file("{name: key-auth}", limit, consumers=TWO))
    seen = []
    for key, tenant, path in requests:
        extra = [f"X-T: {tenant}"] if tenant else []
        seen.append((await ask(port, "GET", path, f"apikey: {key}", *extra)).status)
    assert seen == statuses


async def test_clients_without_the_header_do_not_share_one_count(edge: Start, clock: At) -> None:
    clock.seconds = 1_800_000_000
    port = await edge(file("{name: rate-limiting, config: {minute: 1, limit_by: header, header_name: X-T}}"))
    statuses = []
    for address in ("127.0.0.1", "127.0.0.2", "127.0.0.2"):
        client = Client(*await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0)))
        await client.send(b"GET /r HTTP/1.1\r\nHost: a\r\n\r\n")
        statuses.append((await client.reply()).status)
        await client.close()
    assert statuses == [200, 200, 429]


async def test_a_limit_for_one_consumer(edge: Start, clock: At) -> None:
    clock.seconds = 1_800_000_000
    bob = "{username: bob, keyauth_credentials: [{key: k2}], plugins: [{name: rate-limiting, config: {minute: 1}}]}"
    text = file(
        "{name: key-auth}",
        "{name: rate-limiting, config: {minute: 2, limit_by: consumer}}",
        consumers=f"{TWO.split(', {')[0]}, {bob}",
    )
    port = await edge(text)
    assert [(await ask(port, "GET", "/r", "apikey: k2")).status for _ in range(2)] == [200, 429]
    assert [(await ask(port, "GET", "/r", "apikey: k1")).status for _ in range(3)] == [200, 200, 429]


async def test_several_windows_and_other_fields(edge: Start, clock: At) -> None:
    clock.seconds = 1_800_000_000
    port = await edge(
        file("{name: rate-limiting, config: {second: 1, hour: 2, error_code: 420, error_message: slow}}")
    )
    reply = await ask(port, "GET", "/r")
    assert (reply.header("ratelimit-limit"), reply.header("x-ratelimit-remaining-hour")) == ("1", "1")
    reply = await ask(port, "GET", "/r")
    assert (reply.status, told(reply), reply.header("retry-after")) == (420, "slow", "1")
    clock.seconds += 1
    assert (await ask(port, "GET", "/r")).status == 200
    clock.seconds += 1
    assert (await ask(port, "GET", "/r")).status == 420
    port = await edge(file("{name: rate-limiting, config: {year: 1, hide_client_headers: true}}"))
    assert (await ask(port, "GET", "/r")).header("ratelimit-limit") is None
    reply = await ask(port, "GET", "/r")
    assert (reply.status, reply.header("x-ratelimit-limit-year")) == (429, None)


# the request, its status, its message, and who the upstream is told it is
KEYS: list[tuple[str, list[str], int, object, str | None]] = [
    ("/r", [], 401, "No API key found in request", None),
    ("/r", ["apikey:"], 401, "No API key found in request", None),
    ("/r", ["apikey: wrong"], 401, "Unauthorized", None),
    ("/r", ["apikey: k1", "apikey: k1"], 401, "Duplicate API key found", None),
    ("/r?apikey=k1&apikey=k2", [], 401, "Duplicate API key found", None),
    ("/r", ["X-Consumer-Username: ann"], 401, "No API key found in request", None),
    ("/r", ["apikey: k1"], 200, None, "ann"),
    ("/r", ["APIKEY: k2"], 200, None, "bob"),
    ("/r?apikey=k1", [], 200, None, "ann"),
    ("/r?a=1&%61pikey=k%31", [], 200, None, "ann"),
    ("/r", ["apikey: k1", "X-Consumer-Username: bob"], 200, None, "ann"),
]


@pytest.mark.parametrize(("target", "headers", "status", "message", "who"), KEYS)
async def test_keys(
    edge: Start,
    upstream: Upstream,
    target: str,
    headers: list[str],
    status: int,
    message: object,
    who: str | None,
) -> None:
    reply = await ask(await edge(file("{name: key-auth}", consumers=TWO)), "GET", target, *headers)
    assert reply.status == status
    if status == 401:
        assert told(reply) == message
        assert json.loads(reply.body)["request_id"] == reply.header("x-kong-request-id")
        assert reply.header("www-authenticate") == "Key"
        assert upstream.seen == []
        return
    assert upstream.last.all("x-consumer-username") == [who]
    assert len(upstream.last.all("x-consumer-id")) == 1
    assert upstream.last.header("x-consumer-custom-id") == ("7" if who == "bob" else None)
    assert len(upstream.last.all("x-credential-identifier")) == 1
    assert upstream.last.header("x-anonymous-consumer") is None


async def test_a_key_is_hidden_where_it_should_be(edge: Start, upstream: Upstream) -> None:
    port = await edge(
        file("{name: key-auth, config: {hide_credentials: true, key_names: [X-Key]}}", consumers=TWO)
    )
    await ask(port, "GET", "/r/x?a=1&X-Key=k1&b=%20")
    assert upstream.last.target == "/x?a=1&b=%20"
    await ask(port, "GET", "/r/x", "x-key: k1")
    assert upstream.last.header("x-key") is None
    await ask(port, "GET", "/r/x?X-Key=k1")
    assert upstream.last.target == "/x"


async def test_a_stranger_may_be_somebody_else(edge: Start, upstream: Upstream) -> None:
    text = file("{name: key-auth, config: {anonymous: guest}}", consumers=f"{TWO}, {{username: guest}}")
    port = await edge(text)
    assert (await ask(port, "GET", "/r", "apikey: wrong")).status == 200
    assert upstream.last.header("x-consumer-username") == "guest"
    assert upstream.last.header("x-anonymous-consumer") == "true"
    assert upstream.last.header("x-credential-identifier") is None


async def test_a_preflight_without_cors_needs_a_key_unless_it_is_said(edge: Start) -> None:
    port = await edge(file("{name: key-auth}", consumers=TWO))
    assert (await ask(port, "OPTIONS", "/r")).status == 401
    port = await edge(file("{name: key-auth, config: {run_on_preflight: false}}", consumers=TWO))
    assert (await ask(port, "OPTIONS", "/r")).status == 200


async def test_correlation_ids(edge: Start, upstream: Upstream) -> None:
    port = await edge(
        file("{name: correlation-id, config: {header_name: X-Id, generator: uuid, echo_downstream: true}}")
    )
    reply = await ask(port, "GET", "/r", "x-id: mine")
    assert (reply.header("x-id"), upstream.last.all("x-id")) == ("mine", ["mine"])
    reply = await ask(port, "GET", "/r")
    assert len(reply.header("x-id") or "") == 36
    assert upstream.last.header("x-id") == reply.header("x-id")
    port = await edge(file("{name: correlation-id}"))
    assert (await ask(port, "GET", "/r")).header("kong-request-id") is None
    first = upstream.last.header("kong-request-id") or ""
    await ask(port, "GET", "/r")
    assert first.endswith("#1")
    assert (upstream.last.header("kong-request-id") or "").endswith("#2")


SIZE = "{name: request-size-limiting, config: {allowed_payload_size: 1, size_unit: kilobytes}}"


async def test_bodies_have_a_size(edge: Start, upstream: Upstream) -> None:
    port = await edge(file(SIZE))
    assert (await ask(port, "POST", "/r", body=b"x" * 1024)).status == 200
    reply = await ask(port, "POST", "/r", body=b"x" * 1025)
    assert (reply.status, told(reply)) == (413, "Request size limit exceeded")
    assert (await ask(port, "POST", "/r", "Expect: 100-continue", body=b"x" * 1025)).status == 417
    assert len(upstream.seen) == 1


async def test_a_body_without_a_length_is_counted_while_it_passes(edge: Start, upstream: Upstream) -> None:
    port = await edge(file(SIZE))
    client = await connect(port)
    await client.send(b"POST /r HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(5):
        await client.send(b"100\r\n" + b"x" * 256 + b"\r\n")
        await asyncio.sleep(0.02)
    reply = await client.reply()
    assert reply.status == 413
    await client.close()
    assert upstream.seen == []
    port = await edge(file("{name: request-size-limiting, config: {require_content_length: true}}"))
    client = await connect(port)
    await client.send(b"POST /r HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
    assert (await client.reply()).status == 411
    await client.close()
