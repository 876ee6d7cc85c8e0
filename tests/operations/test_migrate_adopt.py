"""A NestJS system's rows become ours, and a key that was used there still gives the order that it gave."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.databases import Place
from tradewind.apis.nest import wire
from tradewind.apis.rpc import queues
from tradewind.contracts.adopted import Values
from tradewind.core.gateway import Reply
from tradewind.core.request_queue import Ask
from tradewind.core.store import StoreUnusable
from tradewind.operations import adopt as moving
from tradewind.runtime import migrations
from tradewind.runtime.schema import schema, schemas
from tradewind.runtime.stores import open_store

pytestmark = pytest.mark.postgres
NESTJS = Path(__file__).parents[1] / "support" / "nestjs.sql"
SCHEMAS = {"orders": "order_schema", "inventory": "inventory_schema", "payments": "payment_schema"}
SERVICES = ["inventory", "orders", "payments"]
RPC = ["rpc"]
AT = "2026-02-25 12:57:27.664+00"
ORDER, PRODUCT, PAYMENT = (f"7c69ae16-a49a-4c3b-b507-88e40093a63{n}" for n in (7, 8, 9))
ITEMS = [
    {"productId": PRODUCT.upper(), "quantity": 2, "price": 29.99},
    {"productId": PRODUCT, "quantity": 1, "price": 10},
]


@pytest.fixture
def shop(postgres: Place) -> Place:
    """NestJS's tables with a row each, and ours beside them."""
    lines = [
        *NESTJS.read_text().replace("\n", " ").split(";"),
        'INSERT INTO order_schema."order" VALUES '
        f"('{ORDER}', 'CONFIRMED', '{json.dumps(ITEMS)}', 69.98, 'order-abc-123', '{AT}', '{AT}')",
        f"INSERT INTO inventory_schema.product VALUES ('{PRODUCT}', 'Widget Pro', 'WDG-PRO-001', 100, 3, "
        f"'{AT}')",
        *(
            f"INSERT INTO inventory_schema.stock_reservation VALUES (DEFAULT, '{ORDER}', {n}, "
            f"'{status}', '{AT}', '{PRODUCT}')"
            for n, status in ((1, "RESERVED"), (2, "RESERVED"), (9, "RELEASED"))
        ),
        f"INSERT INTO payment_schema.payment VALUES ('{PAYMENT}', '{ORDER}', 59.9, 'REFUNDED', "
        f"'pay-xyz-789', '{AT}', '{AT}')",
    ]
    for line in lines:
        if line.strip():
            postgres.outside(line.replace("%", "%%"))
    migrations.up(postgres.url, postgres.data, schemas(SERVICES), SCHEMAS)
    return postgres


def adopt(shop: Place, *services: str, dry_run: bool = False) -> dict[str, moving.Adopted]:
    found = moving.adopt(shop.url, services or SERVICES, SCHEMAS, Values("EUR", 5), apis=RPC, dry_run=dry_run)
    return {one.table: one for one in found}


def counts(found: dict[str, moving.Adopted]) -> list[tuple[int, int, int]]:
    return [(one.waiting, one.adopted, len(one.left)) for one in found.values()]


def there(shop: Place) -> list[Any]:
    tables = (
        'order_schema."order"',
        "inventory_schema.product",
        "inventory_schema.stock_reservation",
        "payment_schema.payment",
    )
    return [shop.outside(f"SELECT x::text FROM {table} x ORDER BY 1") for table in tables]


