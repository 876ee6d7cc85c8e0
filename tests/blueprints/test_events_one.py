"""The published system `events` in one process, without a server: its walk-through, its words for what is wrong,
and who may do what once there is a secret.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jwt
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.apart import Apart, wait
from tests.support.http import Answer, Connection
from tests.support.program import run_in

HERE = Path(__file__).parent
SECRET = "a secret that is long enough for HS256"
PASSWORD = "SecurePass123!"
JOHN = {"email": " John.Doe@Example.com ", "name": "John Doe", "password": PASSWORD}
ITEM = {"productId": "product-123", "quantity": 2, "price": 29.99}
NOBODY = "550e8400-e29b-41d4-a716-446655440000"


class Shop(NamedTuple):
    port: int

    def call(self, method: str, path: str, body: Any = None, **how: Any) -> Answer:
        with Connection(self.port) as connection:
            return connection.call(method, f"/api{path}", body, **how)

    def user(self, email: str, **how: Any) -> Any:
        made = self.call("POST", "/users", {**JOHN, "email": email}, **how)
        assert made.status == 201, made.body
        return made.json


def shop(home: Path, **variables: str) -> Iterator[Shop]:
    words = ("up", "--blueprint", str(HERE / "events_one.toml"), "--data", str(home / "data"))
    running = Apart(home, words, {"PORT": "0", **variables})
    try:
        found = running.says(r"is up at http://127\.0\.0\.1:(\d+)[\s\S]*Ctrl-C stops it")
        yield Shop(int(found[1]))
        assert running.stop() == 0, running.log.read_text()[-2_000:]
    finally:
        running.close()


@pytest.fixture(scope="module")
def open_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    yield from shop(tmp_path_factory.mktemp("open"))


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    yield from shop(tmp_path_factory.mktemp("closed"), JWT_SECRET=SECRET)


def test_a_long_list_says_where_it_goes_on(tmp_path: Path) -> None:
    for made in shop(tmp_path, TRADEWIND_LIST_MAX="2", API_KEY="between-services"):
        users = [made.user(f"user{number}@example.com")["id"] for number in range(5)]
        seen, path, pages = [], "/users", 0
        while path:
            answer = made.call("GET", path)
            assert answer.status == 200 and len(answer.json) <= 2
            seen += [user["id"] for user in answer.json]
            link = re.fullmatch(r'</api(/users\?cursor=[^>]+)>; rel="next"', answer.headers.get("link", ""))
            path, pages = link[1] if link else "", pages + 1
        assert (seen, pages) == (users[::-1], 3), "newest first, each once"


def test_the_walk_through(open_shop: Shop) -> None:
    made = open_shop.call("POST", "/users", JOHN, headers={"X-Request-Id": "demo-request-123"})
    assert (made.status, made.headers["x-request-id"]) == (201, "demo-request-123")
    user = made.json
    assert list(user) == ["id", "email", "name", "role", "createdAt", "updatedAt"]
    assert (user["email"], user["role"]) == ("john.doe@example.com", "user")
    assert open_shop.call("GET", f"/users/{user['id']}").json == {
        name: user[name] for name in ("id", "email", "name", "role", "createdAt")
    }
    placed = open_shop.call("POST", "/orders", {"userId": user["id"], "items": [ITEM]})
    assert placed.status == 201
    order = placed.json
    assert list(order) == ["id", "userId", "items", "totalAmount", "status", "createdAt"]
    assert (order["items"], order["totalAmount"], order["status"]) == ([ITEM], 59.98, "pending")

    def paid() -> Any:
        found = open_shop.call("GET", f"/payments/order/{order['id']}").json
        return found if found and found[0]["status"] == "completed" else None

    (payment,) = wait(paid, "the payment")
    assert payment["amount"] == 59.98
    orders = wait(lambda: _two(open_shop.call("GET", "/orders").json), "the welcome order")
    assert {"productId": "welcome-product", "quantity": 1, "price": 0} in [o["items"][0] for o in orders]
    assert open_shop.call("GET", f"/orders/{order['id']}").json == order


def _two(orders: list[Any]) -> Any:
    return orders if len(orders) >= 2 else None


def test_an_account_is_changed_logged_in_and_deleted(open_shop: Shop) -> None:
    path = f"/users/{open_shop.user('ada@example.com')['id']}"
    assert open_shop.call("PUT", path, {}).status == 200
    changed = open_shop.call("PUT", path, {"email": "king@example.com", "password": "another one"})
    assert (changed.status, changed.json["email"]) == (200, "king@example.com")
    for email, password, status in (
        ("king@example.com", "another one", 200),
        ("king@example.com", PASSWORD, 401),
        ("ada@example.com", "another one", 401),
    ):
        answer = open_shop.call("POST", "/auth/login", {"email": email, "password": password})
        assert answer.status == status
        if status == 401:
            assert answer.json == {
                "message": "Invalid credentials",
                "error": "Unauthorized",
                "statusCode": 401,
            }
    assert open_shop.call("POST", "/users", {**JOHN, "email": "KING@example.com"}).status == 409
    assert open_shop.call("DELETE", path).status == 204
    for method, body in (("DELETE", None), ("GET", None), ("PUT", {"name": "Ada"})):
        assert open_shop.call(method, path, body).status == 404


@pytest.mark.parametrize(
    ("path", "body", "messages"),
    [
        (
            "/orders",
            {"userId": "x", "items": [{**ITEM, "price": 29.999, "x": 1}], "y": 1},
            [
                "property y should not exist",
                "userId must be a UUID",
                "items.0.property x should not exist",
                "items.0.price must be a number conforming to the specified constraints",
            ],
        ),
        (
            "/orders",
            {"userId": NOBODY, "items": [{**ITEM, "quantity": 0}]},
            ["items.0.quantity must not be less than 1"],
        ),
        (
            "/orders",
            {"userId": NOBODY, "items": [{**ITEM, "productId": "p-1"}]},
            ["items.0.productId must match /^product-[A-Za-z0-9-]+$/ regular expression"],
        ),
        ("/orders", {"userId": NOBODY, "items": []}, ["items must contain at least 1 elements"]),
        ("/users", {**JOHN, "name": "J0hn"}, [r"name must match /^[a-zA-Z\s'-]+$/ regular expression"]),
        ("/users", {**JOHN, "role": "root"}, ["role must be one of the following values: user, admin"]),
        ("/users", {**JOHN, "email": "x"}, ["email must be an email"]),
        ("/users", {**JOHN, "password": "short"}, ["password must be longer than or equal to 6 characters"]),
    ],
)
def test_what_is_wrong_is_told_in_the_words_of_class_validator(
    open_shop: Shop, path: str, body: Any, messages: list[str]
) -> None:
    answer = open_shop.call("POST", path, body)
    assert (answer.status, answer.json) == (
        400,
        {"message": messages, "error": "Bad Request", "statusCode": 400},
    )


def test_what_the_published_system_converts_is_taken(open_shop: Shop) -> None:
    body = {"userId": f" {NOBODY} ", "items": [{"productId": " product-1 ", "quantity": "3", "price": "0.1"}]}
    order = open_shop.call("POST", "/orders", body).json
    assert (order["totalAmount"], order["items"][0]["quantity"]) == (0.3, 3)
    wrong: list[Any] = [[[]], [{**ITEM, "quantity": 1.5}]]
    for items in wrong:
        assert open_shop.call("POST", "/orders", {"userId": NOBODY, "items": items}).status == 400


def test_what_is_not_there_is_told_as_nestjs_does(open_shop: Shop) -> None:
    missing = open_shop.call("GET", f"/orders/{NOBODY}")
    assert missing.json["message"] == f"Order with ID {NOBODY} not found"
    assert open_shop.call("GET", "/orders/abc").status == 400
    assert open_shop.call("PATCH", "/x?y=1").json == {
        "message": "Cannot PATCH /api/x?y=1",
        "error": "Not Found",
        "statusCode": 404,
    }
    with Connection(open_shop.port) as connection:
        for path in ("/health/live", "/health/ready"):
            assert connection.call("GET", path).json == {
                "status": "ok",
                "info": {},
                "error": {},
                "details": {},
            }
        assert connection.call("GET", "/api/docs-json").json["openapi"] == "3.0.0"


def _bearer(sent: str | None) -> dict[str, Any]:
    return {} if sent is None else {"token": sent}


def test_the_figures_have_the_published_names(open_shop: Shop) -> None:
    open_shop.call("GET", "/orders")
    with Connection(open_shop.port) as connection:
        connection.call("GET", "/health/live")
        answer = connection.call("GET", "/metrics")
    families = {one.name: one for one in text_string_to_metric_families(answer.body.decode())}
    requests = {tuple(row.labels.values()) for row in families["http_requests"].samples}
    assert {("GET", "/api/orders", "200"), ("GET", "/health/live", "200")} <= requests
    assert families["http_request_duration_seconds"].type == "histogram"
    names = ("process_resident_memory_bytes", "process_cpu_seconds", "kafka_consumer_lag")
    assert set(names) <= families.keys()
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")


def test_the_first_order_is_told(open_shop: Shop) -> None:
    told = run_in({}, "first-order", "--url", f"http://127.0.0.1:{open_shop.port}")
    assert told.returncode == 0, told.stderr
    assert "payment shown" in told.stdout


def token(role: str, user: str = NOBODY, **claims: Any) -> str:
    """As the original's gateway writes one."""
    now = int(time.time())
    given = {"sub": user, "email": "a@example.com", "role": role, "iat": now, "exp": now + 60, **claims}
    return jwt.encode({name: value for name, value in given.items() if value is not None}, SECRET, "HS256")


