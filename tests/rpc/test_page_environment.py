"""The page's environment variables: their defaults, and that each of them is what the processes go by."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.rpc.api import MISSING, ORDER, Api, fresh, refused
from tests.rpc.figures import figures
from tests.support.apart import Apart, wait
from tests.support.databases import rows
from tests.support.ports import KeptPort
from tests.support.program import run

DEFAULTS = {
    "DB_HOST": "localhost",
    "DB_PORT": "5432",
    "DB_NAME": "microservices_learn",
    "DB_USER": "postgres",
    "DB_PASSWORD": "postgres",
    "RABBITMQ_URL": "amqp://guest:guest@localhost:5672",
    "API_GATEWAY_PORT": "3000",
    "ORDER_QUEUE": "order_queue",
    "INVENTORY_QUEUE": "inventory_queue",
    "PAYMENT_QUEUE": "payment_queue",
}


def settings(monkeypatch: pytest.MonkeyPatch, **variables: str) -> dict[str, str]:
    for name in (*DEFAULTS, "OTEL_EXPORTER_OTLP_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    for name, text in variables.items():
        monkeypatch.setenv(name, text)
    done = run("config", "--blueprint", "rpc", "--json")
    assert done.returncode == 0, done.stderr
    return {row["name"].removeprefix("TRADEWIND_"): str(row["value"]) for row in json.loads(done.stdout)}


def test_defaults_are_the_published_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """But for tracing, which is off until its variable names a collector."""
    found = settings(monkeypatch)
    assert (
        found["DATABASE_URL"].replace("********", "postgres")
        == "postgresql://postgres:postgres@localhost:5432/microservices_learn"
    )
    assert found["BROKER_URL"].replace("********", "guest") == DEFAULTS["RABBITMQ_URL"]
    assert found["PORT"] == DEFAULTS["API_GATEWAY_PORT"]
    assert [found[name] for name in ("ORDER_QUEUE", "INVENTORY_QUEUE", "PAYMENT_QUEUE")] == [
        "order_queue",
        "inventory_queue",
        "payment_queue",
    ]
    assert found["OTLP_ENDPOINT"] in ("", "(empty)")


def test_db_host_db_port_db_name_db_user_db_password(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "DB_HOST": "db.example",
        "DB_PORT": "6000",
        "DB_NAME": "shop",
        "DB_USER": "ada",
        "DB_PASSWORD": "p@ss:/?#",
    }
    found = settings(monkeypatch, **given)["DATABASE_URL"]
    assert found == "postgresql://ada:********@db.example:6000/shop"


def test_db_name_is_where_the_orders_lie(api: Api, database: str) -> None:
    order = api.made("/api/orders", ORDER)["id"]
    assert rows(database, f"SELECT count(*) FROM order_schema.orders WHERE id = '{order}'") == [(1,)]


def test_rabbitmq_url_is_where_the_processes_are(four: Apart, vhost: str) -> None:
    """All of them in the vhost that it names, with their password shown nowhere."""
    shown = four.out.read_text()
    assert vhost.rpartition("/")[2] in shown and "guest:guest" not in shown + four.log.read_text()


def test_api_gateway_port(beside: ExitStack, variables: dict[str, str], tmp_path: Path) -> None:
    kept = KeptPort()
    beside.callback(kept.close)
    port = kept.number
    gateway = Apart.serve(tmp_path, "gateway", variables | {"API_GATEWAY_PORT": str(port)})
    beside.callback(gateway.close)
    assert gateway.ports["gateway"] == port
    api = Api(port)
    assert api("GET", "/health").json == {"status": "ok"}
    refused(api("GET", f"/api/orders/{MISSING}"), 404)
    assert gateway.stop() == 0


def test_order_queue_inventory_queue_payment_queue(
    beside: ExitStack, variables: dict[str, str], tmp_path: Path
) -> None:
    """A second pair of gateway and service with a queue of its own: nobody else hears what goes over it."""
    own = variables | {"ORDER_QUEUE": fresh("orders")}
    gateway, orders = Apart.serve(tmp_path / "g", "gateway", own), Apart.serve(tmp_path / "o", "orders", own)
    for process in (gateway, orders):
        beside.callback(process.close)
    Api(gateway.ports["gateway"]).made("/api/orders", ORDER)
    served = [name for name in figures(orders.ports["orders"]) if "rpc_server_requests_total" in name]
    assert served == ['tradewind_rpc_server_requests_total{pattern="create_order",outcome="answer"}']
    consumers = f'tradewind_broker_queue_consumers{{queue="{own["ORDER_QUEUE"]}"}}'
    wait(lambda: figures(orders.ports["orders"]).get(consumers) == 1, "its queue has one consumer")
