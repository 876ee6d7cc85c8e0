"""What the published system lacks is a few lines away: prices of the catalogue, held stock, a payment and an
invoice, over the bus.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from pamqp import commands

from tests.rpc.api import MISSING, Api, fresh, product, refused
from tests.rpc.figures import figure, figures
from tests.support.apart import Apart, published, wait
from tests.support.broker import own_vhost
from tests.support.databases import own_database, rows
from tests.support.queues import do, outside
from tests.support.spans import Spans
from tradewind.runtime.processes.plan import FOLDER

LINES = {
    'pricing = "client"': 'pricing = "catalogue"',
    'payment = "none"': 'payment = "on-stock"',
    'invoice = "none"': 'invoice = "confirmed"',
    'products = "any"': 'products = "must-exist"',
    'services = ["payments"]': 'services = ["payments", "invoices"]',
    "${PAYMENT_TOKEN:-tok_ok}": "tok_ok",
    'services = ["inventory"]\napis = { rpc-queues = "rabbitmq://" }': 'services = ["inventory"]\napis = { rpc-queues = "rabbitmq://", services = "rabbitmq://" }',
    'inventory = "rpc-queues"': 'inventory = ["rpc-queues", "services"]',
}
TRACE = "0af7651916cd43dd8448eb211c80feed"
CONSUMER = 5


@pytest.fixture(scope="module")
def story_database() -> Iterator[str]:
    with own_database("rpc_story") as url:
        yield url


@pytest.fixture(scope="module")
def story_vhost() -> Iterator[str]:
    with own_vhost() as url:
        yield url


@pytest.fixture(scope="module")
def story(
    story_database: str, story_vhost: str, spans: Spans, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Apart]:
    """The blueprint with these lines changed and no other."""
    home = tmp_path_factory.mktemp("story")
    text = (FOLDER / "rpc.toml").read_text()
    for published_line, ours in LINES.items():
        assert text.count(published_line) >= 1
        text = text.replace(published_line, ours)
    (home / "story.toml").write_text(text)
    variables = published(story_database, story_vhost, OTEL_EXPORTER_OTLP_ENDPOINT=spans.url)
    running = Apart.up(home, variables, blueprint=str(home / "story.toml"))
    try:
        yield running
        assert running.stop() == 0
    finally:
        running.close()


@pytest.fixture(scope="module")
def shop(story: Apart) -> Api:
    return Api(story.ports["gateway"])


def basket(
    product_id: str, quantity: int = 2, price: float = 29.99, total: float | None = None
) -> dict[str, Any]:
    item = {"productId": product_id, "quantity": quantity, "price": price}
    return {"items": [item], "total": round(quantity * price, 2) if total is None else total}


def listed(shop: Api, stock: int = 10, price: float = 29.99) -> Any:
    return shop.made("/api/products", product(stock=stock) | {"price": price})


def settled(shop: Api, order: str) -> str:
    def status() -> str:
        found = str(shop.got(f"/api/orders/{order}")["status"])
        return "" if found == "PENDING" else found

    return wait(status, "the order has come to its end")


def test_an_order_is_confirmed_paid_and_invoiced(shop: Api, story: Apart, story_database: str) -> None:
    tea = listed(shop)
    order = shop.made("/api/orders", basket(tea["id"]), key=fresh())
    assert order["status"] == "PENDING" and order["items"] == basket(tea["id"])["items"]
    assert settled(shop, order["id"]) == "CONFIRMED"
    (payment,) = shop.got(f"/api/payments/order/{order['id']}")
    assert (payment["status"], payment["amount"]) == ("COMPLETED", 59.98)
    sold = "SELECT held, committed FROM inventory_schema.products WHERE id = '%s'"
    wait(lambda: rows(story_database, sold % tea["id"]) == [(0, 2)], "the stock is sold")
    issued = "SELECT total FROM invoices.invoices WHERE order_id = '%s' AND number IS NOT NULL"
    wait(lambda: rows(story_database, issued % order["id"]) == [(5998,)], "the invoice is issued")


def test_an_order_for_more_than_there_is_fails(shop: Api) -> None:
    tea = listed(shop, stock=1)
    assert settled(shop, shop.made("/api/orders", basket(tea["id"], 2))["id"]) == "FAILED"
    assert shop.got(f"/api/products/{tea['id']}")["reservedStock"] == 0


def test_another_total_than_the_catalogues_is_refused(shop: Api) -> None:
    tea = listed(shop)
    answer = shop("POST", "/api/orders", basket(tea["id"], total=1.0), lang="de")
    assert 400 <= answer.status < 500
    assert "Katalog" in refused(answer, answer.status)["message"]


def test_a_product_that_does_not_exist_is_refused(shop: Api) -> None:
    assert (
        refused(shop("POST", "/api/orders", basket(MISSING)), 422)["message"]
        == "A product of the order does not exist"
    )


async def test_a_product_that_orders_has_not_heard_of_is_asked_for(
    shop: Api, story: Apart, story_vhost: str
) -> None:
    """Its event is cut off, so that only inventory's own answer can tell what it costs."""
    asked = 'tradewind_rpc_server_requests_total{pattern="inventory.find",outcome="answer"}'
    queue, exchange, key = "tradewind.events.orders", "tradewind.events", "product.listed"
    async with outside(story_vhost) as outer:
        await do(
            outer.link,
            commands.Queue.Unbind(queue=queue, exchange=exchange, routing_key=key),
            "Queue.UnbindOk",
        )
        before = figure(story.ports["inventory"], asked)
        tea = listed(shop)
        first = shop.made("/api/orders", basket(tea["id"]))
        port = story.ports["inventory"]
        await asyncio.to_thread(wait, lambda: figure(port, asked) == before + 1, "inventory was asked")
        second = shop.made("/api/orders", basket(tea["id"]))
        assert figure(port, asked) == before + 1  # it has been learned
        await outer.link.bind(queue, exchange, key)
    assert settled(shop, first["id"]) == settled(shop, second["id"]) == "CONFIRMED"


