"""Both published systems of amounts run in one process on SQLite, without a broker: their two servers, their
policies, and no token asked for.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.support.apart import Apart, free, wait
from tests.support.databases import own_database
from tests.support.http import Connection
from tests.support.program import PROGRAM, environment, run_in

FILE = """
[processes.shop]
services = ["orders", "invoices"]
apis = {{ {name} = "http://:{orders}", {name}-invoices = "http://:{invoices}" }}

[policies]
pricing = "client"
payment = "none"
invoice = "created"
invoice-number = "{{number}}"
invoice-reset = "never"
customers = "made-when-named"
products = "any"
access = "{access}"
ids = "v4"
"""
CUSTOMER = "7c69ae16-a49a-4c3b-b507-88e40093a637"


class System(NamedTuple):
    name: str
    orders: int
    invoices: int

    def call(self, method: str, path: str, body: Any = None, **how: Any) -> Any:
        with Connection(self.invoices if path.startswith("/invoices") else self.orders) as connection:
            return connection.call(method, path, body, **how)


@pytest.fixture(scope="module", params=["invoicing", "contracts"])
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    home = tmp_path_factory.mktemp(request.param)
    found = System(request.param, free(), free())
    file = home / "one.toml"
    file.write_text(FILE.format(**found._asdict(), access="open"))
    running = Apart(home, ("up", "--blueprint", str(file), "--data", str(home / "data")), {})
    try:
        running.says(rf"is up at http://127\.0\.0\.1:{found.orders}[\s\S]*Ctrl-C stops it")
        yield found
        assert running.stop() == 0, running.log.read_text()[-2_000:]
    finally:
        running.close()


def test_an_order_is_accepted_without_a_token_and_has_one_invoice(system: System) -> None:
    made = system.call("POST", "/orders", {"customerId": CUSTOMER, "amount": 5000})
    assert made.status == 201
    order_id = made.json["id" if system.name == "invoicing" else "orderId"]
    (invoice,) = wait(lambda: system.call("GET", f"/invoices?orderId={order_id}").json, "an invoice")
    assert (invoice["amount"], invoice["customerId"]) == (5000, CUSTOMER)
    assert isinstance(invoice["number"], int)
    assert system.call("GET", f"/orders/{order_id}").json["customerId"] == CUSTOMER


def test_a_token_changes_nothing(system: System) -> None:
    for token in ("", "false"):
        assert system.call("GET", "/orders", token=token).status == 200


def test_health_pages_and_figures_are_on_the_ports_of_the_servers(system: System) -> None:
    for path in ("/health", "/health/ready", "/metrics", "/docs", "/docs-json"):
        assert system.call("GET", path).status == 200
    says = b'{"status":"ok"}' if system.name == "invoicing" else b"OK"
    for port in (system.orders, system.invoices):
        with Connection(port) as connection:
            assert connection.call("GET", "/health").body == says


@pytest.mark.parametrize("name", ["invoicing", "contracts"])
def test_a_shop_that_asks_for_tokens_cannot_be_served_like_that(tmp_path: Path, name: str) -> None:
    file = tmp_path / "jwt.toml"
    file.write_text(FILE.format(name=name, orders=0, invoices=0, access="jwt"))
    words = [*PROGRAM, "up", "--blueprint", str(file), "--data", str(tmp_path / "data")]
    done = subprocess.run(words, env=environment(), capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and done.stderr.count("\n") == 1, done.stderr
    assert f"policies: access = jwt, and API {name} promises access = open" in done.stderr


APART = """
[processes.orders]
services = ["orders"]
apis = {{ invoicing = "http://127.0.0.1:{orders}" }}

[processes.invoices]
services = ["invoices"]
apis = {{ invoicing-invoices = "http://127.0.0.1:{invoices}" }}

[events]
bus = "rabbitmq"
""" + FILE[FILE.index("\n[policies]") :]


@pytest.mark.postgres
def test_without_its_broker_orders_is_ready_says_that_it_is_late_and_takes_orders(tmp_path: Path) -> None:
    """An order waits in the outbox; invoices, which lives on events of others, is not ready."""
    found = System("invoicing", free(), free())
    file = tmp_path / "apart.toml"
    file.write_text(APART.format(**found._asdict(), access="open"))
    with own_database("late") as url:
        given = {"TRADEWIND_DATABASE_URL": url, "TRADEWIND_BROKER_URL": "amqp://guest:guest@127.0.0.1:9"}
        migrated = run_in(given, "migrate", "run", "--blueprint", str(file))
        assert migrated.returncode == 0, migrated.stderr
        served = [
            Apart(
                tmp_path / name,
                ("serve", name, "--blueprint", str(file), "--data", str(tmp_path / name)),
                given,
            )
            for name in ("orders", "invoices")
        ]
        try:
            late = wait(lambda: ready(found.orders, 200).get("late", []), "ready and late")
            assert "RabbitMQ" in late[0] or "127.0.0.1:9" in late[0]
            made = found.call("POST", "/orders", {"customerId": CUSTOMER, "amount": 5000})
            assert made.status == 201
            lacks = wait(lambda: ready(found.invoices, 503).get("missing", []), "invoices lacks its broker")
            assert "127.0.0.1:9" in str(lacks)
            assert found.call("GET", "/invoices").json == []
            for one in served:
                assert one.stop() == 0, one.log.read_text()[-2_000:]
        finally:
            for one in served:
                one.close()


def ready(port: int, status: int) -> dict[str, Any]:
    """What /health/ready says, once its status is this."""
    try:
        with Connection(port) as connection:
            answer = connection.call("GET", "/health/ready")
    except OSError:
        return {}
    return dict(answer.json) if answer.status == status else {}
