"""Blueprints `contracts` and `invoicing` as their pages have them: two services behind the edge, RabbitMQ, a database
each; every call through the edge and direct, the queue, the published tables, the way back, and a kill.
"""

from __future__ import annotations

import json
import os
import signal
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.support.apart import Apart, free, wait
from tests.support.databases import own_database, rows
from tests.support.http import Connection
from tests.support.program import run_in
from tests.support.queues import broker, fresh
from tests.support.services_apart import clean_up, process_name
from tests.support.spans import Spans

pytestmark = [pytest.mark.postgres, pytest.mark.rabbitmq, pytest.mark.slow]
CUSTOMER = "7c69ae16-a49a-4c3b-b507-88e40093a637"
POST = {"contracts": "/orders", "invoicing": "/orders/orders"}
ENDPOINT: dict[str, Callable[[str], str]] = {
    "contracts": str,  # with its path, as its page has it
    "invoicing": lambda url: url.removesuffix("/v1/traces"),
}
TABLE = {
    "contracts": "SELECT id, customer_id, amount FROM public.orders",
    "invoicing": 'SELECT id, "customerId", amount FROM public."Order"',
}


class Shop:
    """One of them, from outside."""

    def __init__(self, name: str, home: Path, databases: dict[str, str], spans: Spans) -> None:
        self.spans = spans
        self.name, self.home, self.databases, self.queue = name, home, databases, fresh("orders")
        self.exchange, self.ports = (
            fresh("exchange"),
            {word: free() for word in ("edge", "orders", "invoices")},
        )
        upper = name.upper()
        self.variables = {
            "KONG_PROXY_LISTEN": f"127.0.0.1:{self.ports['edge']}",
            f"{upper}_ORDERS_PORT": str(self.ports["orders"]),
            f"{upper}_INVOICES_PORT": str(self.ports["invoices"]),
            **{f"{service.upper()}_DATABASE_URL": url for service, url in databases.items()},
            **dict.fromkeys(("EDGE_OPS_PORT", "ORDERS_OPS_PORT", "INVOICES_OPS_PORT"), "0"),
            **dict.fromkeys(("ORDERS_COPIES", "INVOICES_COPIES"), "2"),
            "BROKER_URL": broker(),
            "ORDERS_QUEUE": self.queue,
            "TRADEWIND_EVENT_EXCHANGE": self.exchange,
            "OTEL_EXPORTER_OTLP_ENDPOINT": ENDPOINT[name](spans.url),
        }
        self.running = Apart.up(home, self.variables, blueprint=name)

    def call(self, method: str, path: str, body: Any = None, at: str = "edge", **how: Any) -> Any:
        with Connection(self.ports[at]) as connection:
            return connection.call(method, path, body, **how)

    def place(self, amount: int, at: str = "edge") -> str:
        """The order's id, tried again under the same key while a process is away."""
        key, path = uuid.uuid4().hex, POST[self.name] if at == "edge" else "/orders"

        def ask() -> str:
            try:
                answer = self.call("POST", path, {"customerId": CUSTOMER, "amount": amount}, at=at, key=key)
            except OSError:
                return ""
            assert answer.status == 201 or answer.status >= 500, answer
            return str(answer.json.get("orderId") or answer.json.get("id")) if answer.status == 201 else ""

        return wait(ask, "an order is accepted")

    def invoice(self, order: str) -> dict[str, Any]:
        def look() -> list[Any]:
            try:
                answer = self.call("GET", f"/invoices/invoices?orderId={order}")
            except OSError:
                return []
            return list(answer.json) if answer.status == 200 else []

        (found,) = wait(look, f"order {order} has an invoice")
        return dict(found)

    def command(self, *words: str) -> Any:
        done = run_in(self.variables, *words, "--data", str(self.home / "data"))
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module", params=["contracts", "invoicing"])
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with ExitStack() as stack:
        databases = {
            service: stack.enter_context(own_database(f"{request.param}_{service}"))
            for service in ("orders", "invoices")
        }
        spans = stack.enter_context(Spans())
        made = Shop(request.param, tmp_path_factory.mktemp(request.param), databases, spans)
        stack.callback(clean_up, made.queue, f"{made.queue}.dead", exchange=made.exchange)
        stack.callback(made.running.close)
        yield made
        assert made.running.stop() == 0, made.running.log.read_text()[-2_000:]


def test_an_order_through_the_edge_is_found_invoiced_and_read_from_the_published_table(shop: Shop) -> None:
    order = shop.place(5_000)
    assert shop.call("GET", f"/orders/orders/{order}").json["amount"] == 5_000
    bill = shop.invoice(order)
    assert (bill["amount"], bill["customerId"], type(bill["number"])) == (5_000, CUSTOMER, int)
    seen = rows(shop.databases["orders"], f"{TABLE[shop.name]} WHERE id = '{order}'")
    assert seen == [(order, CUSTOMER, 5_000)]
    if shop.name == "contracts":
        assert rows(shop.databases["invoices"], "SELECT order_id FROM public.invoices") == [(order,)]


