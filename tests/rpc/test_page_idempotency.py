"""The page's table of idempotency strategies, against retries, races and other bodies."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.rpc.api import ORDER, PAYMENT, Api, fresh, product, refused
from tests.support.databases import rows

WRITES: list[tuple[str, dict[str, Any], str]] = [
    ("/api/orders", ORDER, "order_schema.orders"),
    ("/api/payments", PAYMENT, "payment_schema.payments"),
]


@pytest.mark.parametrize(("path", "body", "table"), WRITES)
def test_duplicate_key_returns_existing_at_the_same_time_too(
    api: Api, database: str, path: str, body: Any, table: str
) -> None:
    key = fresh()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: api("POST", path, body, key=key), range(16)))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.body for answer in answers}) == 1
    assert rows(database, f"SELECT count(*) FROM {table} WHERE idempotency_key = '{key}'") == [(1,)]


@pytest.mark.parametrize(("path", "body", "table"), WRITES)
def test_the_same_key_with_another_body_is_refused(
    api: Api, database: str, path: str, body: Any, table: str
) -> None:
    key = fresh()
    made = api.made(path, body, key=key)
    field = "total" if "total" in body else "amount"
    assert refused(api("POST", path, body | {field: 1}, key=key), 422)["statusCode"] == 422
    assert api.made(path, body, key=key) == made


def test_a_key_of_an_order_is_none_of_a_payment(api: Api) -> None:
    key = fresh()
    assert (
        api.made("/api/orders", ORDER, key=key)["idempotencyKey"]
        == api.made("/api/payments", PAYMENT, key=key)["idempotencyKey"]
    )


def test_inventory_unique_sku_at_the_same_time_too(api: Api, database: str) -> None:
    body = product()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: api("POST", "/api/products", body), range(16)))
    assert {answer.status for answer in answers} == {201} and len({answer.body for answer in answers}) == 1
    assert rows(database, f"SELECT count(*) FROM inventory_schema.products WHERE sku = '{body['sku']}'") == [
        (1,)
    ]
