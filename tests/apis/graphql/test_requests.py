"""HTTP of the gateway: what an Apollo, Relay, urql or graphql-request client meets, refusals included."""

from __future__ import annotations

from hashlib import sha256
from typing import Any
from urllib.parse import quote

import pytest

from tests.apis.graphql.support import Client, code, gateway
from tradewind.core.rate_limiter import Limit

NAME = "{userName(id:1)}"
GET = "/graphql?query=" + quote(NAME)
MUTATION = "mutation{createOrder(userId:1,productId:2,quantity:3)}"
JSON = "application/json"
RESPONSE = "application/graphql-response+json"


@pytest.fixture
def client() -> Client:
    return gateway()


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", JSON),
        ("*/*", JSON),
        (JSON, JSON),
        (f"{RESPONSE}, {JSON}", RESPONSE),
        (f"{RESPONSE};charset=utf-8", RESPONSE),
    ],
)
async def test_the_media_type_of_an_answer(client: Client, accept: str, kind: str) -> None:
    answer = await client.post({"query": NAME}, **({"accept": accept} if accept else {}))
    assert (answer.status, answer.json) == (200, {"data": {"userName": "Alice Johnson"}})
    assert answer.type == f"{kind}; charset=utf-8"


async def test_an_answer_that_nobody_takes(client: Client) -> None:
    assert (await client.post({"query": NAME}, accept="text/plain")).status == 406


@pytest.mark.parametrize(
    "headers",
    [
        {"content_type": JSON},
        {"content_type": f"{JSON}; charset=utf-8"},
        {"apollo_require_preflight": "1"},
        {"x_apollo_operation_name": "q"},
    ],
)
async def test_get(client: Client, headers: dict[str, str]) -> None:
    answer = await client.ask("GET", GET, b"", **headers)
    assert (answer.status, answer.json) == (200, {"data": {"userName": "Alice Johnson"}})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content_type": "text/plain"},
        {"content_type": "application/jsonx"},
        {"apollo_require_preflight": ""},
    ],
)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_what_a_page_of_another_origin_can_send_is_refused(
    client: Client, method: str, headers: dict[str, str]
) -> None:
    answer = await client.ask(method, GET, b"", **headers)
    assert (answer.status, code(answer.json)) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
async def test_a_form_is_refused_and_nothing_is_done(client: Client, kind: str) -> None:
    answer = await client.post({"query": MUTATION}, **{"content-type": kind})
    assert (answer.status, client.services.submitted) == (400, [])


async def test_a_mutation_is_never_executed_by_get(client: Client) -> None:
    two = f"query a{NAME} mutation b{{createOrder(userId:1,productId:2,quantity:3)}}"
    for path in ("/graphql?query=" + quote(MUTATION), "/graphql?operationName=b&query=" + quote(two)):
        answer = await client.ask("GET", path, content_type=JSON)
        assert (answer.status, answer.headers["allow"]) == (405, "POST")
    assert client.services.submitted == []
    answer = await client.ask("GET", "/graphql?operationName=a&query=" + quote(two), content_type=JSON)
    assert answer.json == {"data": {"userName": "Alice Johnson"}}


async def test_other_methods(client: Client) -> None:
    for method in ("PUT", "DELETE", "PATCH"):
        answer = await client.ask(method, "/graphql", content_type=JSON)
        assert (answer.status, answer.headers["allow"]) == (405, "GET, POST")
    assert (await client.ask("OPTIONS", "/graphql", origin="http://x")).status == 204
    assert (await client.ask("GET", "/nothing")).status == 404


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{}",
        b"null",
        b"5",
        b'"x"',
        b"{",
        b'{"query":""}',
        b'{"query":5}',
        b'{"query":null}',
        b'{"query":"{userName(id:1)}","variables":[]}',
        b'{"query":"{userName(id:1)}","variables":"x"}',
        b'{"query":"{userName(id:1)}","operationName":5}',
        b'{"query":"{userName(id:1)}","extensions":5}',
        b'{"query":"\xff"}',
        b'{"query":"\\ud800"}',
        b"[" * 5_000,
        b'{"query":"{userName(id:1)}","variables":{"a":1e999}}',
    ],
)
async def test_a_body_that_is_no_request(client: Client, body: bytes) -> None:
    answer = await client.post(body)
    assert (answer.status, code(answer.json)) == (400, "BAD_REQUEST"), answer.body


async def test_a_batch_is_refused(client: Client) -> None:
    answer = await client.post([{"query": NAME}])
    assert answer.status == 400
    assert answer.json["errors"][0]["message"] == "Operation batching disabled."