def test_who_orders_without_a_name_has_a_row_from_the_start_and_another_gets_one(shop: Shop) -> None:
    if shop.name != "contracts":
        return
    seen = "SELECT id, name, email FROM public.customers WHERE id IN ('1651654165', 'somebody new')"
    assert rows(shop.databases["orders"], seen) == [("1651654165", "", "")]
    for body, customer in (
        ({"amount": 5}, "1651654165"),
        ({"amount": 6, "customerId": "somebody new"}, "somebody new"),
    ):
        made = shop.call("POST", "/orders", body)
        assert (made.status, made.headers["location"]) == (201, f"/orders/{made.json['orderId']}")
        assert shop.call("GET", made.headers["location"]).json["customerId"] == customer
    assert len(rows(shop.databases["orders"], seen)) == 2


def test_each_service_is_reached_directly_and_is_well(shop: Shop) -> None:
    order = shop.place(7, at="orders")
    assert shop.invoice(order)["amount"] == 7
    body = b"OK" if shop.name == "contracts" else b'{"status":"ok"}'
    for at, path in (("orders", "/health"), ("invoices", "/health"), ("edge", "/orders/health")):
        assert shop.call("GET", path, at=at).body == body
    assert shop.call("GET", "/nowhere").status == 404


def test_an_order_is_one_trace_from_the_edge_to_its_invoice(shop: Shop) -> None:
    trace, caller = uuid.uuid4().hex, "b7ad6b7169203331"
    sent = {"traceparent": f"00-{trace}-{caller}-01", "tracestate": "theirs=1"}
    made = shop.call("POST", POST[shop.name], {"customerId": CUSTOMER, "amount": 11}, headers=sent)
    assert made.status == 201
    names = {
        "edge": "POST orders-as-they-are" if shop.name == "contracts" else "POST api-orders",
        "orders": "POST /orders",
        "relay": f"send {shop.queue}",
        "invoices": f"process {shop.queue}",
    }
    found = shop.spans.trace(trace, lambda spans: set(names.values()) <= {span["name"] for span in spans})
    steps = [next(span for span in found if span["name"] == name) for name in names.values()]
    for step, parent in zip(steps, [caller, *[step["spanId"] for step in steps]], strict=False):
        assert (step["parentSpanId"], step["traceState"]) == (parent, "theirs=1"), step
    services = [step["resource"]["service.name"] for step in steps]
    assert services == ["edge", "orders", "orders", "invoices"]


def test_a_kill_of_any_process_leaves_each_order_one_invoice_and_no_gap(shop: Shop) -> None:
    with ThreadPoolExecutor(4) as clients:
        for process in ("orders", "invoices", "edge"):
            placed = [clients.submit(shop.place, 100 + n) for n in range(30)]
            os.kill(next(p for p in shop.running.children if process_name(p) == process), signal.SIGKILL)
            for n, one in enumerate(placed):
                assert shop.invoice(one.result())["amount"] == 100 + n
    numbers = rows(shop.databases["invoices"], "SELECT number FROM invoices.invoices")
    assert sorted(int(number) for (number,) in numbers) == list(range(1, len(numbers) + 1))


def test_the_audit_holds_and_the_rows_go_back(shop: Shop) -> None:
    report = json.loads(shop.command("audit", "--json"))
    assert report["ok"], report
    assert report["orders"] == rows(shop.databases["orders"], "SELECT count(*) FROM orders.orders")[0][0]
    told = shop.command("migrate", "export", "--dry-run")
    assert f"{report['orders']:,} rows would be written" in told


@pytest.mark.parametrize(
    ("name", "port_name", "database_name"),
    [("contracts", "PORT", "DATABASE_URL"), ("invoicing", "APP_PORT", "DB_URL")],
)
def test_one_process_alone_takes_the_names_of_the_page_and_makes_its_own_tables(
    name: str, port_name: str, database_name: str, tmp_path: Path
) -> None:
    port, queue, exchange = free(), fresh("orders"), fresh("exchange")
    with own_database(f"{name}_alone") as database, ExitStack() as stack:
        stack.callback(clean_up, queue, f"{queue}.dead", exchange=exchange)
        variables = {
            port_name: str(port),
            database_name: f"{database}?schema=public",
            "BROKER_URL": broker(),
            "ORDERS_QUEUE": queue,
            "ORDERS_OPS_PORT": "0",
            "TRADEWIND_EVENT_EXCHANGE": exchange,
        }
        served = Apart.serve(tmp_path, "orders", variables, blueprint=name)
        stack.callback(served.close)
        with Connection(port) as connection:
            made = connection.call("POST", "/orders", {"customerId": CUSTOMER, "amount": 5_000})
        assert made.status == 201, made
        assert [row[2] for row in rows(database, TABLE[name])] == [5_000]
        assert served.stop() == 0
