"""What inventory answers, from a real store: one product, the catalogue as it is searched and paged, and what
orders asks for.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec.structs import replace

from tests.services.inventory.cases import CLAIM, CUP, TEA
from tests.support.tables import create_all, keep
from tradewind.contracts.inventory import FindProducts, Found, GetProduct, Listing, ListProducts
from tradewind.core.model import NOBODY, Caller, Refused
from tradewind.core.store import RowRefused
from tradewind.drivers.sqlite.store import SqliteStore
from tradewind.services.inventory import queries, storage
from tradewind.services.inventory.domain import view

ODD = replace(CUP, id="p3", sku="ODD_1", name="100% Odd\\ness")
PLAIN = replace(CUP, id="p4", sku="PLAIN-1", name="100x plain")


@pytest.fixture
async def store() -> AsyncIterator[SqliteStore]:
    store = SqliteStore(":memory:", commit_inline=True)
    await store.open()
    create_all(store, storage.MD)
    await keep(store, storage.PRODUCTS, TEA, CUP, ODD, PLAIN)
    await keep(store, storage.RESERVATIONS, CLAIM)
    yield store
    await store.close()


async def test_a_product_is_shown_with_what_is_left_of_it(store: SqliteStore) -> None:
    shown = await queries.get_product(store, GetProduct("p1"), NOBODY)
    assert shown == view(TEA)
    assert (shown.on_hand, shown.held, shown.committed, shown.available) == (10, 2, 1, 7)
    with pytest.raises(Refused, match="not_found"):
        await queries.get_product(store, GetProduct("p9"), NOBODY)


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("", ["p4", "p3", "p2", "p1"]),
        ("tea", ["p1"]),
        ("ASSAM", ["p1"]),
        ("-1", ["p4", "p2", "p1"]),
        ("100%", ["p3"]),
        ("d_1", ["p3"]),
        ("\\", ["p3"]),
        ("p-1", ["p2"]),
        ("nothing", []),
    ],
)
async def test_the_catalogue_is_searched_literally_and_paged(
    store: SqliteStore, q: str, found: list[str]
) -> None:
    for limit in (1, 3, 100):
        seen, cursor = [], ""
        while True:
            page = await queries.list_products(store, ListProducts(limit, cursor, q), NOBODY)
            seen += page.data
            if page.next_cursor is None:
                break
            cursor = page.next_cursor
        assert [product.id for product in seen] == found
    pages = [
        await queries.list_products(store, ListProducts(2, "", q, page=page), NOBODY) for page in (1, 2, 3)
    ]
    assert [product.id for page in pages for product in page.data] == found
    assert {(page.total, page.next_cursor) for page in pages} == {(len(found), None)}


async def test_withdrawn_products_are_listed_for_admins_alone(store: SqliteStore) -> None:
    await keep(store, storage.PRODUCTS, replace(CUP, id="p5", sku="OLD-1", status="WITHDRAWN"))
    admin = Caller("root", "admin")

    async def ids(caller: Caller, **how: Any) -> list[str]:
        return [p.id for p in (await queries.list_products(store, ListProducts(**how), caller)).data]

    for caller in (NOBODY, Caller("ada", "customer"), admin):
        assert await ids(caller) == await ids(caller, page=1) == ["p4", "p3", "p2", "p1"]
        # old orders and links lead there
        assert (await queries.get_product(store, GetProduct("p5"), caller)).status == "WITHDRAWN"
    withdrawn: Any = {"status": "WITHDRAWN"}
    assert await ids(admin, **withdrawn) == await ids(admin, page=1, **withdrawn) == ["p5"]
    assert await ids(admin, q="cup", **withdrawn) == ["p5"]
    for caller in (NOBODY, Caller("ada", "customer")):
        with pytest.raises(Refused, match="forbidden"):
            await ids(caller, **withdrawn)


async def test_orders_finds_what_exists_by_id_and_by_sku(store: SqliteStore) -> None:
    tea, cup = Listing("p1", "TEA-1", "Assam", 1_999, "EUR", 4), Listing("p2", "CUP-1", "Cup", 500, "EUR", 1)
    assert await queries.find_products(store, FindProducts(("p1", "p9"), ("CUP-1", "NEW")), NOBODY) == Found(
        (tea, cup)
    )
    assert await queries.find_products(store, FindProducts(), NOBODY) == Found(())


async def test_a_claim_comes_back_as_it_was(store: SqliteStore) -> None:
    assert await store.get(storage.RESERVATIONS, CLAIM.id) == CLAIM


@pytest.mark.parametrize(
    "bad", [replace(TEA, held=10), replace(TEA, held=-1), replace(TEA, committed=-1), replace(TEA, price=-1)]
)
async def test_the_store_itself_never_promises_too_much(store: SqliteStore, bad: object) -> None:
    with pytest.raises(RowRefused):
        await keep(store, storage.PRODUCTS, bad)  # type: ignore[arg-type]
