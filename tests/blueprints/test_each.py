"""One environment per process, as containers have it: what `serve NAME` finds under a name of its page is that
process's own, and `up` gives each the right one. Each service has a database, which migrations, the audit and
the operator find too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.rpc.api import ORDER, PAYMENT, Api, product
from tests.support.apart import Apart, free, wait
from tests.support.databases import own_database, rows
from tests.support.http import Connection
from tests.support.program import run_in
from tests.support.queues import broker, fresh
from tests.support.services_apart import clean_up

pytestmark = [pytest.mark.postgres, pytest.mark.rabbitmq]
EACH = str(Path(__file__).with_name("each.toml"))
OWN = ("orders", "inventory", "payments")


@pytest.fixture(scope="module")
def variables() -> Iterator[dict[str, str]]:
    """Of the whole blueprint, as `up` reads them; at the broker it has names of its own."""
    queues = {f"TRADEWIND_{name}_QUEUE": fresh(name) for name in ("ORDER", "INVENTORY", "PAYMENT")}
    exchange = fresh("each")
    ours = {**queues, "TRADEWIND_EVENT_EXCHANGE": exchange, "TRADEWIND_QUEUE_TYPE": "classic"}
    with ExitStack() as stack:
        stack.callback(clean_up, *queues.values(), exchange=exchange)
        found = {"RABBITMQ_URL": broker(), "PORT": "0", "GATEWAY_OPS_PORT": "0", **ours}
        for name in OWN:
            found[f"{name.upper()}_DATABASE_URL"] = stack.enter_context(own_database(f"each_{name}"))
            found[f"{name.upper()}_PORT"] = str(free())
        yield found


@pytest.fixture(scope="module")
def running(variables: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apart]:
    made = Apart.up(tmp_path_factory.mktemp("each"), variables, blueprint=EACH)
    try:
        yield made
        assert made.stop() == 0, made.log.read_text()[-2_000:]
    finally:
        made.close()


@pytest.fixture(scope="module")
def api(running: Apart) -> Api:
    return Api(running.ports["gateway"])


def count(variables: dict[str, str], service: str, table: str) -> int:
    found = rows(variables[f"{service.upper()}_DATABASE_URL"], f"SELECT count(*) FROM {service}.{table}")
    return int(found[0][0])


def command(variables: dict[str, str], *words: str) -> Any:
    """A command of the operator, with the blueprint's environment."""
    done = run_in(variables, *words, "--blueprint", EACH)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if "--json" in words else done.stdout


def test_up_gives_each_process_its_own_port_and_database(
    running: Apart, variables: dict[str, str], api: Api
) -> None:
    for name in OWN:
        assert running.ports[name] == int(variables[f"{name.upper()}_PORT"])
        with Connection(running.ports[name]) as connection:
            assert connection.call("GET", "/health/ready").status == 200
    made = api.made("/api/orders", ORDER)
    api.made("/api/payments", {**PAYMENT, "orderId": made["id"]})
    api.made("/api/products", product(fresh("SKU")))
    for name, table in (("orders", "orders"), ("inventory", "products"), ("payments", "payments")):
        assert count(variables, name, table) == 1
        others = [other for other in OWN if other != name]
        schemas = {
            schema
            for other in others
            for (schema,) in rows(
                variables[f"{other.upper()}_DATABASE_URL"], "SELECT schemaname FROM pg_tables"
            )
        }
        assert name not in schemas


def test_the_operator_finds_every_database(running: Apart, variables: dict[str, str], api: Api) -> None:
    order = api.made("/api/orders", ORDER)["id"]
    # notifications has heard of it, and it lies in another database than orders
    there = {"NOTIFICATIONS_DATABASE_URL": variables["PAYMENTS_DATABASE_URL"]}
    wait(lambda: count(there, "notifications", "inbox"), "notifications has heard of it")
    states = command(variables, "migrate", "status", "--json")
    assert {state["service"] for state in states} == {*OWN, "notifications"}
    assert not any(state["pending"] for state in states)
    assert set(command(variables, "stats", "--json")["services"]) == {*OWN, "notifications"}
    told = command(variables, "timeline", order, "--json")["data"]
    assert [entry["name"] for entry in told] == ["order.created"]
    assert command(variables, "dead-letters", "list", "--json") == []
    report = command(variables, "audit", "--json", "--data", str(running.out.parent / "data"))
    assert report["ok"] and report["orders"] >= 1


def test_serve_takes_the_names_of_the_page_for_its_own(variables: dict[str, str], tmp_path: Path) -> None:
    """Of all processes together nothing is known here: no port but PORT, no database but DB_URL."""
    port = free()
    with own_database("each_alone") as url:
        ours = {name: text for name, text in variables.items() if name.startswith("TRADEWIND_")}
        alone = {**ours, "RABBITMQ_URL": broker(), "PORT": str(port), "DB_URL": url}
        words = ("migrate", "run", "--service", "orders", "--blueprint", EACH)
        done = run_in({"ORDERS_DATABASE_URL": url}, *words)
        assert "orders 0001_first" in done.stdout, done.stderr
        served = Apart.serve(tmp_path, "orders", alone, blueprint=EACH)
        try:
            assert served.ports["orders"] == port
            with Connection(port) as connection:
                assert connection.call("GET", "/health/ready").status == 200
            assert served.stop() == 0
        finally:
            served.close()
        refused = run_in({"DB_URL": "oracle://h/d"}, "serve", "orders", "--blueprint", EACH)
        assert refused.returncode == 1
        assert refused.stderr.startswith("tradewind: each.toml: stores.orders: is not a URL like postgresql")
