"""Who was deleted is named nowhere: a name that occurs nowhere else goes through every operation that takes one,
and is then looked for in all that the shop keeps.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.shop import Shop, basket, until
from tests.support.shops import OpenShop

NAMES = ("Zephyrine Quillfeather", "Zephyrine Quillfeather-Two", "Zephyrine Quillfeather-Three")
TRACES = ("quillfeather", "zephyrine")
EMAIL = "Zephyrine@example.com"
PASSWORD = "correct horse quill"
WITHIN_S = 75.0
"""A minute, as the guide says, and what the test itself takes."""


@pytest.mark.slow
def test_a_deleted_person_leaves_no_byte(new_shop: OpenShop) -> None:
    shop = new_shop().start()
    assert traces(shop) == []
    user, order = live(shop)
    assert traces(shop) != []  # else the search would find nothing
    assert shop.call("DELETE", f"/users/{user}", who="admin").status == 204
    until(lambda: not traces(shop), "no store names the person", WITHIN_S)
    # the books stay, and the address is free
    assert shop.get(f"/orders/{order}", who="admin")["customerId"] == user
    assert shop.get(f"/invoices?orderId={order}", who="admin")["data"]
    shop.post("/auth/register", person(0), who="")
    assert shop.sigterm() == 0
    shop.assert_clean()


def person(number: int) -> dict[str, str]:
    return {"email": EMAIL, "name": NAMES[number], "password": PASSWORD}


def live(shop: Shop) -> tuple[str, str]:
    """Everything that a person can do, with and without a key. The ids of the user and of a paid order."""
    user = shop.post("/auth/register", person(0), who="", key="canary")["id"]
    shop.post("/auth/register", person(0), who="", key="canary")
    shop.post("/auth/register", person(0), who="", status=409)
    shop.post("/auth/register", person(0), who="", status=409, key="canary-2")
    shop.post("/auth/register", person(0) | {"password": "x"}, who="", status=422)
    login = {"email": EMAIL.upper(), "password": PASSWORD}
    shop.post("/auth/login", login | {"password": "wrong"}, who="", status=401, key="canary-3")
    tokens = shop.post("/auth/login", login, who="", status=200, key="canary-4")
    with shop.connect() as connection:

        def ask(method: str, path: str, body: Any = None, key: str | None = None) -> Any:
            answer = connection.call(method, f"/api/v1{path}", body, token=tokens["accessToken"], key=key)
            assert answer.status < 300, answer
            return answer.json

        ask("PATCH", "/users/me", {"name": NAMES[1]}, "canary-5")
        ask("PATCH", "/users/me", {"name": NAMES[0]})
        order = ask("POST", "/orders", basket("tok_ok"), "canary-6")["id"]
        shop.wait_final(order)
        for path in ("/users/me", f"/users/{user}", "/orders", "/payments", "/invoices", "/notifications"):
            ask("GET", path)
        ask("GET", f"/orders/{order}/timeline")
        ask("POST", f"/orders/{order}/cancel", {"reason": "too late"}, "canary-7")
    shop.call("PATCH", f"/users/{user}", {"name": NAMES[2]}, who="admin", key="canary-8")
    shop.get("/users", who="admin")
    shop.post("/auth/refresh", {"refreshToken": tokens["refreshToken"]}, who="", status=200, key="canary-9")
    return user, order


def traces(shop: Shop) -> list[str]:
    """Where the person is named: files by their bytes, free pages included, a server's tables by their rows."""
    found = [
        path.name
        for path in shop.keeping.data.iterdir()
        if path.is_file() and any(trace in path.read_bytes().lower() for trace in map(str.encode, TRACES))
    ]
    if shop.keeping.url:
        tables = shop.keeping.sql(
            "SELECT table_schema::text, table_name::text FROM information_schema.tables WHERE table_type = "
            "'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')"
        )
        assert len(tables) > 40
        for schema, table in tables:
            rows = f"lower(row_to_json(t)::text) FROM {schema}.{table} t"
            if shop.keeping.sql(f"SELECT {rows} WHERE lower(row_to_json(t)::text) ~ '{'|'.join(TRACES)}'"):
                found.append(f"{schema}.{table}")
    return found
