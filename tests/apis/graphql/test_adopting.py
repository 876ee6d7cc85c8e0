"""The orders of the published system come over with their ids, and go back into a table of its own."""

from __future__ import annotations

from typing import Any

import pytest

from tests.apis.graphql.test_published import order as inserted
from tests.support.databases import Place
from tradewind.contracts.adopted import Values
from tradewind.core.store import StoreUnusable
from tradewind.operations import adopt as moving
from tradewind.operations import export as handing
from tradewind.runtime import migrations
from tradewind.runtime.schema import schemas

pytestmark = pytest.mark.mysql
APIS = ["graphql-orders"]
THEIRS = (
    "CREATE TABLE orders (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, userId int NOT NULL, productId int NOT NULL, "
    "quantity int NOT NULL, status varchar(255) NOT NULL DEFAULT 'pending', "
    "createdAt datetime(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6))"
)
ROWS = "SELECT id, userId, productId, quantity, status, createdAt FROM {} ORDER BY id"


@pytest.fixture
def shop(mysql: Place) -> Place:
    """Their table with rows, and ours beside it."""
    mysql.outside(THEIRS)
    mysql.outside(
        "INSERT INTO orders VALUES (1, 1, 101, 3, 'pending', '2026-02-25 12:57:27.664321'), "
        "(7, 999, 102, 1, 'confirmed', '2026-02-25 12:57:28.000000')"
    )
    up(mysql)
    return mysql


def up(place: Place) -> None:
    migrations.up(place.url, place.data, schemas(["orders"], APIS))


def adopt(place: Place, dry_run: bool = False) -> moving.Adopted:
    values = Values("EUR", 5)
    [found] = moving.adopt(place.url, ["orders"], {}, values, apis=APIS, dry_run=dry_run)
    return found


def export(place: Place, dry_run: bool = False) -> list[tuple[str, int, bool]]:
    found = handing.export(place.url, ["orders"], {}, apis=APIS, dry_run=dry_run)
    return [(one.table.strip("`"), one.written, one.made) for one in found]


def kinds(place: Place) -> dict[str, str]:
    query = (
        "SELECT table_name, table_type FROM information_schema.tables "
        "WHERE table_schema = DATABASE() AND table_name IN ('orders', 'orders_before')"
    )
    return dict(map(tuple, place.outside(query)))


def rows(place: Place, table: str = "orders") -> list[tuple[Any, ...]]:
    return [tuple(row) for row in place.outside(ROWS.format(table))]


def test_an_order_keeps_its_id_and_the_next_one_comes_after_all(shop: Place) -> None:
    theirs = rows(shop)
    dry = adopt(shop, dry_run=True)
    assert (dry.waiting, dry.adopted, dry.kept) == (2, 2, "")
    found = adopt(shop)
    assert (found.waiting, found.adopted, found.left) == (2, 2, [])
    assert kinds(shop) == {"orders_before": "BASE TABLE"}
    again = adopt(shop)
    assert (again.waiting, again.adopted) == (0, 0)
    up(shop)
    assert kinds(shop) == {"orders_before": "BASE TABLE", "orders": "VIEW"}
    shown = rows(shop)
    assert [row[:5] for row in shown] == [row[:5] for row in theirs]
    assert shown[0][5].isoformat(timespec="milliseconds") == "2026-02-25T12:57:27.664"
    assert shop.outside("SELECT name, position FROM tw_orders_counters") == [("orders", 7)]


def test_what_cannot_be_an_order_is_left_with_its_reason(shop: Place) -> None:
    shop.outside(
        "INSERT INTO orders VALUES (8, 1, 101, -1, 'pending', NOW()), (9, 0, 1, 1, 'pending', NOW())"
    )
    shop.outside("INSERT INTO orders VALUES (10, 1, 101, 1, 'lost', NOW())")
    found = adopt(shop)
    assert [(row.id, row.why) for row in found.left] == [
        ("8", "quantity -1 is not above 0"),
        ("9", "userId 0 is not above 0"),
        ("10", "'lost' is no status of an order"),
    ]
    assert found.adopted == 2
    # they may be mended, and nobody else has got their ids meanwhile
    assert shop.outside("SELECT position FROM tw_orders_counters") == [(10,)]
    shop.outside("UPDATE orders_before SET quantity = 1 WHERE id = 8")
    assert [row.id for row in adopt(shop).left] == ["9", "10"]


def test_a_number_that_an_order_of_ours_has_is_not_given_twice(shop: Place) -> None:
    columns = "id, status, payment_status, customer_id, items, total, currency, token, expires_at, version, created_at"
    shop.outside(
        f"INSERT INTO tw_orders_orders ({columns}, updated_at, number) VALUES {inserted(7, '1', '2', 3)}"
    )
    found = adopt(shop)
    assert [(row.id, row.why) for row in found.left] == [("7", "an order of ours has this number")]
    assert found.adopted == 1


def test_another_table_is_refused(shop: Place) -> None:
    shop.outside("ALTER TABLE orders DROP COLUMN productId")
    with pytest.raises(StoreUnusable, match="is not the published table: it has no column productId"):
        adopt(shop)


def test_our_rows_go_back_into_a_table_that_takes_the_name_of_our_view(shop: Place) -> None:
    adopt(shop)
    up(shop)
    seen = rows(shop)
    assert export(shop, dry_run=True) == [("orders", 2, True)]
    assert kinds(shop)["orders"] == "VIEW"
    assert export(shop) == [("orders", 2, True)]
    assert kinds(shop)["orders"] == "BASE TABLE"
    assert rows(shop) == seen
    assert export(shop) == [("orders", 0, False)]
    up(shop)
    assert kinds(shop)["orders"] == "BASE TABLE", "a start leaves it alone"
    shop.outside("UPDATE tw_orders_orders SET status = 'CANCELLED' WHERE number = 7")
    assert export(shop, dry_run=True) == export(shop) == [("orders", 1, False)]
    shop.outside("INSERT INTO orders (userId, productId, quantity) VALUES (1, 1, 1)")
    assert rows(shop)[-1][0] == 8