def test_rows_come_over_and_again_is_nothing(shop: Place) -> None:
    before = there(shop)
    dry = adopt(shop, dry_run=True)
    assert counts(dry) == [(1, 1, 0)] * 4 and shop.outside("SELECT * FROM order_schema.orders") == []
    assert counts(adopt(shop)) == [(1, 1, 0)] * 4
    assert there(shop) == before
    (order,) = shop.outside(
        "SELECT id, status, total, currency, idempotency_key, created_at, updated_at, items, number FROM "
        "order_schema.orders"
    )
    assert order[:7] == (ORDER, "CONFIRMED", 6998, "EUR", "order-abc-123", 1772024247664, 1772024247664)
    assert order[8] == 1
    lines = [
        (line["productId"], line["quantity"], line["unitPrice"]["amount"]) for line in json.loads(order[7])
    ]
    assert lines == [(PRODUCT.upper(), 2, 2999), (PRODUCT, 1, 1000)]
    product = "SELECT id, name, sku, on_hand, held, committed, created_at FROM inventory_schema.products"
    assert shop.outside(product) == [(PRODUCT, "Widget Pro", "WDG-PRO-001", 100, 3, 0, 1772024247664)]
    assert shop.outside("SELECT * FROM inventory_schema.skus") == [("WDG-PRO-001", PRODUCT)]
    assert shop.outside("SELECT product_id, delta, on_hand FROM inventory_schema.movements") == [
        (PRODUCT, 100, 100)
    ]
    assert shop.outside("SELECT id, status, items, adopted_at FROM inventory_schema.reservations") == [
        (ORDER, "HELD", f'{{"{PRODUCT}":3}}', 5)
    ]
    assert shop.outside("SELECT adopted_at FROM order_schema.orders") == [(5,)]
    payment = (
        "SELECT id, order_id, amount, refunded, status, idempotency_key, created_at FROM "
        "payment_schema.payments"
    )
    assert shop.outside(payment) == [(PAYMENT, ORDER, 5990, 5990, "REFUNDED", "pay-xyz-789", 1772024247664)]
    ours = [
        shop.outside(f"SELECT * FROM {table}")
        for table in ("order_schema.orders", "order_schema.inbox", "inventory_schema.products")
    ]
    shop.outside("UPDATE order_schema.\"order\" SET status = 'CANCELLED'")
    assert counts(adopt(shop)) == [(0, 0, 0)] * 4
    assert [
        shop.outside(f"SELECT * FROM {table}")
        for table in ("order_schema.orders", "order_schema.inbox", "inventory_schema.products")
    ] == ours


class InboxDoor:
    """Answers a request from the inbox, as the processor does, and nothing else."""

    def __init__(self, shop: Place, schema: str) -> None:
        self.shop, self.schema = shop, schema

    def submit(self, message: Any, caller: Any, deliver: Callable[[Reply], None], **given: str) -> None:
        text = f"SELECT fingerprint, status, reply FROM {self.schema}.inbox WHERE id = '{given['claim']}'"
        for fingerprint, status, reply in self.shop.outside(text):
            if fingerprint == given["fingerprint"]:
                return deliver(Reply(status, reply.encode(), replayed=True))
            return deliver(Reply(422, b'{"code":"idempotency_key_reused"}'))
        raise AssertionError("a new request")


def answered(handlers: Any, gateway: InboxDoor, pattern: str, dto: dict[str, Any], key: str) -> Any:
    packets: list[bytes] = []
    data = json.dumps({"dto": dto, "idempotencyKey": key, "lang": "en"}).encode()

    def reply(ask: Ask, body: bytes, refused: bool) -> None:
        packets.append((wire.pack_refusal if refused else wire.pack_answer)(body, b'"1"'))

    handlers(gateway, queues.Values("EUR"))[pattern](Ask(pattern, data, b'"1"', reply))
    return json.loads(packets[0])


def test_a_key_that_was_used_there_gives_what_it_gave(shop: Place) -> None:
    adopt(shop)
    orders, payments = InboxDoor(shop, "order_schema"), InboxDoor(shop, "payment_schema")
    said = answered(
        queues.order_handlers, orders, "create_order", {"items": ITEMS, "total": 69.98}, "order-abc-123"
    )
    at = "2026-02-25T12:57:27.664Z"
    assert said["response"] == {
        "id": ORDER,
        "status": "CONFIRMED",
        "items": ITEMS,
        "total": 69.98,
        "idempotencyKey": "order-abc-123",
        "createdAt": at,
        "updatedAt": at,
    }
    other = answered(
        queues.order_handlers, orders, "create_order", {"items": ITEMS, "total": 70}, "order-abc-123"
    )
    assert other["err"]["statusCode"] == 422
    said = answered(
        queues.payment_handlers, payments, "create_payment", {"orderId": ORDER, "amount": 59.9}, "pay-xyz-789"
    )
    assert said["response"] == {
        "id": PAYMENT,
        "orderId": ORDER,
        "amount": 59.9,
        "status": "REFUNDED",
        "idempotencyKey": "pay-xyz-789",
        "createdAt": at,
        "updatedAt": at,
    }


def test_a_key_that_was_used_first_here_keeps_its_answer(shop: Place) -> None:
    adopt(shop, "orders")
    shop.outside("DELETE FROM order_schema.orders")
    shop.outside("UPDATE order_schema.inbox SET reply = 'ours'")
    assert counts(adopt(shop, "orders")) == [(1, 1, 0)]
    assert shop.outside("SELECT reply FROM order_schema.inbox") == [("ours",)]


