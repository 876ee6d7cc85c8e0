"""Others read the published table `orders`: our rows, under its names and in its types, by an index."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from msgspec.structs import replace

from tests.drivers.store.test_published import planned
from tests.support.databases import Place
from tradewind.apis.graphql.published import TABLES
from tradewind.runtime.schema import schemas

AT = 1_772_024_247_664
ROW = (
    "id, status, payment_status, customer_id, items, total, currency, token, expires_at, version, created_at, "
    "updated_at, number"
)


def order(number: int, customer: str, product: str, quantity: int, at: int = AT) -> str:
    items = json.dumps([{"productId": product, "sku": "", "name": "it's", "quantity": quantity}])
    text = items.replace("'", "''")
    return f"('{number:032x}', 'PENDING', 'none', '{customer}', '{text}', 0, 'EUR', '', 0, 1, {at}, {at}, {number})"


@pytest.fixture
def shop(place: Place) -> Place:
    [orders] = schemas(["orders"])
    place.fill(replace(orders, publishes=TABLES))
    rows = [
        order(1, "1", "101", 3),
        order(2, "1", "102", 9_999, AT + 1_000),
        order(3, "2147483647", "2147483647", 1),
        order(4, "2147483648", "x", 1),
        order(5, "9999999999", "01", 1),
        order(6, "ada@example.com", "", 1),
    ]
    place.outside(f"INSERT INTO {place.named('orders', 'orders')} ({ROW}) VALUES {', '.join(rows)}")
    return place


def words(place: Place, text: str) -> str:
    """In the words of the page, which on PostgreSQL need quotes."""
    if place.kind != "postgres":
        return text
    return re.sub(r"\b[a-z]+[A-Z]\w*", r'"\g<0>"', text).replace("FROM orders", "FROM public.orders")


def asked(place: Place, text: str) -> list[Any]:
    return place.outside(words(place, text))


def test_the_rows_under_the_published_names(shop: Place) -> None:
    found = asked(shop, "SELECT id, userId, productId, quantity, status FROM orders ORDER BY id")
    assert [tuple(row) for row in found] == [
        (1, 1, 101, 3, "pending"),
        (2, 1, 102, 9_999, "pending"),
        (3, 2_147_483_647, 2_147_483_647, 1, "pending"),
        (4, None, None, 1, "pending"),
        (5, None, None, 1, "pending"),
        (6, None, None, 1, "pending"),
    ]
    ((at,),) = asked(shop, "SELECT createdAt FROM orders WHERE id = 1")
    assert str(at).startswith("2026-02-25 12:57:27.664")


def test_its_columns_have_the_published_types_on_mysql(shop: Place) -> None:
    if shop.kind == "mysql":
        found = {name: kind for name, kind, *_ in shop.outside("DESCRIBE orders")}
        assert found == {
            "id": "bigint(20)",  # a number of ours
            "userId": "int(11)",
            "productId": "int(11)",
            "quantity": "int(11)",
            "status": "varchar(255)",
            "createdAt": "datetime(6)",
        }


@pytest.mark.parametrize("where", ["id = 4711", "userId = 4711 ORDER BY createdAt DESC LIMIT 50"])
def test_its_two_usual_queries_use_an_index_and_no_sort(shop: Place, where: str) -> None:
    query = words(shop, f"SELECT * FROM orders WHERE {where}")
    if shop.kind == "sqlite":
        plan = str(shop.outside(f"EXPLAIN QUERY PLAN {query}"))
        assert "USING INDEX orders_" in plan and "TEMP B-TREE" not in plan, plan
        return
    columns = ROW.split(", ")
    name = shop.named("orders", "orders")
    n, made = (
        ("seq", "FROM seq_10_to_5000") if shop.kind == "mysql" else ("n", "FROM generate_series(10, 5000) n")
    )
    given = {
        "id": f"concat('x', {n})",
        "customer_id": f"concat('', mod({n}, 4800))",
        "items": "'[]'",
        "number": n,
        "status": "'PENDING'",
        **dict.fromkeys(("payment_status", "currency", "token"), "''"),
    }
    chosen = ", ".join([given.get(column, "1") for column in columns])
    analyze = "ANALYZE TABLE" if shop.kind == "mysql" else "ANALYZE"
    plan = planned(shop, (f"INSERT INTO {name} ({ROW}) SELECT {chosen} {made}", f"{analyze} {name}"), query)
    assert "orders_" in plan and "'ALL'" not in plan and "Seq Scan" not in plan, plan
    assert "filesort" not in plan and "Sort" not in plan, plan