def test_with_a_secret_callers_prove_who_they_are(closed: Shop) -> None:
    first = closed.call("POST", "/users", JOHN)
    assert (first.status, first.json["message"][:32]) == (400, "The first user must be an admin.")
    made = closed.call("POST", "/users", {**JOHN, "email": "root@example.com", "role": "admin"})
    assert made.status == 201
    admin = closed.call("POST", "/auth/login", {"email": "root@example.com", "password": PASSWORD}).json
    again = {**JOHN, "email": "b@example.com", "role": "admin"}
    for sent in (None, "nonsense", token("user")):
        assert closed.call("POST", "/users", again, **_bearer(sent)).status == 403
    assert closed.call("POST", "/users", again, token=admin["access_token"]).status == 201
    assert closed.call("POST", "/auth/register", {**JOHN, "role": "admin"}).status == 403
    mine = closed.call("POST", "/auth/register", {**JOHN, "email": "me@example.com"}).json
    me, my = mine["user"]["id"], mine["access_token"]
    assert [user["id"] for user in closed.call("GET", "/users", token=my).json] == [me]
    assert len(closed.call("GET", "/users", token=admin["access_token"]).json) == 3
    assert closed.call("GET", f"/users/{admin['user']['id']}", token=my).status == 403
    assert closed.call("PUT", f"/users/{me}", {"name": "Me"}, token=my).status == 403
    order = {"userId": admin["user"]["id"], "items": [ITEM]}
    assert closed.call("POST", "/orders", order, token=my).status == 403
    theirs = closed.call("POST", "/orders", order, token=admin["access_token"]).json["id"]
    own = closed.call("POST", "/orders", {**order, "userId": me}, token=my)
    assert own.status == 201
    for path in (f"/orders/{theirs}", f"/payments/order/{theirs}"):
        assert closed.call("GET", path, token=my).status == 404
        assert closed.call("GET", path, token=admin["access_token"]).status == 200
    assert {one["userId"] for one in closed.call("GET", "/orders", token=my).json} == {me}


@pytest.mark.parametrize(
    "sent",
    [
        *(None, "x", token("admin", exp=1), token("admin", sub=None), token("admin", email=None)),
        jwt.encode({"sub": NOBODY, "email": "a@example.com"}, "other" * 10, "HS256"),
        jwt.encode({"sub": NOBODY, "email": "a@example.com"}, "", "none"),
    ],
)
def test_a_token_that_does_not_hold_is_refused(closed: Shop, sent: str | None) -> None:
    answer = closed.call("GET", "/orders", **_bearer(sent))
    assert (answer.status, answer.json) == (401, {"message": "Unauthorized", "statusCode": 401})


def test_a_token_of_the_original_holds(closed: Shop) -> None:
    assert closed.call("GET", "/orders", token=token("admin")).status == 200
    assert closed.call("GET", "/orders", token=token("user")).json == []