def test_many_rows_in_batches_and_only_of_one_service(shop: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "BATCH", 40)
    shop.outside(
        'INSERT INTO order_schema."order" (items, total, "idempotencyKey") '
        f"SELECT '{json.dumps(ITEMS)}', n, nullif('k' || n, 'k7') FROM generate_series(1, 99) n"
    )
    steps: list[tuple[str, int, int]] = []
    found = moving.adopt(
        shop.url, ["orders"], SCHEMAS, Values("EUR", 5), apis=RPC, progress=lambda *step: steps.append(step)
    )
    assert [(one.table, one.adopted) for one in found] == [('order_schema."order"', 100)]
    assert [step[1:] for step in steps] == [(40, 100), (80, 100), (100, 100)]
    assert shop.outside("SELECT count(*), count(idempotency_key) FROM order_schema.orders") == [(100, 99)]
    assert shop.outside("SELECT count(*) FROM order_schema.inbox") == [(99,)]
    assert shop.outside("SELECT count(*) FROM payment_schema.payments") == [(0,)]


def test_what_cannot_come_over_is_left_with_its_reason(shop: Place) -> None:
    shop.outside('UPDATE order_schema."order" SET total = -1')
    shop.outside('UPDATE inventory_schema.product SET "reservedStock" = 101')
    found = adopt(shop)
    assert counts(found) == [(1, 0, 1), (1, 0, 1), (1, 1, 0), (1, 1, 0)]
    assert found["inventory_schema.product"].left == [moving.Left(PRODUCT, "101 are reserved of 100")]
    assert [row.id for row in found['order_schema."order"'].left] == [ORDER] and shop.outside(
        "SELECT * FROM order_schema.inbox"
    ) == []
    shop.outside('UPDATE inventory_schema.product SET "reservedStock" = 3')
    shop.outside("INSERT INTO inventory_schema.skus VALUES ('WDG-PRO-001', 'another')")
    assert "product another has its SKU 'WDG-PRO-001' here" in found_why(adopt(shop, "inventory"))


def found_why(found: dict[str, moving.Adopted]) -> list[str]:
    return [row.why for one in found.values() for row in one.left]


def test_a_killed_batch_leaves_nothing_and_the_next_run_goes_on(
    shop: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(move: Any, made: Any) -> None:
        plain(move, made)
        raise KeyboardInterrupt

    inbox = "SELECT count(*) FROM order_schema.inbox"
    plain = moving._Move._write
    monkeypatch.setattr(moving._Move, "_write", cut)
    with pytest.raises(KeyboardInterrupt):
        adopt(shop, "orders")
    assert shop.outside(inbox) == [(0,)] and shop.outside("SELECT * FROM order_schema.orders") == []
    monkeypatch.undo()
    assert counts(adopt(shop, "orders")) == [(1, 1, 0)] and shop.outside(inbox) == [(1,)]


def test_what_is_not_there_or_not_the_published_table(shop: Place) -> None:
    shop.outside("DROP TABLE payment_schema.payment")
    assert not adopt(shop, "payments")["payment_schema.payment"].found
    shop.outside("CREATE VIEW payment_schema.payment AS SELECT * FROM payment_schema.payments")
    assert not adopt(shop, "payments")["payment_schema.payment"].found
    shop.outside('ALTER TABLE order_schema."order" DROP COLUMN "idempotencyKey"')
    with pytest.raises(
        StoreUnusable,
        match=r'order_schema."order" is not the published table: it has no column idempotencyKey',
    ):
        adopt(shop)
    migrations.down(shop.url, shop.data, schema("orders"), 1, SCHEMAS)
    with pytest.raises(StoreUnusable, match="order_schema is only half migrated"):
        adopt(shop)
    with pytest.raises(StoreUnusable, match="lie in PostgreSQL"):
        moving.adopt("", SERVICES, SCHEMAS, Values("EUR", 5), apis=RPC)


async def test_beside_services_that_share_and_not_beside_one_that_has_it_alone(
    shop: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tradewind.drivers.postgres.sessions.LEFT_OVER_S", 0.3)
    alone = open_store(shop.url, shop.data)
    await alone.open()
    with pytest.raises(StoreUnusable, match="another tradewind is running"):
        adopt(shop)
    await alone.close()
    shared = open_store(shop.url, shop.data, exclusive=False, schemas=SCHEMAS)
    await shared.open()
    assert counts(adopt(shop)) == [(1, 1, 0)] * 4
    await shared.close()