async def test_a_large_body(client: Client) -> None:
    answer = await client.post({"query": NAME, "variables": {"x": "x" * 102_400}})
    assert (answer.status, code(answer.json)) == (413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize(
    ("query", "status", "found"),
    [
        ("{", 400, "GRAPHQL_PARSE_FAILED"),
        ("{nothing}", 400, "GRAPHQL_VALIDATION_FAILED"),
        ("{userName}", 400, "GRAPHQL_VALIDATION_FAILED"),
        ('{userName(id:"1")}', 400, "GRAPHQL_VALIDATION_FAILED"),
        ("query($id:Int!){userName(id:$id)}", 400, "GRAPHQL_VALIDATION_FAILED"),
        ("query a{userName(id:1)} query b{userName(id:1)}", 400, "OPERATION_RESOLUTION_FAILURE"),
        ("{userName(id:1.5)}", 200, "BAD_USER_INPUT"),
        ("{userName(id:0)}", 200, "BAD_USER_INPUT"),
        ("{userName(id:2147483648)}", 200, "BAD_USER_INPUT"),
        ("{getOrder(id:9)}", 200, "NOT_FOUND"),
    ],
)
async def test_the_code_of_a_fault(client: Client, query: str, status: int, found: str) -> None:
    answer = await client.post({"query": query})
    assert (answer.status, code(answer.json)) == (status, found)
    assert "stacktrace" not in answer.body.decode()


async def test_an_unknown_operation(client: Client) -> None:
    answer = await client.post({"query": "query a{userName(id:1)}", "operationName": "b"})
    assert (answer.status, code(answer.json)) == (400, "OPERATION_RESOLUTION_FAILURE")


@pytest.mark.parametrize("variables", [{"id": "x"}, {"id": None}, {}, {"id": True}])
async def test_a_variable_that_does_not_fit(client: Client, variables: dict[str, Any]) -> None:
    """200 as JSON as in Apollo 4, 400 in the media type of the specification."""
    body = {"query": "query($id:Float!){userName(id:$id)}", "variables": variables}
    answer = await client.post(body)
    assert (answer.status, code(answer.json)) == (200, "BAD_USER_INPUT")
    assert "data" not in answer.json
    answer = await client.post(body, accept=RESPONSE)
    assert (answer.status, code(answer.json)) == (400, "BAD_USER_INPUT")


async def test_a_subscription_is_refused(client: Client) -> None:
    assert (await client.post({"query": "subscription{orderCreated{id}}"})).status == 400


async def test_a_persisted_query(client: Client) -> None:
    """A client that sends only the hash learns that it must send the text; one that sends both is served."""
    hashed: dict[str, dict[str, Any]] = {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}
    answer = await client.post({"extensions": hashed})
    assert (answer.status, code(answer.json)) == (200, "PERSISTED_QUERY_NOT_SUPPORTED")
    assert (await client.post({"query": NAME, "extensions": hashed})).status == 400
    hashed["persistedQuery"]["sha256Hash"] = sha256(NAME.encode()).hexdigest()
    assert (await client.post({"query": NAME, "extensions": hashed})).status == 200


async def test_introspection_off() -> None:
    off = gateway(introspection=False)
    for query in ("{__schema{types{name}}}", '{__type(name:"Order"){name}}', "{usrName(id:1)}"):
        answer = await off.post({"query": query})
        assert answer.status == 400
        for error in answer.json["errors"]:
            assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
            assert "Did you mean" not in error["message"]
    assert (await off.query("{__typename}")) == {"data": {"__typename": "Query"}}


async def test_each_error_names_its_trace(client: Client) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    answer = await client.post({"query": "{"}, traceparent=f"00-{trace}-b7ad6b7169203331-01")
    assert answer.json["errors"][0]["extensions"]["traceId"] == trace
    answer = await client.post({"query": "{"}, x_request_id="abc")
    assert answer.json["errors"][0]["extensions"]["traceId"] == "abc"


async def test_the_page_comes_from_this_process_alone(client: Client) -> None:
    page = await client.ask("GET", "/graphql", accept="text/html,*/*")
    assert (page.status, page.type) == (200, "text/html; charset=utf-8")
    assert "//" not in page.body.decode().replace("<!doctype", "")
    for name in ("graphiql.css", "graphiql.js", "react.js", "react-dom.js", "start.js"):
        assert f"graphql/assets/{name}" in page.body.decode()
        assert (await client.ask("GET", f"/graphql/assets/{name}")).status == 200


async def test_the_share_of_an_address() -> None:
    limited = gateway(limit=Limit(2, window=True, key="rl:"))
    for _ in range(2):
        assert (await limited.post({"query": NAME})).status == 200
    refused = await limited.ask("GET", GET, content_type=JSON)
    assert (refused.status, refused.json) == (429, {"statusCode": 429, "message": "Too Many Requests"})
    assert int(refused.headers["retry-after"]) <= 60
    assert (await limited.ask("OPTIONS", "/graphql", origin="x")).status == 204
    assert (await limited.ask("GET", "/health/live")).status == 200