def test_the_whole_story_is_one_trace(shop: Api, spans: Spans) -> None:
    """Over the bus too: each event is under the batch's request that said it, and what it leads to is under
    the event.
    """
    tea = listed(shop)
    settled(
        shop, shop.made("/api/orders", basket(tea["id"]), traceparent=f"00-{TRACE}-b7ad6b7169203331-01")["id"]
    )
    told = {
        "create_order",
        "order.created",
        "stock.reserved",
        "payment.requested",
        "payment.completed",
        "order.confirmed",
    }
    everybody = {"gateway", "orders", "inventory", "payments"}

    def whole(found: list[dict[str, Any]]) -> bool:
        """All have sent theirs, and no step is there whose caller's is still to come."""
        heard = {span["attributes"]["tradewind.operation"] for span in found if span["kind"] == CONSUMER}
        ids = {span["spanId"] for span in found}
        above = [span for span in found if span["parentSpanId"] not in ids]
        return (
            told <= heard
            and {span["resource"]["service.name"] for span in found} == everybody
            and len(above) == 1
        )

    found = spans.trace(TRACE, whole)
    by_id = {span["spanId"]: span for span in found}
    assert [span["name"] for span in found if span["parentSpanId"] not in by_id] == ["POST /api/orders"]
    for span in found:
        queue = span["name"].removeprefix("process ")
        if span["kind"] == CONSUMER and queue.startswith("tradewind.events") and ".requests" not in queue:
            assert by_id[span["parentSpanId"]]["name"] == "send tradewind.events"


def test_events_are_counted(shop: Api, story: Apart) -> None:
    settled(shop, shop.made("/api/orders", basket(listed(shop)["id"]))["id"])
    counted = (
        ("orders", 'events_published_total{event="order.created"}'),
        ("inventory", 'events_consumed_total{event="order.created"}'),
        ("payments", 'events_consumed_total{event="payment.requested"}'),
        ("payments", 'activities_total{activity="payments.charge",outcome="done"}'),
    )
    for process, name in counted:
        port = story.ports[process]
        wait(lambda port=port, name=name: figure(port, f"tradewind_{name}") > 0, name)  # type: ignore[misc]
    for process in ("orders", "inventory", "payments"):
        page = figures(story.ports[process])
        assert not [name for name in page if name.startswith("tradewind_events_redelivered") and page[name]]
    for name, queue in (("orders", "tradewind.events.orders"), ("payments", "tradewind.events.invoices")):
        consumers = f'tradewind_broker_queue_consumers{{queue="{queue}"}}'
        wait(lambda name=name, consumers=consumers: figure(story.ports[name], consumers) == 1, consumers)  # type: ignore[misc]
